import * as z from 'zod'
import { Instant } from './calendar.ts'
import { TargetId } from './settings.ts'
import { Right } from './target.ts'

/** An account as its target listed it. Personal data: it stays in the state table and in answers to `it`. */
export const ListedAccountRow = z.strictObject({
  accountId: z.string(),
  name: z.string(),
  state: z.enum(['enabled', 'disabled']),
  expiresAt: Instant.nullable(),
  rights: z.array(Right),
  nationalId: z.string().nullable(),
  personId: z.string().nullable(),
  shownName: z.string().nullable(),
  mail: z.string().nullable(),
  untouchable: z.boolean(),
})
export type ListedAccountRow = z.infer<typeof ListedAccountRow>

/** Where a reading lies: `chunks` rows of one of three generations, so that the last two complete ones stay while a third is made. */
const Place = z.strictObject({
  id: z.uuid(),
  generation: z.number().int().min(0).max(2),
  chunks: z.number().int().nonnegative(),
  accounts: z.number().int().nonnegative(),
  startedAt: Instant,
})

/** A reading that came to its end. `suspicious`: it showed nothing, or far less than the ones before. */
export const CompleteReading = Place.extend({ at: Instant, suspicious: z.boolean() })
export type CompleteReading = z.infer<typeof CompleteReading>

/** A reading under way; `cursor` is the target's own. */
export const RunningReading = Place.extend({ cursor: z.string().nullable() })
export type RunningReading = z.infer<typeof RunningReading>

/**
 * All accounts of a target, read once a day: a state to converge to, as a target row is. Due now, it is read page by page,
 * however many runs that takes; `revision` counts every change, so that two workers never write the same one.
 */
export const ReadingRow = z.strictObject({
  version: z.literal(1),
  target: TargetId,
  revision: z.number().int(),
  dueAt: Instant,
  leaseUntil: Instant.nullable(),
  running: RunningReading.nullable(),
  last: CompleteReading.nullable(),
  previous: CompleteReading.nullable(),
  /** Chunk rows that stand in each generation, also those a shorter reading left behind. */
  standing: z.tuple([z.number().int(), z.number().int(), z.number().int()]),
  attempts: z.number().int(),
  /** The last failure's closed code. */
  fault: z.string().nullable(),
})
export type ReadingRow = z.infer<typeof ReadingRow>

/** A part of a reading, below DynamoDB's 400 KB. `readingId` tells whose it is: generations are used again. */
export const ReadingChunk = z.strictObject({
  version: z.literal(1),
  readingId: z.uuid(),
  accounts: z.array(ListedAccountRow),
})
export type ReadingChunk = z.infer<typeof ReadingChunk>
