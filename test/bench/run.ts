// `npm run bench [-- directory mail erp bundles forms]`: measures, and prints what was promised beside it.
import { findMailServer } from '../servers/dovecot/installed.ts'
import { findPostgresql } from '../servers/postgresql/installed.ts'
import { findSamba } from '../servers/samba/installed.ts'
import { prepareTryton } from '../servers/tryton/tryton.ts'
import { benchBundles } from './bundles.ts'
import { benchDigests } from './digests.ts'
import { benchDirectory } from './directory.ts'
import { benchDoors } from './doors.ts'
import { benchErpTables, benchTryton, type ErpRow } from './erp.ts'
import { benchForms, type FormsBench } from './forms.ts'
import { benchMail } from './mail.ts'
import { price } from './prices.ts'
import { print } from './print.ts'

const quantile = (values: readonly number[], part: number): number =>
  values.toSorted((one, other) => one - other)[
    Math.min(values.length - 1, Math.floor(values.length * part))
  ] ?? Number.NaN

const milliseconds = (value: number) => `${Math.round(value)} ms`
const verdict = (kept: boolean) => (kept ? 'kept' : 'MISSED')

async function directory(): Promise<void> {
  const samba = findSamba()
  if (!samba.usable) {
    console.log(`\nDirectory: not measured. ${samba.reason}.`)
    return
  }
  const rows = await benchDirectory()
  print(
    `Directory: people a second against a fresh ${samba.title} (promised: 0.95 of ldapts alone and of OpenLDAP's C tools)`,
    ['act', 'connections', 'connector', 'ldapts alone', 'C tools', '÷ ldapts', '÷ C tools', 'promise'],
    rows.map(row => [
      row.act,
      String(row.connections),
      ...[row.connector, row.ldapts, row.openldap].map(rate => rate.toFixed(rate < 100 ? 1 : 0)),
      row.overLdapts.toFixed(2),
      row.overOpenldap.toFixed(2),
      verdict(row.overLdapts >= 0.95 && row.overOpenldap >= 0.95),
    ]),
  )
}

async function mail(): Promise<void> {
  const installed = findMailServer()
  if (!installed.usable) {
    console.log(`\nMail: not measured. ${installed.reason}.`)
    return
  }
  const rows = await benchMail()
  const rate = (value: number) => value.toFixed(0)
  print(
    `Mail: people a second, looked at, acted on and read back, against a fresh ${installed.title}`,
    ['act', 'at once', 'connector', 'bare pg', '÷ bare pg', 'and sessions ended'],
    rows.map(row => [
      row.act,
      String(row.atOnce),
      rate(row.connector),
      rate(row.barePg),
      row.overBarePg.toFixed(2),
      rate(row.withSessions),
    ]),
  )
}

async function erp(): Promise<void> {
  const head = ['act', 'at once', 'connector', 'bare JSON-RPC', '÷ bare']
  const rate = (value: number) => value.toFixed(value < 100 ? 1 : 0)
  const cells = ({ act, atOnce, connector, bare }: ErpRow) => [
    act,
    String(atOnce),
    rate(connector),
    ...(bare === null ? [] : [rate(bare), (connector / bare).toFixed(2)]),
  ]
  const tryton = await prepareTryton()
  if (tryton.usable)
    print(
      `ERP: people a second, looked at, acted on and read back, against a fresh ${tryton.title}`,
      head,
      (await benchTryton()).map(cells),
    )
  else console.log(`\nERP: not measured. ${tryton.reason}.`)
  const tables = findPostgresql()
  if (tables.usable)
    print(
      `ERP in SQL tables: people a second, looked at, acted on and read back, against a fresh ${tables.title}`,
      head.slice(0, 3),
      (await benchErpTables()).map(cells),
    )
  else console.log(`\nERP in SQL tables: not measured. ${tables.reason}.`)
}

async function bundles(): Promise<void> {
  const rows = await benchBundles()
  print(
    'Bundles: import in a fresh process, and size (promised: at most 1.3 times the bare SDK, at most 600 KB)',
    ['function', 'import', '× bare SDK', 'size', 'promise'],
    rows.map(({ name, importMilliseconds, timesBare, bytes }) => [
      name,
      `${importMilliseconds.toFixed(1)} ms`,
      timesBare.toFixed(2),
      `${Math.ceil(bytes / 1000)} KB`,
      verdict(timesBare <= 1.3 && bytes <= 600_000),
    ]),
  )
}

async function forms(): Promise<void> {
  const bench = await benchForms()
  print(
    `Forms: one person, three systems; ${bench.forms} of them, one after the other, in laptop mode`,
    ['from sending the form to', 'p50', 'p99'],
    [
      ['its answer', bench.answered] as const,
      ...Object.entries(bench.usable).map(
        ([system, times]) => [`an open account: ${system}`, times] as const,
      ),
    ].map(([what, times]) => [what, milliseconds(quantile(times, 0.5)), milliseconds(quantile(times, 0.99))]),
  )
  const { state, ledger } = bench.units
  const written = state.write + ledger.write
  print(
    'Units of one such form, from its filing to the last reading back (transactions count double)',
    ['table', 'read units', 'write units', 'of them indexes'],
    [
      ...(['state', 'ledger'] as const).map(table => [
        table,
        ...[bench.units[table].read, bench.units[table].write, bench.units[table].indexWrite].map(units =>
          units.toFixed(1),
        ),
      ]),
      ['together', (state.read + ledger.read).toFixed(1), written.toFixed(1), ''],
      ['promise: at most 150 write units', '', verdict(written <= 150), ''],
    ],
  )
  print(
    'AWS, US dollars for 1,000 such forms (us-east-1, on demand, prices of November 2024)',
    ['what', 'a form', '1,000 forms'],
    costs(bench).map(([what, amount, dollars]) => [what, amount, `$ ${(dollars * 1000).toFixed(4)}`]),
  )
}

/** Functions are charged for longer than they ran: for all the time until the last account was open, as if none had waited. */
function costs({ units, answered, usable }: FormsBench): (readonly [string, string, number])[] {
  const { state, ledger } = units
  const written = state.write + ledger.write
  const read = state.read + ledger.read
  const workers = Object.values(usable).map(times => quantile(times, 0.5) / 1000)
  const gigabyteSeconds =
    (quantile(answered, 0.5) / 1000) * 1.769 + workers.reduce((total, time) => total + time * 0.512, 0)
  // One call files; three workers run, mail's a second time when the directory is done.
  const calls = 1 + workers.length + 1
  // A batch a queue is sent, received and deleted, and mail's bell is rung once more.
  const messages = 3 * calls
  const parts: (readonly [string, string, number])[] = [
    ['DynamoDB, written', `${written.toFixed(0)} units`, written * price.writeUnit],
    ['DynamoDB, read', `${read.toFixed(0)} units`, read * price.readUnit],
    ['API Gateway', '1 request', price.httpRequest],
    [
      'Lambda, at most',
      `${calls} calls, ${gigabyteSeconds.toFixed(2)} GB·s`,
      calls * price.lambdaCall + gigabyteSeconds * price.lambdaGigabyteSecond,
    ],
    ['SQS', `${messages} requests`, messages * price.queueRequest],
  ]
  return [...parts, ['together', '', parts.reduce((total, [, , dollars]) => total + dollars, 0)]]
}

async function digests(): Promise<void> {
  const days = await benchDigests()
  print(
    'Digests: one walk over 2,000 people, each of whom has an access that ends',
    ['day', 'time', 'read units', 'write units', 'US dollars'],
    days.map(({ day, milliseconds: time, read, write }) => [
      day,
      milliseconds(time),
      read.toFixed(0),
      write.toFixed(0),
      `$ ${(read * price.readUnit + write * price.writeUnit).toFixed(4)}`,
    ]),
  )
}

async function doors(): Promise<void> {
  // A minute of it: 1,200,000 events. Fewer seconds tell the same of each event.
  const seconds = Number(process.env.DOOR_SECONDS ?? 60)
  const bench = await benchDoors(200, seconds)
  const { events, uploads, repeated, late, lost, doubled, write, read } = bench
  const each = (units: number) => (units / events).toFixed(4)
  print(
    `Doors: ${bench.devices} devices × 100 events a second for ${seconds} s, on the embedded DynamoDB`,
    ['what', 'count', 'an event', 'promise'],
    [
      ['events', String(events), '', ''],
      ['uploads, of them twice, late', `${uploads}, ${repeated}, ${late}`, '', ''],
      ['lost', String(lost), '', verdict(lost === 0)],
      ['kept twice', String(doubled), '', verdict(doubled === 0)],
      ['write units', write.toFixed(0), each(write), verdict(write / events <= 0.2)],
      ['read units', read.toFixed(0), each(read), ''],
      [
        'US dollars a million events',
        '',
        `$ ${(((write * price.writeUnit + read * price.readUnit) / events) * 1e6).toFixed(3)}`,
        '',
      ],
      ['time on this machine', milliseconds(bench.milliseconds), '', ''],
    ],
  )
}

const sections: Record<string, () => Promise<void>> = { directory, mail, erp, bundles, forms, digests, doors }
const wanted = process.argv.slice(2)
const unknown = wanted.filter(name => !(name in sections))
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}: choose of ${Object.keys(sections).join(', ')}.`)
  process.exit(1)
}
for (const [name, run] of Object.entries(sections))
  if (wanted.length === 0 || wanted.includes(name)) await run()
