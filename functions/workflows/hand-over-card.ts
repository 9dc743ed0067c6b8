import { randomUUID } from 'node:crypto'
import type { BadgeView, SentCard } from '../../schemas/api-badges.ts'
import type { BadgeRow, FormerCard, HandedCard } from '../../schemas/badges.ts'
import { standingDoors } from '../domain/badge.ts'
import type { Caller } from '../domain/entitlement.ts'
import { isRefusal, type Refusal, refuse, refuseWith } from '../domain/refusal.ts'
import type { NoticeDraft } from '../stores/notices.ts'
import { type BadgeRegisters, type Bearer, badgeEntry, findBearer } from './find-bearer.ts'
import { viewBadge } from './read-badge.ts'
import { nowOf, tries } from './registers.ts'

/**
 * IT hands a card over (R15), to somebody else who may pass a door. It opens nothing until they have signed for it. The same
 * card for the same person again only allows new tries to sign; another one is a correction as long as nobody has signed.
 */
export async function handOverCard(
  registers: BadgeRegisters,
  caller: Caller,
  writtenId: string,
  { card: number }: SentCard,
): Promise<BadgeView | Refusal> {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const bearer = await findBearer(registers, caller, writtenId, ['it'])
    if (isRefusal(bearer)) return bearer
    const badge = registers.badges.of(bearer.person)
    if (bearer.as === 'self') return refuseWith('forbidden', 'badge.oneself')
    if (badge.card?.number === number) {
      const again = await allowAnew(registers, bearer, badge.card)
      if (again === null) continue
      return viewBadge(registers, again)
    }
    const refusal = await obstacle(registers, bearer, badge, number)
    if (refusal !== null) return refusal
    const next = await keep(registers, caller, bearer, badge, number)
    if (next === null) continue
    registers.log('card-handed-over', { personId: badge.personId, card: next.card?.id ?? null })
    return viewBadge(registers, { ...bearer, person: { ...bearer.person, badge: next } })
  }
  return refuse('busy')
}

/** The same card again, by IT's word: whoever has read it wrong too often may sign for it. Null: something changed. */
async function allowAnew(
  { badges, clock, settings }: BadgeRegisters,
  bearer: Bearer,
  card: HandedCard,
): Promise<Bearer | null> {
  if (card.failures === 0) return bearer
  const { at } = nowOf({ clock, settings })
  const badge = await badges.change(bearer.person, {
    next: { card: { ...card, failures: 0 } },
    entry: null,
    said: { at, cause: { kind: 'badge', ref: card.id } },
  })
  return badge === null ? null : { ...bearer, person: { ...bearer.person, badge } }
}

async function obstacle(
  { badges, settings, clock }: BadgeRegisters,
  { person }: Bearer,
  { card }: BadgeRow,
  number: string,
): Promise<Refusal | null> {
  const conflict = (code: Parameters<typeof refuseWith>[1]) => refuseWith('conflict', code)
  if (!person.targets.has('data-centre')) return conflict('badge.no-account')
  const { at } = nowOf({ settings, clock })
  if (standingDoors(person, settings, at).length === 0) return conflict('badge.no-access')
  if (card !== null && card.receipt !== null) return conflict('badge.has-card')
  const place = await badges.placeOf(number)
  if (place?.state === 'held') return conflict('badge.card-taken')
  return place === null || place.state === 'free' ? null : conflict('badge.card-gone')
}

function keep(
  registers: BadgeRegisters,
  caller: Caller,
  bearer: Bearer,
  badge: BadgeRow,
  number: string,
): Promise<BadgeRow | null> {
  const { at } = nowOf(registers)
  const { personId } = badge
  const { card: before } = badge
  const card: HandedCard = {
    id: randomUUID(),
    number,
    handedAt: at,
    handedBy: caller.personId,
    receipt: null,
    failures: 0,
    remindedAt: null,
  }
  const corrected: FormerCard[] =
    before === null ? [] : [{ ...before, gone: { how: 'corrected', at, by: caller.personId, comment: null } }]
  const entry = badgeEntry(bearer, caller, {
    act: 'card-handed-over',
    at,
    card: card.id,
    after: before === null ? {} : { corrects: before.id },
  })
  const by = entry.actor
  return registers.badges.change(bearer.person, {
    next: { card, former: [...corrected, ...badge.former] },
    entry,
    said: { at, cause: entry.cause },
    places: [
      { number, state: 'held' },
      ...(before === null ? [] : [{ number: before.number, state: 'free' as const }]),
    ],
    ...(badge.task !== null && {
      task: { closing: { outcome: 'done', by, evidence: null }, opens: null },
    }),
    told: [receiptNotice(personId, card.id)],
  })
}

/** Asks the person to sign for their card. */
export const receiptNotice = (personId: string, fact: string): NoticeDraft => ({
  template: 'card-receipt',
  to: { kind: 'person', personId },
  about: { personId, task: null, target: 'data-centre', request: null },
  fact,
})
