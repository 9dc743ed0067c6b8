import { getSecret } from '@aws-lambda-powertools/parameters/secrets'
import type { ServedTarget, TargetId } from '../../schemas/settings.ts'
import type { Connector } from '../connectors/contract.ts'
import { createManualConnector } from '../connectors/manual/index.ts'
import { settings } from './compose-base.ts'

/** A changed secret reaches a warm function after at most this many seconds. */
const secretMaxAge = 300

/** Makes a connector. Each one knows its own kind of settings and secret; none of this file's business. */
type Make<Kind extends ServedTarget['kind']> = (
  settings: Extract<ServedTarget, { kind: Kind }>,
  secret: never,
) => Connector

/** Who makes the connector of each kind that a target can be of. Of them only the body's own is in its bundle (`infra/bundle.ts`). */
type Makers<Id extends TargetId> = {
  readonly [Kind in Extract<ServedTarget, { id: Id }>['kind']]: Make<Kind>
}

/**
 * Gives the connector of one target, of the kind that the settings say, made from settings and secret at the first use and
 * again when the secret changed. The secret never leaves this file but into the connector.
 *
 * The function returned takes a mark: with another one than last time the secret is read anew, however warm the function
 * is. The instant of the last change of mode is one: an operator who moved the target changed the secret meanwhile (R19).
 */
export function connectorOf<Id extends TargetId>(
  target: Id,
  makers: Makers<Id>,
): (mark: string | null) => Promise<Connector> {
  const own = settings.targets.find(candidate => candidate.id === target)
  if (own === undefined || own.kind === 'security-push') throw new Error(`nobody enters ${target}`)
  if (own.kind === 'manual') {
    const byHand = createManualConnector(own)
    return async () => byHand
  }
  const create = new Map<string, unknown>(Object.entries(makers)).get(own.kind) as (
    settings: ServedTarget,
    secret: unknown,
  ) => Connector
  let current: { text: string; connector: Connector } | undefined
  let readAt: string | null | undefined
  return async mark => {
    const forceFetch = readAt !== undefined && readAt !== mark
    const text = await getSecret(own.secret, { maxAge: secretMaxAge, forceFetch })
    readAt = mark
    if (typeof text !== 'string') throw new Error('the secret is empty')
    if (current?.text !== text) {
      await current?.connector.close()
      current = { text, connector: create(own, JSON.parse(text)) }
    }
    return current.connector
  }
}
