import { type Result, type Row, verbOf, writeRow } from './texts.ts'

/** `usual`: as the manual's examples. `other`: what else devices in the field do that a server must take. */
export type Firmware = 'usual' | 'other'

export interface Dialect {
  readonly headers: Readonly<Record<string, string>>
  readonly pushMethod: 'GET' | 'POST'
  readonly lineEnd: string
  readonly result: (result: Result) => string
  readonly row: (table: string, row: Row) => string
}

const commandCase: Row = {
  cardno: 'CardNo',
  starttime: 'StartTime',
  endtime: 'EndTime',
  authorizetimezoneid: 'AuthorizeTimezoneId',
  authorizedoorid: 'AuthorizeDoorId',
}
const capital = (name: string) => commandCase[name] ?? name.charAt(0).toUpperCase() + name.slice(1)

export const dialects: Readonly<Record<Firmware, Dialect>> = {
  usual: {
    headers: { 'user-agent': 'iClock Proxy/1.09', 'content-type': 'application/push; charset=UTF-8' },
    pushMethod: 'POST',
    lineEnd: '\n',
    result: ({ id, code, text }) => `ID=${id}&Return=${code}&CMD=${verbOf(text)}`,
    row: (table, row) => `${table} ${writeRow(row)}`,
  },
  other: {
    headers: { 'user-agent': 'accpush/2.0', 'content-type': 'application/x-www-form-urlencoded' },
    pushMethod: 'GET',
    lineEnd: '\r\n',
    result: ({ id, code, text }) => `id=${id}&RETURN=${code}&cmd=${verbOf(text).split(' ')[0]}&`,
    row: (table, row) =>
      `${table} ${writeRow(Object.fromEntries(Object.entries(row).map(([name, value]) => [capital(name), value])))}`,
  },
}
