import type { Problem } from '../../schemas/problem.ts'
import { mostFaults } from '../domain/faults.ts'
import type { Refusal, RefusalCode } from '../domain/refusal.ts'
import { type Code, type Locale, say } from '../domain/texts/index.ts'

type Kind = RefusalCode | 'internal'
type Told = readonly [type: string, status: number, title: string, detail: Code]

/** Problem types are `urn:llavero:problem:<type>` and never change; titles are for developers, details for people. */
const kinds: Readonly<Record<Kind, Told>> = {
  malformed: ['bad-request', 400, 'The body cannot be read', 'problem.bad-request'],
  invalid: ['invalid', 400, 'The input has faults', 'problem.bad-request'],
  unauthenticated: ['unauthorized', 401, 'No valid token', 'problem.unauthorized'],
  forbidden: ['forbidden', 403, 'Not allowed', 'problem.forbidden'],
  'not-found': ['not-found', 404, 'Not found', 'problem.not-found'],
  'not-acceptable': ['not-acceptable', 406, 'Not offered in that format', 'problem.not-acceptable'],
  conflict: ['conflict', 409, 'In conflict with what is recorded', 'problem.conflict'],
  stale: ['stale', 412, 'It has changed since it was read', 'problem.stale'],
  'too-large': ['too-large', 413, 'The body is larger than 6 MB', 'problem.too-large'],
  'key-reused': [
    'idempotency-key-reused',
    422,
    'The idempotency key came with another body',
    'problem.idempotency-key-reused',
  ],
  'password-refused': ['password-refused', 422, 'The target refuses the password', 'password.policy'],
  'code-refused': ['code-refused', 422, 'The one-time code is missing or does not hold', 'code.refused'],
  unconditional: ['precondition-required', 428, 'If-Match is missing', 'problem.unconditional'],
  'too-many': ['too-many-requests', 429, 'Too many calls', 'problem.too-many'],
  busy: ['unavailable', 503, 'Try again', 'problem.unavailable'],
  internal: ['internal', 500, 'An internal fault', 'problem.internal'],
}

export interface ProblemAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Problem
}

/** The problem document of a refusal, in the body's language. */
export const problemOf = (
  locale: Locale,
  refusal: Omit<Refusal, 'refused'> & { refused: Kind },
): ProblemAnswer => {
  const [type, status, title, detail] = kinds[refusal.refused]
  const { faults, detail: closer, retryAfter } = refusal
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...((status === 503 || status === 429) && { 'retry-after': String(retryAfter ?? 1) }),
      ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    },
    body: {
      type: `urn:llavero:problem:${type}`,
      title,
      status,
      detail: say(locale, closer ?? detail),
      ...(faults && {
        faults: faults
          .slice(0, mostFaults)
          .map(({ pointer, code }) => ({ pointer, code, message: say(locale, code) })),
      }),
    },
  }
}
