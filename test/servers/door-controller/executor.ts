import type { Doors } from './doors.ts'
import { type Flash, fieldsOf } from './flash.ts'
import { type Answering, account, codes, count, getOptions, meeting, query, tableAndRest } from './queries.ts'
import { type Command, readRow, repeatedFields } from './texts.ts'

interface Parts extends Answering {
  readonly doors: Doors
  readonly maxUsers: number
  /** Called for a field that comes again in its record: what a TAB in a value looks like from here. */
  readonly repeated: (field: string) => void
  readonly rebooted: () => void
}

/** Does what a command says; answers the code that the device returns for it. */
export function executorOf(parts: Parts): (command: Command) => Promise<number> {
  return async command => {
    const [, verb = '', rest = ''] =
      /^(DATA \w+|CONTROL DEVICE|[SG]ET OPTIONS|ACCOUNT)(?:\s+(.*))?$/is.exec(command.text) ?? []
    switch (verb.toUpperCase()) {
      case 'DATA UPDATE':
        return update(parts, rest)
      case 'DATA DELETE':
        return remove(parts, rest)
      case 'DATA QUERY':
        return query(parts, command, rest)
      case 'DATA COUNT':
        return count(parts, command, rest)
      case 'ACCOUNT':
        return account(parts, command, rest)
      case 'CONTROL DEVICE':
        return control(parts, rest)
      case 'SET OPTIONS':
        return setOptions(parts, rest)
      case 'GET OPTIONS':
        return getOptions(parts, command, rest)
      default:
        return codes.unknown
    }
  }
}

/** Every record is taken until one is refused. */
function update({ flash, maxUsers, repeated }: Parts, rest: string): number {
  const [table, text] = tableAndRest(rest)
  const fields = fieldsOf(table)
  if (fields === null) return codes.noTable
  for (const record of text.split('\n')) {
    const row = readRow(record)
    for (const field of repeatedFields(record)) repeated(field)
    if (!row.pin) return codes.argument
    if (Object.keys(row).some(name => !fields.includes(name))) return codes.noField
    const users = table === 'user' ? flash.rows(table) : []
    if (users.length >= maxUsers && !users.some(({ pin }) => pin === row.pin)) return codes.full
    flash.put(table, row)
  }
  return 0
}

/** Conditions of one line hold together. A `*` anywhere empties the table, and what is not there is deleted with success. */
function remove({ flash }: Parts, rest: string): number {
  const [table, text] = tableAndRest(rest)
  if (text.includes('*')) return empty(flash, table)
  const fields = fieldsOf(table)
  if (fields === null) return codes.noTable
  for (const conditions of text.split('\n').map(readRow)) {
    if (Object.keys(conditions).length === 0) return codes.argument
    if (Object.keys(conditions).some(name => !fields.includes(name))) return codes.noField
    flash.remove(table, meeting(conditions))
  }
  return 0
}

function empty(flash: Flash, table: string): number {
  if (table === 'transaction') flash.state.events.length = 0
  else if (fieldsOf(table) === null) return codes.noTable
  flash.remove(table, () => true)
  return 0
}

/** `AABBCCDD` in hexadecimal: what, which door (0: all), lock or output, seconds. */
function control({ doors, rebooted }: Parts, rest: string): number {
  const [what, which, part, seconds] = (rest.trim().match(/[0-9a-f]{2}/gi) ?? []).map(byte =>
    Number.parseInt(byte, 16),
  )
  if (what === undefined || which === undefined) return codes.argument
  if (which > doors.states.length && what !== 3) return codes.argument
  const chosen = which === 0 ? doors.states.map((_, at) => at + 1) : [which]
  if (what === 1 && part === 1 && seconds !== 0) for (const door of chosen) doors.openFromCloud(door)
  else if (what === 2) for (const door of chosen) doors.cancelAlarm(door)
  else if (what === 3) {
    doors.boot()
    rebooted()
  } else if (what > 0x12) return codes.notExecuted
  return 0
}

function setOptions({ flash }: Parts, rest: string): number {
  for (const pair of rest.split(',')) {
    const at = pair.indexOf('=')
    if (at > 0) flash.state.options[pair.slice(0, at).trim()] = pair.slice(at + 1)
  }
  flash.changed()
  return 0
}
