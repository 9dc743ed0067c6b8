import * as z from 'zod'
import { Access, EndedAccess } from './access.ts'
import { CivilDate } from './calendar.ts'
import { Contract } from './contract.ts'
import { NamedPerson, WrittenNationalId } from './person.ts'

/** What an observed line of box A lacks; what is left out stays as it was filed. */
export const CompletedActivation = z
  .strictObject({
    person: NamedPerson.optional(),
    contract: Contract.optional(),
    access: Access.optional(),
    from: CivilDate.optional(),
    until: CivilDate.nullable().optional(),
  })
  .meta({
    id: 'CompletedActivation',
    description: 'What was not observed may be sent again as it was filed. Empty: judge it anew.',
  })
export type CompletedActivation = z.infer<typeof CompletedActivation>

/** Of an observed line of box C nothing can change: it is judged anew. */
export const CompletedDeactivation = z
  .strictObject({ nationalId: WrittenNationalId.optional(), access: EndedAccess.optional() })
  .meta({ id: 'CompletedDeactivation', description: 'Judge it anew; nothing of it can change.' })
export type CompletedDeactivation = z.infer<typeof CompletedDeactivation>

export const SentAcknowledgement = z
  .discriminatedUnion('correct', [
    z.strictObject({ correct: z.literal(true) }),
    z.strictObject({
      correct: z.literal(false),
      comment: z
        .string()
        .trim()
        .min(1)
        .max(1_000)
        .regex(/^[^\p{Cc}]*(?:\r?\n[^\p{Cc}]*)*$/u, { error: 'text.unprintable' })
        .meta({ description: 'What is wrong, for the help desk.' }),
    }),
  ])
  .meta({ id: 'SentAcknowledgement' })
export type SentAcknowledgement = z.infer<typeof SentAcknowledgement>
