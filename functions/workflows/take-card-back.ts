import { randomUUID } from 'node:crypto'
import type { BadgeView, SentCardLoss, SentCardReturn } from '../../schemas/api-badges.ts'
import type { BadgeRow, CardEnd, CardPlaceRow } from '../../schemas/badges.ts'
import type { Caller } from '../domain/entitlement.ts'
import { isRefusal, type Refusal, refuse, refuseWith } from '../domain/refusal.ts'
import type { AtTheDoors } from '../stores/badges.ts'
import type { NoticeDraft } from '../stores/notices.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { Closing } from '../stores/tasks.ts'
import { type BadgeRegisters, type Bearer, badgeEntry, findBearer, ringDoors } from './find-bearer.ts'
import { viewBadge } from './read-badge.ts'
import { nowOf, tries } from './registers.ts'

/** How a card goes, and in whose words. */
interface Going {
  readonly how: Exclude<CardEnd, 'corrected'>
  readonly comment: string | null
  /** Whether security is told (R18): of every card that may be in wrong hands. */
  readonly tells: boolean
}

/** Where a card is afterwards. What is neither back nor destroyed opens never again, and nobody is given it. */
const placeAfter: Record<Going['how'], CardPlaceRow['state']> = {
  returned: 'free',
  destroyed: 'destroyed',
  'not-returned': 'lost',
  lost: 'lost',
  copied: 'lost',
}

/**
 * A card is lost, or somebody has made a copy of it (R18), as the person, IT or security say. It is on the blacklist and
 * opens nothing from the same transaction on, and the doors are rung for. A copy is also reported where the person has no card
 * any more.
 */
export async function reportCard(
  registers: BadgeRegisters,
  caller: Caller,
  writtenId: string,
  { kind = 'lost', comment }: SentCardLoss,
): Promise<BadgeView | Refusal> {
  let alarmed = false
  for (let attempt = 1; attempt <= tries; attempt++) {
    const bearer = await findBearer(registers, caller, writtenId, ['security', 'it'])
    if (isRefusal(bearer)) return bearer
    const badge = registers.badges.of(bearer.person)
    if (badge.card === null && kind === 'lost') return refuseWith('conflict', 'badge.no-card')
    // Before the act: whoever dies between the two has alarmed somebody.
    if (kind === 'copied') alarmed = (await alarm(registers, bearer.person)) || alarmed
    // Of a copy that stands reported already nobody is told again.
    const tells = badge.card !== null || alarmed
    const gone = await takeAway(registers, caller, bearer, { how: kind, comment, tells })
    if (gone !== null) return gone
  }
  return refuse('busy')
}

/** IT has the card back, or says that it is destroyed, or that it was not brought back: then it is as lost. */
export async function returnCard(
  registers: BadgeRegisters,
  caller: Caller,
  writtenId: string,
  { condition, comment }: SentCardReturn,
): Promise<BadgeView | Refusal> {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const bearer = await findBearer(registers, caller, writtenId, ['it'])
    if (isRefusal(bearer)) return bearer
    if (bearer.as === 'self') return refuseWith('forbidden', 'badge.oneself')
    if (registers.badges.of(bearer.person).card === null) return refuseWith('conflict', 'badge.no-card')
    const gone = await takeAway(registers, caller, bearer, {
      how: condition,
      comment: comment ?? null,
      tells: condition === 'not-returned',
    })
    if (gone !== null) return gone
  }
  return refuse('busy')
}

/** Null: something changed since the person was read. */
async function takeAway(
  registers: BadgeRegisters,
  caller: Caller,
  bearer: Bearer,
  { how, comment, tells }: Going,
): Promise<BadgeView | null> {
  const { person } = bearer
  const badge = registers.badges.of(person)
  const { card } = badge
  const { at } = nowOf(registers)
  const returned = how === 'returned' || how === 'destroyed' || how === 'not-returned'
  const entry = badgeEntry(bearer, caller, {
    act: returned ? 'card-returned' : 'card-reported',
    at,
    // A copy of a card that is gone already is a report of its own.
    card: card?.id ?? badge.former[0]?.id ?? randomUUID(),
    after: { how },
    comment,
  })
  const { cause } = entry
  const next = await registers.badges.change(person, {
    entry,
    said: { at, cause },
    next:
      card === null
        ? {}
        : {
            card: null,
            former: [{ ...card, gone: { how, at, by: caller.personId, comment } }, ...badge.former],
          },
    places: card === null ? [] : [{ number: card.number, state: placeAfter[how] }],
    doors: card === null ? [] : doorsAfter(person, badge, card.number, how),
    wakes: card === null ? undefined : person.targets.get('data-centre'),
    ...(card !== null &&
      badge.task !== null && { task: { closing: closing(how, comment, entry.actor), opens: null } }),
    told: tells ? [report(badge, how)] : [],
  })
  if (next === null) return null
  registers.log(returned ? 'card-returned' : 'card-reported', { personId: badge.personId, card: cause.ref })
  if (card !== null) await ringDoors(registers, person)
  return viewBadge(registers, { ...bearer, person: { ...person, badge: next } })
}

/** Nothing opens under the number at the doors; what may be in wrong hands is on the blacklist, signed for or not. */
function doorsAfter(
  { targets }: PersonAggregate,
  badge: BadgeRow,
  number: string,
  how: Going['how'],
): AtTheDoors[] {
  const pin = badge.pin ?? targets.get('data-centre')?.name
  if (pin === undefined) return []
  return [{ pin, card: null, ...(placeAfter[how] === 'lost' && { lost: number }) }]
}

/** A report ends what was asked of IT by itself; what IT says of a card answers it. */
function closing(how: Going['how'], comment: string | null, by: Closing['by']): Closing {
  if (how === 'lost' || how === 'copied') return { outcome: 'withdrawn', by: null, evidence: null }
  return { outcome: how === 'not-returned' ? 'not-done' : 'done', by, evidence: comment }
}

const report = ({ personId, revision }: BadgeRow, how: Going['how']): NoticeDraft => ({
  template: how === 'copied' ? 'card-copied' : 'card-lost',
  to: { kind: 'security' },
  about: { personId, task: null, target: 'data-centre', request: null },
  fact: `badge ${personId} ${revision}`,
})

/** Whether it is a new one. */
function alarm({ alarms, clock }: BadgeRegisters, { row, targets }: PersonAggregate): Promise<boolean> {
  return alarms.raise({
    kind: 'unauthorised-copy',
    serial: null,
    pin: targets.get('data-centre')?.name ?? null,
    personId: row.personId,
    visit: null,
    at: new Date(clock()).toISOString(),
  })
}
