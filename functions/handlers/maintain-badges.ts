import type * as z from 'zod'
import { NoQuery, PersonPath } from '../../schemas/api.ts'
import { SentCard, SentCardLoss, SentCardReturn, SentReceipt } from '../../schemas/api-badges.ts'
import { fileOnce } from '../workflows/file-once.ts'
import { handOverCard } from '../workflows/hand-over-card.ts'
import { readKeyHolders } from '../workflows/key-holders.ts'
import { readBadge } from '../workflows/read-badge.ts'
import { signReceipt } from '../workflows/sign-receipt.ts'
import { reportCard, returnCard } from '../workflows/take-card-back.ts'
import { badges, front } from './compose-badges.ts'
import { http, ok, route } from './http.ts'

const about = { path: PersonPath, query: NoQuery }

/** What is said of somebody's card, once under each key of a client. */
const said = <B>(key: string, schema: z.ZodType<B>, workflow: BadgeWorkflow<B>) => ({
  [key]: route({
    ...about,
    body: schema,
    run: async ({ caller, path, body, idempotencyKey }) => {
      const filing = { caller, route: key, key: idempotencyKey, body: { ...path, body } }
      return ok(await fileOnce(badges, filing, () => workflow(badges, caller, path.nationalId, body)))
    },
  }),
})
type BadgeWorkflow<B> = (...given: [...Parameters<typeof readBadge>, B]) => ReturnType<typeof readBadge>

export const handler = http(front, {
  'GET /key-holders': route({ query: NoQuery, run: async () => ok(await readKeyHolders(badges)) }),
  'GET /people/{nationalId}/badge': route({
    ...about,
    run: async ({ caller, path }) => ok(await readBadge(badges, caller, path.nationalId)),
  }),
  'POST /me/badge/receipt': route({
    query: NoQuery,
    body: SentReceipt,
    run: async ({ caller, body }) => ok(await signReceipt(badges, caller, body)),
  }),
  ...said('PUT /people/{nationalId}/badge', SentCard, handOverCard),
  ...said('POST /people/{nationalId}/badge/loss', SentCardLoss, reportCard),
  ...said('POST /people/{nationalId}/badge/return', SentCardReturn, returnCard),
})
