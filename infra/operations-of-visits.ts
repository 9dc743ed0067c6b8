import * as api from '../schemas/api.ts'
import * as visits from '../schemas/api-visits.ts'
import type { Operation } from './operation.ts'

const visit: Operation['answers'] = { 200: ['The visit as it stands now', visits.VisitView] }

/** The data centre’s visit log. */
export const operationsOfVisits: Readonly<Record<string, Operation>> = {
  'POST /visits': {
    id: 'recordVisit',
    summary:
      'Write a visit into the log: announced, by `it` or whoever leads a unit; on the spot, by `it`; in an emergency also by `authority`. It lets nobody in.',
    query: api.NoQuery,
    body: visits.SentVisit,
    files: true,
    answers: { 201: ['Recorded', visits.VisitView] },
    problems: [413, 422],
  },
  'GET /visits': {
    id: 'listVisits',
    summary: 'The log, newest first; whoever leads a unit sees what they announced themselves.',
    query: visits.VisitsQuery,
    answers: { 200: ['A page', visits.VisitList] },
  },
  'GET /visits/prohibitions': {
    id: 'readProhibitions',
    summary: 'What is read to a visitor, and accepted, before entering.',
    query: api.NoQuery,
    answers: { 200: ['The text and its version', visits.ProhibitionsView] },
  },
  'POST /visits/{id}/entry': {
    id: 'enterVisit',
    summary:
      'Let the visitor in: the prohibitions accepted, the escort inside by the doors’ log, room left. In an emergency the authority, or `it` on its word, lets in without an escort.',
    path: visits.VisitPath,
    query: api.NoQuery,
    body: visits.SentEntry,
    files: true,
    answers: visit,
    problems: [404, 409, 413, 422],
  },
  'POST /visits/{id}/exit': {
    id: 'leaveVisit',
    summary: 'The visitor has left, and it was verified. Said again, it is answered again.',
    path: visits.VisitPath,
    query: api.NoQuery,
    body: visits.SentExit,
    files: true,
    answers: visit,
    problems: [404, 409, 413, 422],
  },
  'POST /visits/{id}/correction': {
    id: 'correctVisit',
    summary: 'Say afterwards when a visitor left, and how that is known; what stood before is kept.',
    path: visits.VisitPath,
    query: api.NoQuery,
    body: visits.SentCorrection,
    files: true,
    answers: visit,
    problems: [404, 409, 413, 422],
  },
  'POST /visits/{id}/approval': {
    id: 'decideVisit',
    summary:
      'The authority says afterwards whether it had let somebody in without an escort; never the one who wrote it down.',
    path: visits.VisitPath,
    query: api.NoQuery,
    body: visits.SentApproval,
    files: true,
    answers: visit,
    problems: [404, 409, 413, 422],
  },
  'GET /presence': {
    id: 'readPresence',
    summary:
      'Who is inside the data centre now, for an evacuation: by the last that is known, and which devices are silent.',
    query: api.NoQuery,
    answers: { 200: ['Everybody inside', visits.PresenceView] },
    csvAnswer: true,
    problems: [406],
  },
}
