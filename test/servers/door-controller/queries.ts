import { oneFileArchive } from './archive.ts'
import { zkSecondsOf } from './device-time.ts'
import { type Flash, fieldsOf, type StoredEvent } from './flash.ts'
import { type Command, type Row, readRow, writeRow } from './texts.ts'

/** Codes of the vendor's appendix 1, and -1 for what it does not know. */
export const codes = {
  unknown: -1,
  argument: -11,
  full: -18,
  notExecuted: -12,
  noField: -621,
  noTable: -629,
} as const

/** How events that `ACCOUNT` asks for again are sent: like new ones, as rows of a table, or (by the manual) as an archive. */
export type AccountForm = 'rtlog' | 'rows' | 'archive'

export interface Uploads {
  /** Sends the answer to a command, in packets. */
  table(packets: {
    command: Command
    type: 'tabledata' | 'count' | 'options'
    table: string
    records: readonly string[]
  }): Promise<void>
  events(events: readonly StoredEvent[]): Promise<void>
  post(
    path: string,
    query: Readonly<Record<string, string | number>>,
    body: string | Uint8Array,
  ): Promise<void>
}

/** What a question of the server needs to be answered. */
export interface Answering {
  readonly flash: Flash
  readonly uploads: Uploads
  readonly accountForm: AccountForm
  /** Writes a row that is sent to the server. */
  readonly rowText: (table: string, row: Row) => string
  /** What it tells of itself when it registers, for `GET OPTIONS`. */
  readonly parameters: Readonly<Record<string, string | number>>
}

export const tableAndRest = (rest: string): [string, string] => {
  const at = rest.search(/\s/)
  return at < 0 ? [rest.toLowerCase(), ''] : [rest.slice(0, at).toLowerCase(), rest.slice(at + 1)]
}

export const meeting = (conditions: Row) => (row: Row) =>
  Object.entries(conditions).every(([name, value]) => (row[name] ?? '') === value)

function transactionRow(event: StoredEvent): Row {
  return {
    cardno: event.cardno,
    pin: event.pin,
    verified: String(event.verifytype),
    doorid: String(event.eventaddr),
    eventtype: String(event.event),
    inoutstate: String(event.inoutstatus),
    time_second: String(zkSecondsOf(event.time)),
    index: String(event.index),
    sitecode: '0',
  }
}

export async function query(
  { flash, uploads, rowText }: Answering,
  command: Command,
  rest: string,
): Promise<number> {
  const [, named = '', wanted = '', filter = ''] =
    /^tablename=([^,]*),fielddesc=(.*?),filter=(.*)$/is.exec(rest.trim()) ?? []
  const table = named.toLowerCase()
  if (table !== 'transaction' && fieldsOf(table) === null) return codes.noTable
  const all =
    table === 'transaction'
      ? (filter.toLowerCase() === 'newrecord' ? flash.unsent() : flash.state.events).map(transactionRow)
      : flash.rows(table).map(row => fullRow(table, row))
  const isOpen = filter === '*' || filter === '' || filter.toLowerCase() === 'newrecord'
  const found = isOpen ? all : all.filter(meeting(readRow(filter)))
  await uploads.table({
    command,
    type: 'tabledata',
    table,
    records: found.map(row => rowText(table, wanted === '*' ? row : only(row, wanted))),
  })
  return found.length
}

/** Fields that nobody ever set are there, and empty or zero. */
function fullRow(table: string, row: Row): Row {
  const unset = new Map([
    ['starttime', '0'],
    ['endtime', '0'],
    ['privilege', '0'],
    ['disable', '0'],
    ['verify', '0'],
    ['group', '0'],
  ])
  return Object.fromEntries(
    (fieldsOf(table) ?? [])
      .filter(name => table === 'user' || row[name] !== undefined)
      .map(name => [name, row[name] ?? unset.get(name) ?? '']),
  )
}

const only = (row: Row, wanted: string): Row =>
  Object.fromEntries(
    wanted
      .toLowerCase()
      .split(/[\t;]/)
      .map(name => [name, row[name] ?? '']),
  )

export async function count({ flash, uploads }: Answering, command: Command, rest: string): Promise<number> {
  const [table, filter] = tableAndRest(rest)
  if (table !== 'transaction' && fieldsOf(table) === null) return codes.noTable
  const rows = table === 'transaction' ? flash.state.events.map(transactionRow) : flash.rows(table)
  const counted = filter === '' || filter === '*' ? rows : rows.filter(meeting(readRow(filter)))
  await uploads.table({ command, type: 'count', table, records: [`${table}=${counted.length}`] })
  return 0
}

/** Sends again what it still holds of the events asked for; answers how many. */
export async function account(
  { flash, uploads, accountForm, rowText }: Answering,
  command: Command,
  rest: string,
): Promise<number> {
  const [table, text] = tableAndRest(rest)
  if (table !== 'transaction') return codes.noTable
  const asked = readRow(text)
  const from = Number(asked.startindex ?? Number(asked.maxindex ?? 0) + 1)
  const to = Number(asked.endindex ?? Number.MAX_SAFE_INTEGER)
  if (Number.isNaN(from + to)) return codes.argument
  const found = flash.state.events.filter(({ index }) => index >= from && index <= to)
  const rows = found.map(transactionRow)
  if (accountForm === 'rtlog') await uploads.events(found)
  if (accountForm === 'rows')
    await uploads.table({
      command,
      type: 'tabledata',
      table,
      records: rows.map(row => rowText(table, row)),
    })
  if (accountForm === 'archive') {
    await uploads.post(
      'cdata',
      { cmdid: command.id, desc: 'overview' },
      `SumCount=${rows.length}\nFileName=transaction.tgz\nContentType=tgz\nFileCount=1`,
    )
    await uploads.post(
      'file',
      { cmdid: command.id, fileseq: 1, contenttype: 'tgz', table, count: rows.length },
      oneFileArchive('transaction.txt', rows.map(writeRow).join('\n')),
    )
  }
  return found.length
}

export async function getOptions(
  { flash, uploads, parameters }: Answering,
  command: Command,
  rest: string,
): Promise<number> {
  const names = rest.split(',').map(name => name.trim())
  const text = names.map(name => `${name}=${flash.state.options[name] ?? parameters[name] ?? ''}`).join(',')
  await uploads.table({ command, type: 'options', table: 'options', records: [text] })
  return 0
}
