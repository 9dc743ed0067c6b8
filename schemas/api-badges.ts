import * as z from 'zod'
import { DoorId } from './access.ts'
import { PersonRef } from './api.ts'
import { CardEnd, ReceiptText } from './badges.ts'
import { Instant } from './calendar.ts'
import { CardNumber, Pin } from './doors.ts'

/** What somebody wrote down in a line or several. */
const Comment = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .regex(/^[^\p{Cc}\u2028\u2029]*(?:[\r\n\t][^\p{Cc}\u2028\u2029]*)*$/u, { error: 'text.unprintable' })

export const SentCard = z.strictObject({ card: CardNumber }).meta({ id: 'SentCard' })
export type SentCard = z.infer<typeof SentCard>

export const SentReceipt = z
  .strictObject({
    card: z
      .string()
      .regex(/^\d{3,19}$/, { error: 'badge.card-shape' })
      .meta({ description: 'The number printed on the card, or its last four digits or more.' }),
    accepted: z.literal(true, { error: 'badge.not-accepted' }).meta({
      description: 'What `toAccept` of the badge says is accepted.',
    }),
  })
  .meta({ id: 'SentReceipt' })
export type SentReceipt = z.infer<typeof SentReceipt>

export const SentCardLoss = z
  .strictObject({
    kind: z.enum(['lost', 'copied']).optional().meta({
      description: 'Default: `lost`. `copied`: somebody has made a copy, and the card is as lost.',
    }),
    comment: Comment,
  })
  .meta({ id: 'SentCardLoss' })
export type SentCardLoss = z.infer<typeof SentCardLoss>

export const SentCardReturn = z
  .strictObject({
    condition: z.enum(['returned', 'destroyed', 'not-returned']).meta({
      description: '`not-returned`: it is treated as a lost one.',
    }),
    comment: Comment.optional(),
  })
  .superRefine(({ condition, comment }, issues) => {
    if (condition === 'not-returned' && comment === undefined)
      issues.addIssue({ code: 'custom', path: ['comment'], message: 'badge.comment-missing' })
  })
  .meta({ id: 'SentCardReturn' })
export type SentCardReturn = z.infer<typeof SentCardReturn>

const CardView = z.strictObject({
  number: CardNumber.nullable().meta({
    description: 'Null to the person as long as they have not signed: they read it off the card.',
  }),
  handedAt: Instant,
  handedBy: PersonRef,
  receipt: z
    .strictObject({ at: Instant, text: ReceiptText })
    .nullable()
    .meta({ description: 'Null: not signed, and the card opens nothing yet.' }),
})

export const BadgeView = z
  .strictObject({
    person: PersonRef,
    pin: Pin.nullable().meta({
      description: 'By which devices know the person; null: no access was granted.',
    }),
    card: CardView.nullable(),
    toAccept: z
      .strictObject({ version: z.int(), text: z.string() })
      .nullable()
      .meta({ description: 'What the person accepts by signing; null: there is nothing to sign.' }),
    former: z.array(
      CardView.extend({
        gone: z.strictObject({
          how: CardEnd,
          at: Instant,
          by: PersonRef,
          comment: z.string().nullable(),
        }),
      }),
    ),
    task: z.uuid().nullable().meta({ description: 'The task that is open about the card.' }),
    withdrawn: z.strictObject({ at: Instant, entry: z.string() }).nullable().meta({
      description:
        'Proof of deletion: when the badge was last read back as gone from the devices, and the ledger’s entry of it. Null while it is on them, or never was.',
    }),
  })
  .meta({ id: 'Badge' })
export type BadgeView = z.infer<typeof BadgeView>

export const KeyHolders = z
  .strictObject({
    limit: z.int().meta({ description: 'How many people may hold standing access at once.' }),
    holders: z.array(
      z.strictObject({
        person: PersonRef,
        pin: Pin.nullable(),
        status: z.enum(['live', 'scheduled', 'held', 'approved']).meta({
          description: '`held`: a hold on the person is stronger. `approved`: not carried out yet.',
        }),
        since: Instant.nullable(),
        until: Instant.nullable().meta({ description: 'First instant without; null: no end is known.' }),
        doors: z.array(z.strictObject({ serial: DoorId, name: z.string() })),
        card: z.boolean().meta({ description: 'Whether a card was handed over.' }),
        receipt: z.boolean().meta({ description: 'Whether its receipt is signed.' }),
      }),
    ),
  })
  .meta({ id: 'KeyHolders' })
export type KeyHolders = z.infer<typeof KeyHolders>
