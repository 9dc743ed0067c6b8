import { HrEventRow } from '../../schemas/api-holds.ts'
import { HrEvent } from '../../schemas/hr-event.ts'
import { faultsOf, mostFaults } from './faults.ts'
import { type RowFault, rowsOfTable, type SentRows } from './read-people.ts'

const columns = Object.keys(HrEventRow.shape)
const required = new Set(['id', 'type', 'nationalId', 'effectiveOn', 'recordedAt'])
const optional = new Set(columns.filter(name => !required.has(name)))

/** A file of events as CSV; person and contract stand in columns of their own. */
export const hrEventsOfCsv = (text: string) => rowsOfTable(text, columns, optional)

const given = (members: Record<string, unknown>) =>
  Object.values(members).some(value => value !== undefined) ? members : undefined

/** Where a member of the event stands in its row. */
const columnOf = (pointer: string): string =>
  pointer
    .replace(/^\/person\//, '/')
    .replace(/^\/contract\/type/, '/contractType')
    .replace(/^\/contract\//, '/')

/** A row as the event it spells. */
function eventOf(row: Record<string, unknown>): unknown {
  const { givenNames, surnames, position, contractType, regime, startsOn, endsOn, otherType, ...rest } = row
  const named = given({ givenNames, surnames, position })
  const contract = given({ type: contractType, regime, startsOn, endsOn, otherType })
  return {
    version: 1,
    ...rest,
    ...(named && { person: { nationalId: row.nationalId, ...named } }),
    ...(contract && { contract }),
  }
}

/** Every row by itself, and no event twice. `events` counts only if no fault was found. */
export function checkHrEvents(sent: SentRows): {
  readonly events: readonly HrEvent[]
  readonly faults: readonly RowFault[]
} {
  const faults: RowFault[] = [...sent.faults]
  const events: HrEvent[] = []
  const seen = new Set<string>()
  for (const [index, one] of sent.rows.entries()) {
    if (faults.length > mostFaults) break
    const row = index + 1
    const event = eventOf(one as Record<string, unknown>)
    const parsed = HrEvent.safeParse(event)
    if (!parsed.success) {
      const found = faultsOf(parsed.error, event)
      faults.push(...found.map(({ pointer, code }) => ({ row, pointer: columnOf(pointer), code })))
      continue
    }
    if (seen.has(parsed.data.id)) faults.push({ row, pointer: '/id', code: 'hr-events.repeated' })
    seen.add(parsed.data.id)
    events.push(parsed.data)
  }
  return { events, faults }
}
