import * as z from 'zod'
import { Instant } from './calendar.ts'
import { CardNumber, Pin } from './doors.ts'
import { PersonId } from './person.ts'
import { LineId, RequestNumber } from './request.ts'
import { ChainHead } from './target.ts'

/** What a person has accepted with their card: the version of the words, and the SHA-256 of them as they were shown. */
export const ReceiptText = z.strictObject({ version: z.int().positive(), hash: z.string() })
export type ReceiptText = z.infer<typeof ReceiptText>

/** R11, R15: the person's own word that the card is in their hands. */
const Receipt = z.strictObject({ at: Instant, text: ReceiptText })

/** A card in somebody's hands. `id` stands for it in the ledger, where no card's number is. */
export const HandedCard = z.strictObject({
  id: z.uuid(),
  number: CardNumber,
  handedAt: Instant,
  handedBy: PersonId,
  /** Null: not signed yet, and as long the card opens nothing. */
  receipt: Receipt.nullable(),
  /** How often somebody tried to sign for it with other digits. */
  failures: z.int().nonnegative().default(0),
  /** When the person was last reminded to sign; null: never. */
  remindedAt: Instant.nullable().default(null),
})
export type HandedCard = z.infer<typeof HandedCard>

/** What became of a card. `corrected`: another number was written down before anybody had signed. */
export const CardEnd = z.enum(['returned', 'destroyed', 'not-returned', 'lost', 'copied', 'corrected'])
export type CardEnd = z.infer<typeof CardEnd>

export const FormerCard = HandedCard.extend({
  gone: z.strictObject({
    how: CardEnd,
    at: Instant,
    by: PersonId,
    /** In the words of whoever said so. Stays here; the ledger holds its hash. */
    comment: z.string().nullable(),
  }),
})
export type FormerCard = z.infer<typeof FormerCard>

/** What people are to do about a card. At most one is open for a person. */
export const CardTaskKind = z.enum(['card-handover', 'card-return'])
export type CardTaskKind = z.infer<typeof CardTaskKind>

/** A person's badge: the card they have, those they had, and the head of its chain. It lies among the person's rows. */
export const BadgeRow = z.strictObject({
  version: z.literal(1),
  personId: PersonId,
  /** Counts the writes; each insists on the one that was read. */
  revision: z.int().nonnegative(),
  head: ChainHead,
  card: HandedCard.nullable(),
  /** The last one first; the newest forty. */
  former: z.array(FormerCard),
  /** The number under which the doors' table has the card; null: it has none. */
  pin: Pin.nullable(),
  task: z.strictObject({ id: z.uuid(), kind: CardTaskKind }).nullable(),
})
export type BadgeRow = z.infer<typeof BadgeRow>

/** Where a card is, by its number: nobody gets one that somebody has, that is lost or that was destroyed. */
export const CardPlaceRow = z.strictObject({
  version: z.literal(1),
  state: z.enum(['held', 'free', 'lost', 'destroyed']),
  /** Who has it, or had it last. */
  personId: PersonId,
  since: Instant,
})
export type CardPlaceRow = z.infer<typeof CardPlaceRow>

/**
 * R18: who holds standing access, by name. Written with every approval of a door, so that of two that come at once for the
 * last place one passes. `approved`: lines that are not applied yet, and give nothing that could be counted.
 */
export const KeyHoldersRow = z.strictObject({
  version: z.literal(1),
  revision: z.int().nonnegative(),
  holders: z.array(
    z.strictObject({
      personId: PersonId,
      approved: z.array(z.strictObject({ request: RequestNumber, line: LineId })),
    }),
  ),
})
export type KeyHoldersRow = z.infer<typeof KeyHoldersRow>
