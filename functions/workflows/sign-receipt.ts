import type { BadgeView, SentReceipt } from '../../schemas/api-badges.ts'
import type { HandedCard } from '../../schemas/badges.ts'
import { isCard, mostFailures, receiptTextOf, standingDoors } from '../domain/badge.ts'
import type { Caller } from '../domain/entitlement.ts'
import { type Refusal, refuse, refuseWith } from '../domain/refusal.ts'
import type { PersonAggregate } from '../stores/people.ts'
import { type BadgeRegisters, badgeEntry, ringDoors } from './find-bearer.ts'
import { viewBadge } from './read-badge.ts'
import { nowOf, tries } from './registers.ts'

/**
 * The person signs for their card (R11, R15): it is in their hands, for they read its number off it, and they accept what goes
 * with it. From then on it opens: the doors' table has it in the same transaction, and the doors are rung for. Signing again
 * changes nothing.
 */
export async function signReceipt(
  registers: BadgeRegisters,
  caller: Caller,
  { card: read }: SentReceipt,
): Promise<BadgeView | Refusal> {
  const { settings, badges } = registers
  for (let attempt = 1; attempt <= tries; attempt++) {
    const person = await registers.people.load(caller.personId)
    const card = person?.badge?.card
    if (person === null || card == null) return refuseWith('conflict', 'badge.no-card')
    const bearer = { person, as: 'self' as const }
    const { at } = nowOf(registers)
    if (card.receipt === null && card.failures >= mostFailures)
      return refuseWith('conflict', 'badge.too-many-tries')
    if (!isCard(card, read)) {
      if (card.receipt === null && !(await countFailure(registers, person, card, at))) continue
      return refuse('invalid', [{ pointer: '/card', code: 'badge.other-card' }])
    }
    if (card.receipt !== null) return viewBadge(registers, bearer)
    const account = person.targets.get('data-centre')
    if (account === undefined || standingDoors(person, settings, at).length === 0)
      return refuseWith('conflict', 'badge.no-access')
    const text = receiptTextOf(settings.locale)
    const entry = badgeEntry(bearer, caller, {
      act: 'card-acknowledged',
      at,
      card: card.id,
      after: { text },
    })
    const next = await badges.change(person, {
      next: { card: { ...card, receipt: { at, text } }, pin: account.name },
      entry,
      said: { at, cause: entry.cause },
      doors: [{ pin: account.name, card: card.number }],
      wakes: account,
    })
    if (next === null) continue
    registers.log('card-acknowledged', { personId: caller.personId, card: card.id })
    await ringDoors(registers, person)
    return viewBadge(registers, { ...bearer, person: { ...person, badge: next } })
  }
  return refuse('busy')
}

/** False: something changed since the person was read. */
async function countFailure(
  { badges }: BadgeRegisters,
  person: PersonAggregate,
  card: HandedCard,
  at: string,
): Promise<boolean> {
  const counted = await badges.change(person, {
    next: { card: { ...card, failures: card.failures + 1 } },
    entry: null,
    said: { at, cause: { kind: 'badge', ref: card.id } },
  })
  return counted !== null
}
