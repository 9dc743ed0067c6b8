import type { Form, KeptLine, Signer } from '../../schemas/request.ts'
import { dayOf } from '../domain/civil-time.ts'
import { catalogueFaults, decideActivation, decideDeactivation, startDay } from '../domain/eligibility.ts'
import type { Caller } from '../domain/entitlement.ts'
import { parseNationalId } from '../domain/national-id.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { foldEvents } from '../domain/register.ts'
import { signerFor } from '../domain/signing.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { IdempotencyKey, KeptRequest } from '../stores/requests.ts'
import { type Engine, instantOf, latest } from './engine.ts'
import { fileRequests, loadPeople } from './file-requests.ts'
import { type PlannedLine, planRequest } from './plan-request.ts'
import { type PlaceInOffice, type UnitReader, unitInOffice } from './units-in-office.ts'

export interface Submission {
  readonly caller: Caller
  readonly form: Form
  readonly idempotency: Omit<IdempotencyKey, 'callerId' | 'route'> | null
  readonly dryRun: boolean
  readonly eventAt: string
}

/** A form that was filed (or would be), with its decisions. */
export type Submitted =
  | { readonly filed: KeptRequest }
  | { readonly lines: readonly KeptLine[]; readonly plan: readonly PlannedLine[] }

const route = 'POST /requests'

/**
 * Files the single form: who signs (R1), what is decided of each line, then the request whole in one transaction, then its
 * lines applied person by person as far as that works now. A repeat with the same key answers the same; rights are checked again.
 */
export async function submitRequest(
  engine: Engine & { readonly units: UnitReader },
  submission: Submission,
): Promise<Submitted | Refusal> {
  const { settings } = engine
  const { caller, form } = submission
  const faults = catalogueFaults(form, settings)
  if (faults.length > 0) return refuse('invalid', faults)

  const asOf = latest(submission.eventAt, instantOf(engine.clock()))
  const today = dayOf(asOf, settings.timeZone)
  const [place, ids] = await Promise.all([unitInOffice(engine, form.unit, asOf), idsIn(engine, form)])
  const signer =
    place === null
      ? null
      : signerFor({
          ...place,
          callerId: caller.personId,
          callerRoles: caller.roles,
          day: today,
          subjects: writtenIds(form).map(id => ids.get(normalised(engine, id)) ?? null),
          deactivationsOnly: form.activations.length === 0,
        })
  if (place === null || signer === null) return refuse('forbidden')

  const key: IdempotencyKey | null =
    submission.idempotency === null || submission.dryRun
      ? null
      : { callerId: caller.personId, route, ...submission.idempotency }
  const replayed = key === null ? null : await replay(engine, key)
  if (replayed !== null) return replayed

  const people = { ids, aggregates: await loadPeople(engine, ids.values()) }
  const lines = decide(engine, form, { ...place, signer, today, people })
  if (submission.dryRun)
    return {
      lines,
      plan: planRequest(engine, { kind: 'form', unit: form.unit, signer, lines }, people.aggregates, asOf),
    }

  const filed = await fileRequests(engine, [{ kind: 'form', unit: form.unit, signer, lines }], {
    asOf,
    key,
    refOf: ([number]) => number ?? '',
  })
  if (filed === null) return (key === null ? null : await replay(engine, key)) ?? refuse('busy')
  if ('refused' in filed) return filed
  const [kept] = filed
  return kept === undefined ? refuse('busy') : { filed: kept }
}

async function replay(engine: Engine, key: IdempotencyKey): Promise<Submitted | Refusal | null> {
  const before = await engine.requests.replayOf(key)
  if (before === null) return null
  if (before.bodyHash !== key.bodyHash) return refuse('key-reused')
  const filed = await engine.requests.load(before.ref)
  return filed === null ? null : { filed }
}

/** The people a form speaks of, by normalised national id. */
export interface FormPeople {
  readonly ids: ReadonlyMap<string, string>
  readonly aggregates: ReadonlyMap<string, PersonAggregate>
}

const normalised = (engine: Engine, written: string): string => {
  const parsed = parseNationalId(engine.settings.nationalId, written)
  return parsed.ok ? parsed.value : written
}

const writtenIds = (form: Form): string[] => [
  ...form.activations.map(line => line.person.nationalId),
  ...form.deactivations.map(line => line.nationalId),
]

const idsIn = (engine: Engine, form: Form): Promise<Map<string, string>> =>
  engine.people.idsOf(writtenIds(form).map(id => normalised(engine, id)))

function decide(
  engine: Engine,
  form: Form,
  place: PlaceInOffice & { signer: Signer; today: string; people: FormPeople },
): KeptLine[] {
  const { settings } = engine
  const { people, ...judged } = place
  const contextOf = (nationalId: string, day: string) => {
    const personId = people.ids.get(normalised(engine, nationalId)) ?? null
    const person = personId === null ? undefined : people.aggregates.get(personId)
    return {
      settings,
      ...judged,
      personId,
      facts: person === undefined ? null : foldEvents(person.events, day, settings.timeZone),
      heldGrantsOfUnit:
        person?.grants.some(grant => grant.unit === form.unit && grant.ended === null) ?? false,
    }
  }
  return [
    ...form.activations.map((filed, index) => {
      const from = startDay(filed, judged.today)
      const context = contextOf(filed.person.nationalId, from)
      const decided = decideActivation(filed, context)
      return {
        kind: 'activation' as const,
        line: `A${index + 1}`,
        personId: context.personId,
        filed,
        from,
        ...decided,
      }
    }),
    ...form.deactivations.map((filed, index) => {
      const context = contextOf(filed.nationalId, judged.today)
      return {
        kind: 'deactivation' as const,
        line: `C${index + 1}`,
        personId: context.personId,
        filed,
        ...decideDeactivation(filed, context),
      }
    }),
  ]
}
