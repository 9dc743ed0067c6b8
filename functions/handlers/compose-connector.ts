import { getSecret } from '@aws-lambda-powertools/parameters/secrets'
import type { ServedTarget, TargetId } from '../../schemas/settings.ts'
import type { Connector } from '../connectors/contract.ts'
import { settings } from './compose.ts'

/** A changed secret reaches a warm function after at most this many seconds. */
const secretMaxAge = 300

/**
 * Gives the connector of one target, made from its settings and its secret at the first use and again when the secret
 * changed. The secret never leaves this file but into the connector.
 */
export function connectorOf<Kind extends ServedTarget['kind'], Secret>(
  target: TargetId,
  kind: Kind,
  create: (settings: Extract<ServedTarget, { kind: Kind }>, secret: Secret) => Connector,
): () => Promise<Connector> {
  const own = settings.targets.find(
    (candidate): candidate is Extract<ServedTarget, { kind: Kind }> =>
      candidate.kind === kind && candidate.id === target,
  )
  if (own === undefined) throw new Error(`the settings have no ${kind} target`)
  let current: { text: string; connector: Connector } | undefined
  return async () => {
    const text = await getSecret(own.secret, { maxAge: secretMaxAge })
    if (typeof text !== 'string') throw new Error('the secret is empty')
    if (current?.text !== text) {
      await current?.connector.close()
      current = { text, connector: create(own, JSON.parse(text) as Secret) }
    }
    return current.connector
  }
}
