import type { KeptLine, Signer } from '../../schemas/request.ts'
import type { RequestRow } from '../../schemas/rows.ts'
import { dayOf } from '../domain/civil-time.ts'
import { parseNationalId } from '../domain/national-id.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { IdempotencyKey, KeptRequest, RequestToFile } from '../stores/requests.ts'
import { applyRequest } from './apply-lines.ts'
import { type Engine, instantOf, placeOf } from './engine.ts'
import { inParallel } from './in-parallel.ts'

/** A request whose lines are decided, before it has a number. */
export interface DecidedRequest {
  readonly kind: RequestRow['kind']
  readonly unit: string
  readonly signer: Signer
  readonly lines: readonly KeptLine[]
}

export interface FilingUnder {
  readonly asOf: string
  /** Null: the client gave no key. */
  readonly key: IdempotencyKey | null
  /** What is kept under the key: with it a replay finds the answer. */
  readonly refOf: (numbers: readonly string[]) => string
}

/** What is not applied after this long is left to the sweeper: the caller waits for the numbers, not for the targets. */
const inlineMilliseconds = 12_000

/**
 * Files requests whole, all of them in one transaction, then applies their lines person by person as far as that works now.
 *
 * @returns null where the key was used by another call meanwhile
 */
export async function fileRequests(
  engine: Engine,
  requests: readonly DecidedRequest[],
  { asOf, key, refOf }: FilingUnder,
): Promise<readonly KeptRequest[] | Refusal | null> {
  const until = performance.now() + inlineMilliseconds
  const year = dayOf(asOf, engine.settings.timeZone).slice(0, 4)
  const drafts: RequestToFile[] = []
  for (const request of requests) {
    const lines = await Promise.all(request.lines.map(line => ensurePerson(engine, line)))
    drafts.push(draftOf(engine, request, lines, await engine.requests.nextNumber(year), asOf))
  }
  const numbers = drafts.map(({ row }) => row.number)
  if (!(await engine.requests.file(drafts, key === null ? null : { ...key, ref: refOf(numbers) })))
    return key === null ? refuse('busy') : null
  const filed: KeptRequest[] = []
  for (const number of numbers) {
    const kept = await engine.requests.load(number)
    if (kept === null) return refuse('busy')
    filed.push(kept)
  }
  const mayGoOn = () => performance.now() < until
  for (const kept of filed) if (mayGoOn()) await applyInline(engine, kept, mayGoOn)
  return filed
}

function draftOf(
  engine: Engine,
  { kind, unit, signer }: DecidedRequest,
  lines: readonly KeptLine[],
  number: string,
  asOf: string,
): RequestToFile {
  const filedAt = instantOf(engine.clock())
  const applied = !lines.some(line => line.decision === 'accepted')
  return {
    row: { number, kind, unit, signer, filedAt, applied },
    lines,
    entry: {
      at: filedAt,
      asOf,
      act: 'request-filed',
      phase: 'recorded',
      subject: null,
      actor: { personId: signer.personId, role: signer.capacity, onBehalfOf: signer.onBehalfOf },
      system: 'llavero',
      request: number,
      cause: { kind: 'form', ref: number },
      after: {
        unit,
        ...(kind === 'form' ? {} : { kind }),
        lines: lines.map(({ line, personId, decision, reasons }) => ({
          line,
          personId,
          decision,
          rules: reasons.map(reason => reason.rule),
        })),
      },
    },
  }
}

/** The request is filed and due: a failure here is the sweeper's to mend, never the caller's to see. */
async function applyInline(engine: Engine, kept: KeptRequest, mayGoOn: () => boolean): Promise<void> {
  try {
    await applyRequest(engine, kept, mayGoOn)
  } catch (bug) {
    engine.log('unapplied', { request: kept.row.number, people: null, ...placeOf(bug) })
  }
}

/** With `personnelRegister: "declared"` an accepted line may be the first mention of a person. */
export async function ensurePerson(engine: Engine, line: KeptLine): Promise<KeptLine> {
  if (line.kind !== 'activation' || line.decision !== 'accepted' || line.personId !== null) return line
  const parsed = parseNationalId(engine.settings.nationalId, line.filed.person.nationalId)
  const nationalId = parsed.ok ? parsed.value : line.filed.person.nationalId
  return { ...line, personId: await engine.people.ensure(nationalId, engine.clock()) }
}

/** Everything kept about each of these people. */
export async function loadPeople(
  { people }: Pick<Engine, 'people'>,
  personIds: Iterable<string>,
): Promise<Map<string, PersonAggregate>> {
  const aggregates = new Map<string, PersonAggregate>()
  await inParallel(
    [...new Set(personIds)],
    async personId => {
      const person = await people.load(personId)
      if (person !== null) aggregates.set(personId, person)
    },
    8,
  )
  return aggregates
}
