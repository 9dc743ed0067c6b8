import fc from 'fast-check'
import { lineHash } from '../../functions/domain/line-hash.ts'
import { changeMode } from '../../functions/workflows/operate-target.ts'
import { sweepDue } from '../../functions/workflows/sweep-due.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { HrEvent } from '../../schemas/hr-event.ts'
import type { TargetId } from '../../schemas/settings.ts'
import type { MemoryAccount } from '../servers/memory-target.ts'
import type { Filed } from './clerk.ts'
import { type Mood, type Road, serials } from './doors.ts'
import { Killed, mortal } from './mortal.ts'
import { accesses, activation, formOf, namesOf } from './people.ts'
import { type CardAct, count, day, type Folder, inMemory, type Town, targets, units } from './town.ts'

const minute = 60_000

/** Whom a history is about: one person mainly, and colleagues whom the guard counts. */
export interface Scene {
  readonly town: Town
  readonly folder: Folder
  readonly everybody: readonly Folder[]
}

/** Something that happens to a person; told in words where a history is printed. */
export interface Chance {
  run(scene: Scene): Promise<void>
  [fc.toStringMethod](): string
}
const chance = (what: string, run: Chance['run']): Chance => ({ run, [fc.toStringMethod]: () => what })

/** As whoever fills in a form copies it from the last letter of appointment. */
const contractOf = ({ civil }: Town, { told, contract }: Folder): Contract =>
  told.filter(event => event.contract !== undefined && event.effectiveOn <= civil(0)).at(-1)?.contract ??
  contract

export async function file(town: Town, folder: Folder, unit: string | null, line: Filed): Promise<void> {
  const { nationalId } = folder
  const signed = unit ?? units[0]
  const form =
    line.act === 'give'
      ? formOf(signed, [
          activation(nationalId, accessOf(line), {
            until: line.until,
            contract: contractOf(town, folder),
          }),
        ])
      : formOf(signed, [], [{ nationalId, access: { system: line.target } }])
  const roles = unit === null ? (['hr'] as const) : []
  const answer = await town.world.submit(town.leader(unit ?? 'hr'), form, { roles })
  if (!('filed' in answer)) return
  const request = answer.filed.row.number
  // Rejected and observed lines give nothing; a form that is accepted may still be waiting to be applied.
  const decisions = answer.filed.lines.map(({ decision }) => decision)
  if (decisions.every(decision => decision === 'accepted')) {
    folder.filed.push({ line, request })
    if (line.act === 'give') folder.accepted.push(request)
  } else if (decisions[0] === 'observed') folder.observed.push({ request, line })
  else if (decisions[0] === 'awaiting-approval') folder.awaiting.push({ request, line: 'A1', given: line })
}

const accessOf = ({ target, doors }: Filed & { act: 'give' }) => ({
  ...accesses[target],
  ...(target === 'data-centre' && { doors: doors ?? serials }),
})

async function hashOf({ world }: Town, number: string): Promise<string> {
  const line = (await world.engine.requests.load(number))?.lines[0]
  return line === undefined ? '' : lineHash(line)
}

/** What was missing is an end of the year; whatever else was observed is only judged anew, by what is known by now. */
async function complete({ town, folder }: Scene): Promise<void> {
  const asked = folder.observed.shift()
  if (asked === undefined) return
  const { request: number, line } = asked
  if (line.act !== 'give') return
  const until = line.until ?? `${town.civil(0).slice(0, 4)}-12-31`
  const signer = town.leader(line.unit)
  const said = { number, line: 'A1', hash: await hashOf(town, number) }
  const answer = await town.lines.complete(signer, said, line.until === null ? { until } : {})
  if (!('status' in answer)) return
  const given = { ...line, until }
  if (answer.status === 'awaiting-approval') folder.awaiting.push({ request: number, line: 'A1', given })
  if (answer.status !== 'accepted') return
  folder.filed.push({ line: given, request: number })
  folder.accepted.push(number)
  count('completed')
}

async function answer({ town, folder }: Scene, correct: boolean): Promise<void> {
  const number = folder.accepted.at(-1)
  if (number === undefined) return
  const said = { number, line: 'A1', hash: await hashOf(town, number) }
  const words = correct ? { correct } : { correct, comment: 'No es lo pedido.' }
  const given = await town.lines.acknowledge(folder.personId, said, words)
  if ('status' in given) count(String(given.status))
}

const turnOfYear = ({ world, civil }: Town, date: string, hour: string): void => {
  const then = Date.parse(`${civil(0).slice(0, 4)}-${date}T${hour}:00:00Z`)
  if (then > world.time.now) world.time.now = then
}

async function renew({ town, folder }: Scene, unit: string): Promise<void> {
  const renewed = await town.world.renew(town.leader(unit), { unit, declaration: true, all: true })
  if (!('filed' in renewed)) return
  for (const { row, lines } of renewed.filed)
    for (const { line, kind, personId, decision, filed } of lines)
      if (kind === 'activation' && personId === folder.personId) {
        const { system } = filed.access
        const given = { act: 'give', target: system, unit, until: filed.until } as const
        if (decision === 'awaiting-approval') folder.awaiting.push({ request: row.number, line, given })
        if (decision !== 'accepted') continue
        folder.filed.push({ line: given, request: row.number })
        count('renewed')
      }
}

interface Event {
  readonly type: HrEvent['type']
  readonly days: number
  readonly leave?: string | undefined
  /** An earlier event that it corrects, counted back from the last. */
  readonly corrects?: number | undefined
  readonly next?: boolean
}

const eventOf = ({ town, folder }: Scene, { type, days, leave, corrects, next }: Event): HrEvent => {
  const { nationalId, contract, told } = folder
  const on = town.civil(days)
  const year = Number(town.civil(0).slice(0, 4)) + 1
  const supersedes = corrects === undefined ? undefined : told.at(-1 - corrects)?.id
  const longer = next
    ? { ...contract, type: 'contrata' as const, startsOn: `${year}-01-01`, endsOn: `${year}-12-31` }
    : { ...contract, endsOn: contract.endsOn === null ? town.civil(days + 40) : `${year}-12-31` }
  return {
    version: 1,
    id: crypto.randomUUID(),
    type,
    nationalId,
    effectiveOn: on,
    recordedAt: new Date(town.world.time.now).toISOString(),
    ...(type === 'hired' && {
      person: { nationalId, ...namesOf(nationalId), position: 'Administrativo' },
      contract: town.planta,
      unit: units[0],
    }),
    ...(type === 'contract-renewed' && { contract: longer }),
    ...(type === 'transferred' && { unit: units[1] }),
    ...(type === 'leave-started' && leave !== undefined && { leave }),
    ...(supersedes !== undefined && { supersedes }),
  }
}

/** What somebody does in a target by hand, with no act of ours. */
const hands = {
  opens: account => {
    account.enabled = true
  },
  closes: account => {
    account.enabled = false
  },
  'gives a right': account => {
    account.rights.set('by-hand', { id: 'by-hand', operations: [], specific: [], until: null })
  },
  'takes the rights': account => account.rights.clear(),
  'moves the end': account => {
    account.expiresAt = null
  },
} satisfies Record<string, (account: MemoryAccount) => void>

const target = fc.constantFrom(...targets)
const remembered = fc.constantFrom(...inMemory)
const serial = fc.constantFrom(...serials)
const unit = fc.constantFrom(...units)
type Judge = 'security' | 'authority'
const bothJudges = fc.constantFrom<Judge[]>(['security', 'authority'], ['authority', 'security'])
const judges = fc.oneof(fc.constantFrom<Judge[]>(['security'], ['authority']), bothJudges)
const judgement = {
  verdict: fc.constantFrom('release' as const, 'discard' as const),
  dies: fc.option(fc.integer({ min: 1, max: 60 })),
}
const judged = (one: { roles: readonly Judge[]; verdict: string; dies: number | null }) =>
  `${one.roles.join(' and ')} say ${one.verdict}${one.dies === null ? '' : `, dying at moment ${one.dies}`}`
const holders = fc.constantFrom('seguridad', 'alcaldia')
const fault = fc.record({
  kind: fc.constantFrom('unreachable' as const, 'refused' as const),
  retryable: fc.boolean(),
  after: fc.boolean(),
})

const forms: fc.WeightedArbitrary<Chance>[] = [
  {
    weight: 8,
    arbitrary: fc
      .record({ target, unit, days: fc.option(fc.integer({ min: 0, max: 90 })) })
      .map(({ target, unit, days }) =>
        chance(`${unit} gives ${target} for ${days ?? 'ever'}`, ({ town, folder }) => {
          const until = days === null ? null : town.civil(days)
          return file(town, folder, unit, { act: 'give', target, unit, until })
        }),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ target: fc.constantFrom<TargetId | 'all'>(...targets, 'all'), unit: fc.option(unit) })
      .map(({ target, unit }) =>
        chance(`${unit ?? 'hr'} takes ${target}`, ({ town, folder }) =>
          file(town, folder, unit, { act: 'take', target, unit }),
        ),
      ),
  },
  { weight: 5, arbitrary: fc.constant(chance('an observed line is completed', complete)) },
  {
    weight: 4,
    arbitrary: fc
      .boolean()
      .map(correct =>
        chance(`the person says it is ${correct ? 'right' : 'wrong'}`, scene => answer(scene, correct)),
      ),
  },
  {
    weight: 3,
    arbitrary: unit.map(unit =>
      chance(`${unit} renews what ends with the year`, scene => renew(scene, unit)),
    ),
  },
]

const facts: fc.WeightedArbitrary<Chance>[] = [
  {
    weight: 4,
    arbitrary: fc
      .record({
        type: fc.constantFrom<HrEvent['type']>(
          'terminated',
          'hired',
          'contract-renewed',
          'contract-ended',
          'transferred',
          'leave-started',
          'leave-ended',
        ),
        days: fc.integer({ min: -5, max: 10 }),
        leave: fc.constantFrom(undefined, 'feriado', 'comision'),
        corrects: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, fc.nat({ max: 2 })),
        next: fc.boolean(),
      })
      .map(event =>
        chance(`event ${JSON.stringify(event)}`, scene =>
          scene.town.tell(scene.folder, eventOf(scene, event)),
        ),
      ),
  },
  {
    weight: 2,
    arbitrary: fc.nat({ max: 2 }).map(back =>
      chance(`the event ${back} before the last comes again`, async ({ town, folder }) => {
        const again = folder.told.slice(1).at(-1 - back)
        if (again !== undefined) await town.tell(folder, again)
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .integer({ min: -2, max: 3 })
      .map(days =>
        chance(`a file dismisses everybody in ${days} days`, ({ town, everybody }) =>
          town.dismiss(everybody, town.civil(days)),
        ),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({
        by: holders,
        kind: fc.constantFrom('suspension' as const, 'sanction' as const),
        days: fc.option(fc.nat({ max: 10 })),
      })
      .map(({ by, kind, days }) =>
        chance(`${by} places a ${kind} for ${days ?? 'ever'}`, ({ town, folder }) =>
          town.suspend(folder, by, kind, days === null ? null : town.civil(days)),
        ),
      ),
  },
  {
    weight: 2,
    arbitrary: holders.map(by =>
      chance(`${by} ends what others hold`, ({ town, folder }) => town.free(folder, by)),
    ),
  },
  {
    weight: 7,
    arbitrary: fc.record({ roles: judges, ...judgement }).map(({ roles, verdict, dies }) =>
      chance(judged({ roles, verdict, dies }), async ({ town }) => {
        for (const role of roles) await town.judge(role, verdict, dies)
      }),
    ),
  },
]

const machines: fc.WeightedArbitrary<Chance>[] = [
  {
    weight: 4,
    arbitrary: fc.constantFrom(minute, 3 * minute, 6 * 60 * minute, day, 20 * day).map(passed =>
      chance(`${passed / minute} minutes pass`, async ({ town }) => {
        town.world.time.now += passed
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('12-30', '12-31')
      .map(date => chance(`it is ${date}`, async ({ town }) => turnOfYear(town, date, '15'))),
  },
  {
    weight: 2,
    arbitrary: fc.record({ target: remembered, fault: fc.option(fault) }).map(({ target, fault }) =>
      chance(`${target} from now on: ${JSON.stringify(fault)}`, async ({ town }) => {
        town.world.targets[target].fault = fault
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ target, mode: fc.constantFrom('paused' as const, 'active' as const) })
      .map(({ target, mode }) => chance(`${target} is ${mode}`, ({ town }) => setMode(town, target, mode))),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({
        target: remembered,
        hand: fc.constantFrom(...(Object.keys(hands) as (keyof typeof hands)[])),
      })
      .map(({ target, hand }) =>
        chance(`somebody ${hand} in ${target}`, async ({ town, folder }) => {
          for (const account of town.world.targets[target].accounts.values())
            if (account.owner === folder.nationalId) hands[hand](account)
        }),
      ),
  },
  {
    weight: 5,
    arbitrary: fc
      .record({ target, at: fc.integer({ min: 1, max: 40 }) })
      .map(({ target, at }) =>
        chance(`the worker of ${target} dies at moment ${at}`, ({ town, folder }) =>
          mortal(town.world, at).converge([folder.personId], target),
        ),
      ),
  },
  {
    weight: 2,
    arbitrary: target.map(target =>
      chance(`the doorbell of ${target} is heard twice at once`, async ({ town: { world }, folder }) => {
        const twice = [world.converge(folder.personId, target), world.converge(folder.personId, target)]
        for (const { bug } of (await Promise.all(twice)).flat()) throw bug
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 1, max: 30 }).map(at =>
      chance(`the sweeper dies at moment ${at}`, async ({ town: { world } }) => {
        const { engine } = mortal(world, at)
        await sweepDue(engine, new Date(world.time.now).toISOString()).catch(error => {
          if (!(error instanceof Killed)) throw error
        })
      }),
    ),
  },
]

/** What happens at the doors, and with cards (R15, R18). */
const atTheDoors: fc.WeightedArbitrary<Chance>[] = [
  {
    weight: 4,
    arbitrary: fc
      .record({
        unit,
        which: fc.subarray([...serials], { minLength: 1 }),
        days: fc.option(fc.nat({ max: 90 })),
      })
      .map(({ unit, which, days }) =>
        chance(`${unit} gives ${which.join(' and ')} for ${days ?? 'ever'}`, ({ town, folder }) => {
          const until = days === null ? null : town.civil(days)
          return file(town, folder, unit, { act: 'give', target: 'data-centre', unit, until, doors: which })
        }),
      ),
  },
  {
    weight: 5,
    arbitrary: fc
      .constantFrom('approve' as const, 'reject' as const)
      .map(decision =>
        chance(`the authority says ${decision}`, ({ town, folder }) => town.decide(folder, decision)),
      ),
  },
  {
    weight: 7,
    arbitrary: fc
      .constantFrom<CardAct>('hand over', 'hand over', 'sign', 'sign', 'return', 'lost', 'lost', 'copied')
      .map(act => chance(`card: ${act}`, ({ town, folder }) => town.tend(folder, act))),
  },
  {
    weight: 5,
    arbitrary: serial.map(serial =>
      chance(
        `${serial} talks, and whoever waits for it looks`,
        async ({ town: { doors, world }, folder }) => {
          await doors.talk(serial)
          for (const { bug } of await world.converge(folder.personId, 'data-centre')) throw bug
        },
      ),
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({ serial, road: fc.constantFrom<Road>('open', 'answers are lost', 'the function dies') })
      .map(({ serial, road }) =>
        chance(`the road of ${serial} from now on: ${road}`, async ({ town }) =>
          town.doors.road(serial, road),
        ),
      ),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({
        serial,
        mood: fc.constantFrom<Mood>(
          'well',
          'says yes and does nothing',
          'refuses',
          'does all twice',
          'never says so',
        ),
      })
      .map(({ serial, mood }) =>
        chance(`${serial} from now on: ${mood}`, async ({ town }) => town.doors.mood(serial, mood)),
      ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ serial, on: fc.boolean() }).map(({ serial, on }) =>
      chance(`${serial} is ${on ? 'on' : 'off'} the line`, async ({ town }) => {
        const device = town.doors.device(serial)
        if (on) device.goOnline()
        else device.goOffline()
      }),
    ),
  },
  {
    weight: 5,
    arbitrary: fc
      .record({ serial, act: fc.constantFrom('wipes' as const, 'takes off' as const, 'writes on' as const) })
      .map(({ serial, act }) =>
        chance(`somebody ${act} at ${serial}`, async ({ town, folder }) => {
          const row = (await town.world.engine.people.load(folder.personId))?.targets.get('data-centre')
          if (row === undefined) return
          town.doors.tamperWith(serial, row.name, act)
          count(`somebody ${act}`)
        }),
      ),
  },
  {
    weight: 2,
    arbitrary: serial.map(serial =>
      chance(`every card is shown to ${serial}`, async ({ town, folder }) => {
        for (const card of folder.cards) town.doors.device(serial).swipe(card)
      }),
    ),
  },
]

/** What by chance alone hardly ever follows on each other. */
const inTurn: fc.WeightedArbitrary<Chance>[] = [
  {
    weight: 5,
    arbitrary: fc
      .record({ days: fc.integer({ min: -1, max: 1 }), roles: bothJudges, ...judgement })
      .map(({ days, roles, verdict, dies }) =>
        chance(
          `a file dismisses everybody in ${days} days; ${judged({ roles, verdict, dies })}`,
          async ({ town, everybody }) => {
            await town.dismiss(everybody, town.civil(days))
            for (const role of roles) await town.judge(role, verdict, dies)
          },
        ),
      ),
  },
  {
    weight: 3,
    arbitrary: fc.record({ places: holders, ends: holders }).map(({ places, ends }) =>
      chance(`${places} places a suspension, and ${ends} ends what others hold`, async ({ town, folder }) => {
        await town.suspend(folder, places, 'suspension', null)
        await town.free(folder, ends)
      }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.record({ target, unit }).map(({ target, unit }) =>
      chance(`${unit} gives ${target}, and completes what is missing`, async scene => {
        await file(scene.town, scene.folder, unit, { act: 'give', target, unit, until: null })
        await complete(scene)
      }),
    ),
  },
]

export const chances: fc.Arbitrary<Chance> = fc.oneof(
  ...forms,
  ...facts,
  ...machines,
  ...atTheDoors,
  ...inTurn,
)

async function setMode(town: Town, target: TargetId, mode: 'paused' | 'active'): Promise<void> {
  const caller = { personId: town.leader('hr'), roles: ['it' as const] }
  const answer = await changeMode(town.operator, caller, target, { mode, reason: 'Traslado de servidor.' })
  if ('refused' in answer) throw new Error(JSON.stringify(answer))
  count(mode)
}

/** Everything works again, and days pass: parked rows have their daily try. */
export async function calm(town: Town): Promise<void> {
  town.doors.mend()
  for (const each of targets) {
    town.world.targets[each].fault = null
    if (await town.world.engine.systems.load(each)) await setMode(town, each, 'active')
  }
  for (let days = 0; days < 3; days++) {
    town.world.time.now += day + minute
    await town.settle()
  }
}
