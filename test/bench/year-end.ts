// `npm run year-end [-- --people 300 --down mail --renew-at 23:59:00 --keep]`: 31 December on the laptop, and what it takes.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Temporal } from 'temporal-polyfill'
import { mustBe } from '../../infra/local/client.ts'
import { type Laptop, startLaptop } from '../servers/laptop.ts'
import {
  checkClosed,
  checkLedger,
  checkLogins,
  checkOpened,
  checkRenewed,
  type Faults,
  note,
  openAccounts,
} from './year-end/checks.ts'
import { openClock } from './year-end/clock.ts'
import { type System, systems } from './year-end/crowd.ts'
import { type Consumed, type Marks, printFigures } from './year-end/figures.ts'
import { readActs } from './year-end/ledger.ts'
import { tryLogins } from './year-end/logins.ts'
import { passMidnight, readRenewals, sendBadFile, untilClosed } from './year-end/night.ts'
import { chooseSample, fileForms, hire, planTown, settle } from './year-end/town.ts'

const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '2000' },
    down: { type: 'string', default: 'mail' },
    'renew-at': { type: 'string', default: '23:59:00' },
    keep: { type: 'boolean', default: false },
  },
})
const people = Number(values.people)
const down = systems.find(system => system === values.down)
if (!Number.isInteger(people) || people < 20 || people > 20_000 || down === undefined) {
  console.error('--people wants a number from 20 to 20000, --down one of directory, mail, erp.')
  process.exit(1)
}

const zone = 'America/Santiago'
const sampledOfFate = 12
const started = performance.now()
const say = (sentence: string) =>
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(7)} s  ${sentence}`)

const at = (date: string, time: string) =>
  Temporal.PlainDateTime.from(`${date}T${time}`).toZonedDateTime(zone).epochMilliseconds

/** The next December that is not nearly over. */
function closingYear(now: number): number {
  const day = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone)
  return day.month === 12 && day.day >= 28 ? day.year + 1 : day.year
}

async function tell(laptop: Laptop, outage: System, renewTime: string): Promise<Faults> {
  const clock = await openClock(laptop)
  const year = closingYear(clock.now())
  const lastDay = `${year}-12-31`
  const midnight = at(`${year + 1}-01-01`, '00:00')
  const lasting = at(`${year + 1}-07-01`, '00:00')
  const town = planTown(laptop, say, year, midnight, people)
  const faults: Faults = new Map()
  const consumed = async (): Promise<Consumed> =>
    mustBe(await laptop.client('GET', '/local/consumed'), 200, 'GET /local/consumed')

  await clock.forwardTo(at(`${year}-12-01`, '10:00'))
  await settle(town, 'the body')
  const [begun, beforeOpening] = [clock.now(), await consumed()]
  await hire(town)
  say(`${town.members.length} people hired in ${town.offices.length} units`)
  const module = laptop.organisation.modules.find(({ sensitive }) => !sensitive)?.id ?? ''
  const lines = await fileForms(town, module)
  if (!(await settle(town, 'opening'))) note(faults, 'opening: not finished')
  const [opened, afterOpening] = [clock.now(), await consumed()]
  say(`${lines} lines filed and carried out`)
  await checkOpened(town, clock, faults, lasting)
  const sampled = await chooseSample(town, sampledOfFate)
  say(`${sampled.length} people have set their passwords`)

  const ends = new Map(
    town.members.map(({ nationalId, fate }) => [nationalId, fate === 'leaves' ? midnight : null]),
  )
  await clock.forwardTo(at(lastDay, '22:00'))
  const looked = Date.now()
  if (!(await settle(town, 'the daily look'))) note(faults, 'daily look: not finished')
  const dailyLook = (Date.now() - looked) / 1000
  say(`every account was looked at in ${dailyLook.toFixed(0)} s`)
  const logins = await tryLogins(laptop, clock, sampled, ({ nationalId }) => ends.get(nationalId) ?? null)
  try {
    await clock.forwardTo(at(lastDay, '23:00'))
    const beforeNight = await consumed()
    const { stopped, answered } = await sendBadFile(town)
    for (const { fate, nationalId } of town.members)
      if (fate === 'moved' && !stopped.has(nationalId)) ends.set(nationalId, midnight)
    if (!(await settle(town, 'the bad file'))) note(faults, 'bad file: not finished')
    const lists = await readRenewals(town)
    const renewAt = at(lastDay, renewTime)
    const night = await passMidnight(town, clock, logins, { down: outage, renewAt, lists })
    const closed = await untilClosed(town, clock, openAccounts(town, stopped))
    if (closed.open > 0) note(faults, `closing: ${closed.open} accounts or more still open at ${closed.at}`)
    const [ended, afterNight] = [clock.now(), await consumed()]
    say(`the night is over at ${closed.at}`)
    await pause(2_000)
    const tally = logins.tally()
    checkLogins(faults, tally)
    const renewedUntil = at(`${year + 2}-01-01`, '00:00')
    await checkClosed(town, clock, faults, { stopped, answered, renewedUntil, lasting })
    const acts = [
      ...(await readActs(town, begun, opened)),
      ...(await readActs(town, renewAt - 3_600_000, ended)),
    ]
    const renewals = checkRenewed(town, faults, acts)
    const entries = await checkLedger(town, faults, acts)
    const marks: Marks = { beforeOpening, afterOpening, beforeNight, afterNight }
    printFigures({
      town,
      clock,
      acts,
      marks,
      tally,
      night,
      renewals,
      lines,
      entries,
      stopped,
      dailyLook,
      down: outage,
      closedAt: closed.at,
    })
  } finally {
    await logins.close()
  }
  return faults
}

const dataDir = mkdtempSync(join(tmpdir(), 'llavero-year-end-'))
const laptop = await startLaptop(dataDir)
say(`a laptop runs over ${dataDir}`)
let faults: Faults
try {
  faults = await tell(laptop, down, values['renew-at'])
} finally {
  if (values.keep) await laptop.stop()
  else await laptop.discard()
}
for (const [what, times] of faults) console.error(`FAILED ${what}${times > 1 ? ` (${times} times)` : ''}`)
say(faults.size === 0 ? 'every check holds' : `${faults.size} kinds of faults`)
process.exit(faults.size === 0 ? 0 : 1)
