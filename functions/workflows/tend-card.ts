import type { BadgeRow } from '../../schemas/badges.ts'
import { cardTask, isToSign, standingDoors } from '../domain/badge.ts'
import type { AtTheDoors, BadgeStore } from '../stores/badges.ts'
import type { Run } from './convergence-run.ts'
import { type Engine, instantOf } from './engine.ts'
import { receiptNotice } from './hand-over-card.ts'

type Needed = Pick<Engine, 'settings' | 'people' | 'clock' | 'log'> & { readonly badges: BadgeStore }

const tries = 4

/**
 * What else follows from what somebody should have at the doors, whatever these answer (R15): a task for IT to hand over a
 * card, or to take one back; whoever has one and does not sign for it is reminded (R11); and where the person got another
 * number at the doors, their card goes with them. Doing it twice does nothing.
 */
export async function tendCard(
  needed: Needed,
  { person: read, desired, asOf }: Pick<Run, 'person' | 'desired' | 'asOf'>,
): Promise<void> {
  let person: typeof read | null = read
  for (let attempt = 1; attempt <= tries && person !== null; attempt++) {
    const { badge } = person
    const pin = person.targets.get('data-centre')?.name
    const wanted = cardTask({
      out: badge?.card != null,
      enabled: desired.enabled,
      standing: standingDoors(person, needed.settings, asOf).length > 0,
      open: badge?.task?.kind ?? null,
    })
    const asked = wanted !== (badge?.task?.kind ?? null)
    const doors = badge === null || pin === undefined ? [] : movedTo(badge, pin)
    const at = instantOf(needed.clock())
    const unsigned = desired.enabled && badge?.card != null && isToSign(badge.card, at) ? badge.card : null
    if (!asked && doors.length === 0 && unsigned === null) return
    const done = await needed.badges.change(person, {
      next: {
        ...(doors.length > 0 && pin !== undefined && { pin }),
        ...(unsigned !== null && { card: { ...unsigned, remindedAt: at } }),
      },
      entry: null,
      said: { at, cause: { kind: 'badge', ref: badge?.card?.id ?? asOf } },
      doors,
      told: unsigned === null ? [] : [receiptNotice(person.row.personId, `${unsigned.id} ${at}`)],
      ...(asked && {
        task: { closing: { outcome: 'withdrawn', by: null, evidence: null }, opens: wanted },
      }),
    })
    if (done !== null) {
      if (asked) needed.log('card-task', { personId: person.row.personId, task: done.task?.id ?? null })
      return
    }
    person = await needed.people.load(person.row.personId)
  }
}

/** The number under which a card lies at the doors is no longer the person's. */
const movedTo = (badge: BadgeRow, pin: string): AtTheDoors[] =>
  badge.pin === null || badge.pin === pin
    ? []
    : [
        { pin: badge.pin, card: null },
        { pin, card: badge.card?.receipt == null ? null : badge.card.number },
      ]
