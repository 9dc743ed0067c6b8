import * as api from '../schemas/api.ts'
import * as badges from '../schemas/api-badges.ts'
import type { Operation } from './operation.ts'

const about = { path: api.PersonPath, query: api.NoQuery }
const badge = (description: string): Operation['answers'] => ({ 200: [description, badges.BadgeView] })

/** Cards for the doors of the data centre: who holds one, who signed for it, and what became of it. */
export const operationsOfBadges: Readonly<Record<string, Operation>> = {
  'GET /key-holders': {
    id: 'listKeyHolders',
    summary:
      'Who has standing access to the data centre, since when and until when, and whether they have signed for a card.',
    query: api.NoQuery,
    answers: { 200: ['The key-holders', badges.KeyHolders] },
  },
  'GET /people/{nationalId}/badge': {
    id: 'readBadge',
    summary:
      'A person’s badge: their card and its receipt, earlier cards, and the proof that it was deleted.',
    ...about,
    answers: badge('The badge'),
    problems: [404],
  },
  'PUT /people/{nationalId}/badge': {
    id: 'handOverCard',
    summary: 'Hand a card over. It opens nothing until the person has signed for it.',
    ...about,
    body: badges.SentCard,
    answers: badge('Handed over'),
    problems: [404, 409, 413],
  },
  'POST /me/badge/receipt': {
    id: 'signReceipt',
    summary:
      'Sign for one’s own card, by the number printed on it. From then on it opens. Signing again changes nothing.',
    query: api.NoQuery,
    body: badges.SentReceipt,
    answers: badge('Signed'),
    problems: [409, 413],
  },
  'POST /people/{nationalId}/badge/loss': {
    id: 'reportCard',
    summary:
      'Report that a card is lost, or that a copy of it was made. It is blocked at once, and nobody is given it again.',
    ...about,
    body: badges.SentCardLoss,
    files: true,
    answers: badge('Blocked'),
    problems: [404, 409, 413, 422],
  },
  'POST /people/{nationalId}/badge/return': {
    id: 'returnCard',
    summary: 'Say that a card is back, or destroyed, or was not brought back: then it is treated as lost.',
    ...about,
    body: badges.SentCardReturn,
    files: true,
    answers: badge('Recorded'),
    problems: [404, 409, 413, 422],
  },
}
