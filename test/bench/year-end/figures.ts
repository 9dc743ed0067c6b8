import { price } from '../prices.ts'
import { print } from '../print.ts'
import type { Renewals } from './checks.ts'
import type { Clock } from './clock.ts'
import { type Member, type System, systems } from './crowd.ts'
import { type Act, isRenewal, type Rate, rateOf } from './ledger.ts'
import type { Tally } from './logins.ts'
import { isGone, type NightFigures } from './night.ts'
import type { Town } from './town.ts'

/** DynamoDB units by table and by index. */
export type Consumed = Readonly<Record<string, { readonly read: number; readonly write: number }>>
export type Marks = Readonly<
  Record<'beforeOpening' | 'afterOpening' | 'beforeNight' | 'afterNight', Consumed>
>

interface Figures {
  readonly town: Town
  readonly clock: Clock
  readonly acts: readonly Act[]
  readonly marks: Marks
  readonly tally: Tally
  readonly night: NightFigures
  readonly renewals: Renewals
  readonly lines: number
  readonly entries: number | null
  readonly stopped: ReadonlySet<string>
  readonly dailyLook: number
  readonly down: System
  readonly closedAt: string
}

/** Runs of one worker at once: on the laptop, and on AWS for normal and for urgent work. */
const runs = { laptop: 2, normal: 5, urgent: 3 }
const workerGigabytes = 0.512
const peopleOfBatch = 10
const great = 20_000
/** Bells that the sweeper has waiting for a target at most, and the seconds until it comes again. */
const sweep = { most: 5_000, seconds: 60 }

const has = (act: Act, step: string) => act.steps.includes(step)

/** What is told of each target: which acts, and by how many runs they are done at once on AWS. */
const phases: readonly {
  readonly name: string
  readonly lane: 'normal' | 'urgent'
  fits(act: Act, member: Member, stopped: ReadonlySet<string>): boolean
}[] = [
  { name: 'opening', lane: 'normal', fits: act => has(act, 'create') },
  {
    name: 'renewing',
    lane: 'urgent',
    fits: (act, { fate }) => isRenewal(act, fate),
  },
  {
    name: 'closing',
    lane: 'normal',
    fits: (act, member, stopped) => isGone(member, stopped) && has(act, 'disable'),
  },
  {
    name: 'tidying up',
    lane: 'normal',
    fits: (act, member, stopped) => isGone(member, stopped) && has(act, 'retire') && !has(act, 'disable'),
  },
]

const total = (before: Consumed, after: Consumed, kind: 'read' | 'write') =>
  Object.entries(after).reduce((sum, [where, units]) => sum + units[kind] - (before[where]?.[kind] ?? 0), 0)

const count = (value: number) => Math.round(value).toLocaleString('en')
const dollars = (value: number) => `$ ${value.toFixed(value < 1 ? 3 : 2)}`
const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(1)
const time = (instant: string | null) => (instant === null ? '' : instant.slice(11, 19))

/** As on AWS: a batch takes as long as here, and more of them run at once; nobody is rung faster than the sweeper rings. */
const onAws = ({ perSecond }: Rate, lane: 'normal' | 'urgent'): number =>
  Math.min((perSecond * runs[lane]) / runs.laptop, sweep.most / sweep.seconds)

export function printFigures(figures: Figures): void {
  const { town, clock, acts, stopped, tally, night, renewals, down } = figures
  const members = new Map(town.members.map(member => [member.nationalId, member]))
  const rates = phases.flatMap(phase =>
    systems.map(system => ({
      ...phase,
      system,
      rate: rateOf(acts, clock, members, system, (act, member) => phase.fits(act, member, stopped)),
    })),
  )
  const found = rates.filter(({ rate }) => rate.people > 0)
  print(
    `People a second, planned, acted on and read back (2 runs of each worker at once, all on this machine; ${down} was down)`,
    ['act', 'target', 'people', 'seconds', 'people/s', 'last at (UTC)', `${count(great)} on AWS`],
    found.map(({ name, system, lane, rate }) => [
      ...[name, system, count(rate.people), rate.seconds.toFixed(1), rate.perSecond.toFixed(1)],
      ...[time(rate.last), lasting(rate, lane, town.members.length)],
    ]),
  )
  printUnits(figures, found)
  const back = [...tally.lateAfterOutage.values()]
  const lines = [
    `${count(tally.attempts)} logins were tried in ${count(tally.rounds)} rounds, at most ${count(tally.longestGap)} ms apart; ${tally.violations.length} kinds of violations.`,
    `Whoever left was let in for the last time, in seconds after the end: ${systems.map(system => `${system} ${((tally.lastLetIn[system] ?? 0) / 1000).toFixed(1)}`).join(', ')}.`,
    `The contracts were renewed in ${seconds(night.contractsIn)} s, the accesses filed in ${seconds(night.filedIn)} s; the last account had its new end, read back, at ${time(renewals.last)} UTC; ${renewals.late} were late.`,
    `The guard stopped ${stopped.size} ends; the daily look at all accounts took ${figures.dailyLook.toFixed(0)} s; ${figures.lines} lines were filed.`,
    `All was closed and read back at ${time(figures.closedAt)} UTC; the ledger has ${figures.entries === null ? 'not been verified' : `${count(figures.entries)} entries`}.`,
    ...(back.length === 0
      ? []
      : [
          `${back.length} renewed logins in ${down} came back only after the outage, the last at ${time(new Date(Math.max(...back)).toISOString())} UTC.`,
        ]),
  ]
  console.log(`\n${lines.join('\n')}`)
}

/** Minutes for 20,000 people of the same mixture. */
function lasting(rate: Rate, lane: 'normal' | 'urgent', crowd: number): string {
  const wanted = (rate.people / crowd) * great
  return `${(wanted / onAws(rate, lane) / 60).toFixed(1)} min`
}

function printUnits({ town, marks }: Figures, rates: readonly { name: string; rate: Rate }[]): void {
  const seconds = (names: readonly string[]) =>
    rates.filter(({ name }) => names.includes(name)).reduce((sum, { rate }) => sum + rate.seconds, 0)
  const calls = (names: readonly string[]) =>
    rates.filter(({ name }) => names.includes(name)).reduce((sum, { rate }) => sum + rate.people, 0) /
    peopleOfBatch
  const parts = [
    { name: 'opening', from: marks.beforeOpening, to: marks.afterOpening, of: ['opening'] },
    {
      name: 'the night',
      from: marks.beforeNight,
      to: marks.afterNight,
      of: ['renewing', 'closing', 'tidying up'],
    },
  ].map(({ name, from, to, of }) => {
    const [write, read] = [total(from, to, 'write'), total(from, to, 'read')]
    const lambda =
      seconds(of) * runs.laptop * workerGigabytes * price.lambdaGigabyteSecond + calls(of) * price.lambdaCall
    // Each bell is sent, received and deleted, in tens at best; told as if one by one.
    const queue = calls(of) * peopleOfBatch * 3 * price.queueRequest
    return { name, write, read, cost: write * price.writeUnit + read * price.readUnit + lambda + queue }
  })
  const people = town.members.length
  print(
    'DynamoDB units, and US dollars on AWS (us-east-1, on demand, November 2024): tables, workers at most, queues',
    ['part', 'write units', 'a person', 'read units', 'dollars', `${count(great)} people`],
    parts.map(({ name, write, read, cost }) => [
      ...[name, count(write), (write / people).toFixed(1), count(read)],
      ...[dollars(cost), dollars((cost / people) * great)],
    ]),
  )
}
