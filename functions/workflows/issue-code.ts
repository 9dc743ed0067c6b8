import { randomBytes } from 'node:crypto'
import type { IssuedCode } from '../../schemas/api-operations.ts'
import type { Caller } from '../domain/entitlement.ts'
import { parseNationalId } from '../domain/national-id.ts'
import { codeHours, codeOf, macOf } from '../domain/one-time-code.ts'
import { type Refusal, refuse, refuseWith } from '../domain/refusal.ts'
import type { Credentials } from './close-forgotten.ts'
import type { Engine } from './engine.ts'
import { nowOf, tries } from './registers.ts'

type Needed = Credentials &
  Pick<Engine, 'people' | 'settings' | 'clock'> & {
    /** The key under which codes are kept. */
    readonly codesKey: () => Promise<string>
  }

/**
 * The help desk's one-time code for somebody else (R11): told once, in this answer; kept as an HMAC, for 72 hours and five
 * tries. It voids the one before.
 */
export async function issueCode(
  registers: Needed,
  caller: Caller,
  writtenId: string,
): Promise<IssuedCode | Refusal> {
  const parsed = parseNationalId(registers.settings.nationalId, writtenId)
  const personId = await registers.people.idOf(parsed.ok ? parsed.value : '-')
  if (personId === null) return refuse('not-found')
  if (personId === caller.personId) return refuseWith('forbidden', 'code.oneself')
  const key = await registers.codesKey()
  for (let attempt = 1; attempt <= tries; attempt++) {
    const { at } = nowOf(registers)
    const code = codeOf(randomBytes(16))
    const expiresAt = new Date(Date.parse(at) + codeHours * 3_600_000).toISOString()
    const row = await registers.credentials.load(personId)
    const kept = { mac: macOf(key, personId, code), issuedAt: at, expiresAt, failures: 0 }
    const issued = await registers.credentials.issue(row, kept, {
      at,
      asOf: at,
      act: 'code-issued',
      phase: 'recorded',
      subject: personId,
      actor: { personId: caller.personId, role: 'it', onBehalfOf: null },
      system: 'llavero',
      request: null,
      cause: { kind: 'help-desk', ref: personId },
      after: { expiresAt },
    })
    if (issued !== null) return { code, expiresAt }
  }
  return refuse('busy')
}
