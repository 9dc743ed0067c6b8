import { createHash } from 'node:crypto'
import type { Instant } from '../../schemas/calendar.ts'
import type { PersonId } from '../../schemas/person.ts'
import type { Grant, KeptLine } from '../../schemas/request.ts'
import { atomsOf } from './atoms.ts'
import { contractKey } from './contract.ts'
import { grantTimes, type PersonRecord, type RecordSettings, standingAt } from './standing.ts'

/** What is the same for all lines of a form about one person. */
export interface Granting {
  readonly personId: PersonId
  readonly unit: string
  readonly request: string
  readonly recordedAt: Instant
  readonly origin?: Grant['origin']
}

/** The grants that are not over: live, held or yet to begin. */
export const standingGrants = (record: PersonRecord, settings: RecordSettings, asOf: Instant): Grant[] =>
  grantTimes(record, settings)
    .filter(times => standingAt(times, settings, asOf).status !== 'ended')
    .map(times => times.grant)

/**
 * What an accepted line grants, atom by atom, beside the grants that stand. A grant's id follows from its line, so that a
 * repeat writes the same one. A renewal grants what it renews and nothing beside it.
 */
export function grantsOf(
  line: KeptLine & { kind: 'activation' },
  { personId, unit, request, recordedAt, origin = 'form' }: Granting,
  standing: readonly Grant[],
): Grant[] {
  const { filed, from } = line
  const contract = contractKey(filed.contract)
  const held = new Set(
    standing.filter(grant => grant.unit === unit && grant.contract === contract).map(grant => grant.atom),
  )
  const { renews } = line
  const atoms =
    renews === undefined
      ? atomsOf(filed.access, held)
      : atomsOf(filed.access, new Set()).filter(({ atom }) => renews.some(one => one.atom === atom))
  return atoms.map(({ atom, access }) => ({
    version: 1,
    id: grantId(request, line.line, atom),
    personId,
    unit,
    contract,
    declared: filed.contract,
    atom,
    access,
    from,
    until: filed.until,
    request,
    line: line.line,
    recordedAt,
    origin,
    ended: null,
  }))
}

/** A grant's id follows from its line. */
export const grantId = (request: string, line: string, atom: string): string => {
  const hex = createHash('sha256').update(`${request}/${line}/${atom}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
