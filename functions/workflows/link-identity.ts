import type { IdentityLinks } from '../../schemas/api-units.ts'
import { type Caller, holdsAny } from '../domain/entitlement.ts'
import { parseNationalId } from '../domain/national-id.ts'
import { type CodedFault, type Refusal, refuse } from '../domain/refusal.ts'
import { nowOf, type Registers, tries } from './registers.ts'

type Needed = Pick<Registers, 'identities' | 'people' | 'settings' | 'clock'>
type Link = { readonly personId: string; readonly issuer: string; readonly subject: string }

/**
 * Links tokens' holders to people, each link with its own ledger entry. Every fault is looked for before the first link is
 * written; a token that is somebody else's is never moved. Repeating is harmless. `linked` counts what stands now.
 */
export async function linkIdentities(
  registers: Needed,
  caller: Caller,
  { identities }: IdentityLinks,
): Promise<{ linked: number } | Refusal> {
  const checked = await checkLinks(registers, identities)
  if ('faults' in checked) return refuse('invalid', checked.faults)
  const standing = await Promise.all(
    checked.links.map(({ issuer, subject }) => registers.identities.personOf(issuer, subject)),
  )
  const taken = checked.links.flatMap((link, index): CodedFault[] =>
    [null, link.personId].includes(standing[index] ?? null)
      ? []
      : [{ pointer: `/identities/${index}/subject`, code: 'identity.taken' }],
  )
  if (taken.length > 0) return refuse('conflict', taken)
  for (const [index, link] of checked.links.entries()) {
    const outcome = await linkOne(registers, caller, link)
    if (outcome === 'taken')
      return refuse('conflict', [{ pointer: `/identities/${index}/subject`, code: 'identity.taken' }])
    if (outcome === 'busy') return refuse('busy')
  }
  return { linked: checked.links.length }
}

async function checkLinks(
  { people, settings }: Needed,
  identities: IdentityLinks['identities'],
): Promise<{ links: Link[] } | { faults: CodedFault[] }> {
  const faults: CodedFault[] = []
  const parsed = identities.map(({ nationalId }) => parseNationalId(settings.nationalId, nationalId))
  const ids = await people.idsOf(parsed.flatMap(one => (one.ok ? [one.value] : [])))
  const seen = new Map<string, string>()
  const links = identities.flatMap(({ issuer, subject }, index) => {
    const one = parsed[index]
    const pointer = `/identities/${index}/nationalId`
    const personId = one?.ok ? ids.get(one.value) : undefined
    if (one?.ok === false) faults.push({ pointer, code: one.code })
    else if (personId === undefined) faults.push({ pointer, code: 'person.unknown' })
    if (personId === undefined) return []
    const token = JSON.stringify([issuer, subject])
    if ((seen.get(token) ?? personId) !== personId)
      faults.push({ pointer: `/identities/${index}/subject`, code: 'identity.taken' })
    seen.set(token, personId)
    return [{ personId, issuer, subject }]
  })
  return faults.length > 0 ? { faults } : { links }
}

async function linkOne(
  registers: Needed,
  caller: Caller,
  { personId, issuer, subject }: Link,
): Promise<'linked' | 'already' | 'taken' | 'busy'> {
  const { at } = nowOf(registers)
  for (let attempt = 1; attempt <= tries; attempt++) {
    const row = (await registers.people.rowsOf([personId])).get(personId)
    if (row === undefined) return 'busy'
    const outcome = await registers.identities.link(
      row,
      { issuer, subject },
      {
        at,
        asOf: at,
        act: 'identity-linked',
        phase: 'recorded',
        subject: personId,
        actor: {
          personId: caller.personId,
          role: holdsAny(caller, ['security']) ? 'security' : 'hr',
          onBehalfOf: null,
        },
        system: 'llavero',
        request: null,
        cause: { kind: 'register', ref: personId },
      },
    )
    if (outcome !== 'stale') return outcome
  }
  return 'busy'
}
