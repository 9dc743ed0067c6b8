import type { ImportAnswer } from '../../schemas/api.ts'
import type { HrEvent } from '../../schemas/hr-event.ts'
import type { Caller } from '../domain/entitlement.ts'
import { type ImportRow, type NewFact, newFacts, recordedAt } from '../domain/import-row.ts'
import { checkRows, type RowFault, rowsOfCsv } from '../domain/read-people.ts'
import { type CodedFault, type Refusal, refuse } from '../domain/refusal.ts'
import { contractsOn, foldEvents, type RegisterFacts } from '../domain/register.ts'
import { say } from '../domain/texts/index.ts'
import type { EntryDraft } from '../stores/ledger.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { Newcomer } from '../stores/register.ts'
import type { Engine } from './engine.ts'
import type { Guarded } from './guard-losses.ts'
import { inParallel } from './in-parallel.ts'
import { type Recorded, recordHrEvents } from './record-hr-events.ts'
import { nowOf, type Registers } from './registers.ts'

type Needed = Pick<Registers, 'people' | 'register' | 'units' | 'settings' | 'clock'> &
  Pick<Engine, 'bells' | 'log'> &
  Guarded & {
    readonly newId: (now: number) => string
    readonly newcomersAtOnce: number
  }

/** Who sent a list, and the id by which all that followed from it is found. */
interface Import {
  readonly caller: Caller
  readonly ref: string
}

/** The list as sent. */
export type SentPeople =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'csv'; readonly text: string }

/** A day after every other: what is recorded for any later day counts. */
const endOfTime = '9999-12-31'

/**
 * Brings the register of people up to date from a list (by `hr`, see the contract's table). Absence ends nothing, unless the
 * list is a `snapshot`: then whoever is employed today and not named is terminated from today. Every row is checked before the
 * first is written, and with any fault nothing is. What a row says that is known already is not recorded again, so the same
 * list may be sent again after a crash. `applied` counts what said something new; of it `stopped` waits for two people, because
 * more would lose access at once than the guard lets pass.
 */
export async function importPeople(
  registers: Needed,
  caller: Caller,
  sent: SentPeople,
  snapshot = false,
): Promise<ImportAnswer | Refusal> {
  const { settings } = registers
  const list = readList(sent)
  if ('refused' in list) return refuse('malformed', list.refused)
  // Nobody at all is a file that broke, not a body that everybody has left.
  if (snapshot && list.rows.length === 0)
    return refuse('invalid', [{ pointer: '', code: 'people.empty-snapshot' }])
  const { rows, faults: ofRows } = checkRows(list, settings.nationalId)
  const faults = [...ofRows, ...(await unknownUnits(registers, list.rows))]
  if (faults.length > 0) return { applied: 0, faults: told(registers, faults) }
  const known = await registers.people.idsOf(rows.map(({ person }) => person.nationalId))
  const newcomers = rows.filter(({ person }) => !known.has(person.nationalId))
  const others = rows.filter(({ person }) => known.has(person.nationalId))
  const groups = Array.from({ length: Math.ceil(newcomers.length / registers.newcomersAtOnce) }, (_, index) =>
    newcomers.slice(index * registers.newcomersAtOnce, (index + 1) * registers.newcomersAtOnce),
  )
  const from: Import = { caller, ref: registers.newId(registers.clock()) }
  const outcomes: Recorded[] = []
  await inParallel(groups, async group => {
    outcomes.push(...(await enter(registers, from, group)))
  })
  await inParallel(others, async row => {
    outcomes.push(await update(registers, from, row, known.get(row.person.nationalId) ?? ''))
  })
  if (snapshot) {
    // Read again: whoever came with this very list is named in it too.
    const named = await registers.people.idsOf(rows.map(({ person }) => person.nationalId))
    outcomes.push(...(await endAbsent(registers, from, new Set(named.values()))))
  }
  return counted(outcomes)
}

function counted(outcomes: readonly Recorded[]): ImportAnswer {
  const applied = outcomes.filter(({ done }) => done !== 'known').length
  const stopped = outcomes.flatMap(outcome => (outcome.done === 'stopped' ? [outcome.hold] : []))
  return {
    applied,
    faults: [],
    ...(stopped.length > 0 && { stopped: stopped.length, holds: [...new Set(stopped)] }),
  }
}

function readList(sent: SentPeople) {
  if (sent.kind === 'csv') return rowsOfCsv(sent.text)
  if (Array.isArray(sent.value)) return { rows: sent.value as unknown[], faults: [] }
  const refused: readonly CodedFault[] = [{ pointer: '', code: 'people.not-a-list' }]
  return { refused }
}

async function unknownUnits({ units }: Needed, rows: readonly unknown[]): Promise<RowFault[]> {
  const named = rows.map(row => (row as { unit?: unknown } | null)?.unit)
  const ids = new Set(
    named.filter(unit => typeof unit === 'string').filter(unit => /^[a-z0-9-]{1,60}$/.test(unit)),
  )
  const standing = new Set((await units.some([...ids])).map(({ unit }) => unit.id))
  return named.flatMap((unit, index): RowFault[] =>
    typeof unit === 'string' && ids.has(unit) && !standing.has(unit)
      ? [{ row: index + 1, pointer: '/unit', code: 'catalogue.unknown-unit' }]
      : [],
  )
}

const told = ({ settings }: Needed, faults: readonly RowFault[]): ImportAnswer['faults'] =>
  [...faults]
    .sort((one, other) => one.row - other.row)
    .slice(0, 1_000)
    .map(({ row, pointer, code }) => ({ row, pointer, message: say(settings.locale, code) }))

/** People nobody knew, many in one transaction; if one of them became known meanwhile, one by one. */
async function enter(registers: Needed, from: Import, rows: readonly ImportRow[]): Promise<Recorded[]> {
  const newcomers = rows.map((row): Newcomer => {
    const personId = registers.newId(registers.clock())
    const facts: NewFact[] = [
      {
        type: 'hired',
        effectiveOn: row.contract.startsOn,
        person: row.person,
        contract: row.contract,
        unit: row.unit,
      },
    ]
    const { events, entry } = recorded(registers, from, personId, row.person.nationalId, facts)
    return { personId, nationalId: row.person.nationalId, event: events[0] as HrEvent, entry }
  })
  if (await registers.register.enter(newcomers)) return rows.map(() => ({ done: 'recorded' }))
  const outcomes: Recorded[] = []
  for (const row of rows) {
    const personId = await registers.people.ensure(row.person.nationalId, registers.clock())
    outcomes.push(await update(registers, from, row, personId))
  }
  return outcomes
}

/** The register on a day as told so far, with what the guard has stopped: a list sent again must not be stopped again. */
const toldOn = ({ settings }: Needed, { events, stopped }: PersonAggregate, day: string): RegisterFacts =>
  foldEvents([...events, ...stopped.flatMap(({ event }) => event ?? [])], day, settings.timeZone)

/** What a row said of somebody known. */
const update = (registers: Needed, from: Import, row: ImportRow, personId: string): Promise<Recorded> =>
  recordHrEvents(registers, 'import', personId, person => {
    const { today } = nowOf(registers)
    const register = {
      today: toldOn(registers, person, today),
      eventually: toldOn(registers, person, endOfTime),
    }
    const facts = newFacts(row, register, today)
    return facts.length === 0 ? null : recorded(registers, from, personId, row.person.nationalId, facts)
  })

/** Everybody who is employed today and stands in no row. Nobody dismisses themselves by leaving themselves out. */
async function endAbsent(registers: Needed, from: Import, named: ReadonlySet<string>): Promise<Recorded[]> {
  const absent: string[] = []
  for (let place: string | null = null; ; ) {
    const page = await registers.lists.people(place, 500)
    absent.push(...page.items.filter(id => !named.has(id) && id !== from.caller.personId))
    if (page.next === null) break
    place = page.next
  }
  const outcomes: Recorded[] = []
  await inParallel(absent, async personId => {
    outcomes.push(await endOne(registers, from, personId))
  })
  return outcomes
}

const endOne = (registers: Needed, from: Import, personId: string): Promise<Recorded> =>
  recordHrEvents(registers, 'import', personId, person => {
    const { today } = nowOf(registers)
    const facts = toldOn(registers, person, today)
    const employed = contractsOn(facts, today).length > 0
    if (!employed || facts.holds.some(({ kind }) => kind === 'termination')) return null
    const gone: NewFact = { type: 'terminated', effectiveOn: today }
    return recorded(registers, from, personId, person.row.nationalId, [gone])
  })

/** Facts as events, and the ledger entry of all of them: what they say of the post, never a name or a national id. */
function recorded(
  registers: Needed,
  { caller, ref }: Import,
  personId: string,
  nationalId: string,
  facts: readonly NewFact[],
): { events: HrEvent[]; entry: EntryDraft } {
  const now = registers.clock()
  const events = facts.map(
    (fact, index): HrEvent => ({
      version: 1,
      id: registers.newId(now),
      nationalId,
      recordedAt: recordedAt(now, index),
      ...fact,
    }),
  )
  const { at } = nowOf(registers)
  return {
    events,
    entry: {
      at,
      asOf: at,
      act: 'hr-event-recorded',
      phase: 'recorded',
      subject: personId,
      actor: { personId: caller.personId, role: 'hr', onBehalfOf: null },
      system: 'llavero',
      request: null,
      cause: { kind: 'import', ref },
      after: events.map(({ id, type, effectiveOn, unit, contract }) => ({
        id,
        type,
        effectiveOn,
        unit,
        contract,
      })),
    },
  }
}
