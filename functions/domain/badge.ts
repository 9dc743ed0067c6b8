import { createHash } from 'node:crypto'
import type { CardTaskKind, HandedCard, ReceiptText } from '../../schemas/badges.ts'
import type { Instant } from '../../schemas/calendar.ts'
import type { LedgerEntry } from '../../schemas/ledger.ts'
import type { Grant } from '../../schemas/request.ts'
import type { Observation } from '../../schemas/target.ts'
import { targetOf } from './atoms.ts'
import { grantTimes, type PersonRecord, type RecordSettings, type Standing, standingAt } from './standing.ts'
import { type Locale, say } from './texts/index.ts'

/** A grant of a door that is not over: live, held back, or yet to begin. */
export interface StandingDoor {
  readonly grant: Grant
  readonly standing: Standing
}

/** R18: whoever has one of these is a key-holder. A suspension or a leave takes nobody's place. */
export const standingDoors = (
  record: PersonRecord,
  settings: RecordSettings,
  asOf: Instant,
): StandingDoor[] =>
  grantTimes(record, settings)
    .filter(({ grant }) => targetOf(grant.atom) === 'data-centre')
    .map(times => ({ grant: times.grant, standing: standingAt(times, settings, asOf) }))
    .filter(({ standing }) => standing.status !== 'ended')

/** Rises with every change of the words: what somebody has signed is told by it, and by their hash. */
const receiptVersion = 1

/** What a person accepts with their card, in the body's language. */
export const receiptWords = (locale: Locale): { readonly version: number; readonly text: string } => ({
  version: receiptVersion,
  text: say(locale, 'badge.receipt-text'),
})

/** The same as it is kept with the receipt. */
export const receiptTextOf = (locale: Locale): ReceiptText => {
  const { version, text } = receiptWords(locale)
  return { version, hash: createHash('sha256').update(text).digest('hex') }
}

const fewestDigits = 4

/** Wrong digits after which IT has to look who has the card: four of them are soon guessed. */
export const mostFailures = 5

/** Whether what somebody reads off a card is this one: its whole number, or four of its last digits or more. */
export const isCard = ({ number }: Pick<HandedCard, 'number'>, read: string): boolean =>
  read === number || (read.length >= fewestDigits && number.endsWith(read))

/** Days after which somebody who has a card and has not signed for it is reminded, again and again (R11). */
const reminderDays = 3

/** Whether somebody is to be reminded now that their card opens nothing until they sign. */
export const isToSign = (card: HandedCard, now: Instant): boolean =>
  card.receipt === null &&
  Date.parse(now) - Date.parse(card.remindedAt ?? card.handedAt) >= reminderDays * 86_400_000

export interface CardState {
  /** Whether the person has a card. */
  readonly out: boolean
  /** Whether a door should open for them now. */
  readonly enabled: boolean
  /** Whether any grant of a door is not over. */
  readonly standing: boolean
  /** The task that is open. */
  readonly open: CardTaskKind | null
}

/**
 * Which task should be open about a card (R15): to hand one over to whoever may pass a door and has none, to take it back
 * from whoever will pass none again. A suspension and a leave ask for neither.
 */
export const cardTask = ({ out, enabled, standing, open }: CardState): CardTaskKind | null => {
  if (out) return standing ? null : 'card-return'
  if (enabled) return 'card-handover'
  return standing && open === 'card-handover' ? open : null
}

/**
 * When a badge was last read back as gone from the devices, out of the chain of its account, oldest entry first. Null: it is
 * on them, or never was.
 */
export const withdrawalOf = (entries: readonly LedgerEntry[]): { at: Instant; entry: string } | null => {
  const last = entries.findLast(({ act, phase }) => act === 'account-converged' && phase === 'succeeded')
  const state = (last?.after as Partial<Observation> | null | undefined)?.state
  return last === undefined || state === undefined || state === 'enabled'
    ? null
    : { at: last.at, entry: last.id }
}
