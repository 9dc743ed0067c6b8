import { setTimeout as pause } from 'node:timers/promises'
import { mustBe } from '../../../infra/local/client.ts'
import type { Clock } from './clock.ts'
import type { Member, System } from './crowd.ts'
import type { tryLogins } from './logins.ts'
import { ask, each, sendList, settle, type Town } from './town.ts'

type Logins = Awaited<ReturnType<typeof tryLogins>>

const second = 1_000
const minute = 60_000
const outageMinutes = 10
/** How long after the outage everything has to be closed, by the clock. */
const patienceMinutes = 90

/** A bad file moves later ends to this night. Whom the guard let pass are the people who are not in its batches. */
export async function sendBadFile(town: Town): Promise<{ stopped: Set<string>; answered: number }> {
  const moved = town.members.filter(({ fate }) => fate === 'moved')
  const answer = await sendList(town, moved, ({ contract }) => ({
    ...contract,
    endsOn: `${town.year}-12-31`,
  }))
  const holds = await holdsOf(town)
  const stopped = new Set(holds.flatMap(({ losses }) => losses.flatMap(({ person }) => person ?? [])))
  town.say(
    `a bad file about ${moved.length} people: ${answer.applied} taken in, ${answer.stopped} of them stopped`,
  )
  return { stopped, answered: answer.stopped }
}

interface Hold {
  readonly cause: { readonly kind: string }
  readonly limit: number
  readonly state: string
  readonly losses: readonly { readonly person: string | null }[]
}

export async function holdsOf(town: Town): Promise<Hold[]> {
  const holds: Hold[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = cursor === '' ? '' : `?cursor=${encodeURIComponent(cursor)}`
    const answer = await ask(town, town.who.security, ['GET', `/holds${query}`])
    const page: { holds: Hold[]; cursor: string | null } = mustBe(answer, 200, 'GET /holds')
    holds.push(...page.holds)
    cursor = page.cursor
  }
  return holds
}

/** What each head has on the list of what ends, of those who will be renewed. */
export async function readRenewals(town: Town): Promise<Map<string, string[]>> {
  const wanted = new Set(
    town.members.flatMap(({ fate, nationalId }) => (fate === 'renewed' ? nationalId : [])),
  )
  const lists = new Map<string, string[]>()
  await each(town.offices, 2, async ({ id, head }) => {
    const grants: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const query = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const answer = await ask(town, head, ['GET', `/renewals?unit=${id}&year=${town.year}${query}`])
      const page: { renewals: { id: string; person: { nationalId: string } }[]; cursor: string | null } =
        mustBe(answer, 200, 'GET /renewals')
      for (const one of page.renewals) if (wanted.has(one.person.nationalId)) grants.push(one.id)
      cursor = page.cursor
    }
    lists.set(id, grants)
  })
  return lists
}

/** First the personnel office, then the heads. Answers the grants that were renewed, and how long both took. */
async function renew(town: Town, lists: ReadonlyMap<string, readonly string[]>) {
  const begun = Date.now()
  const renewed = town.members.filter(({ fate }) => fate === 'renewed')
  const next = town.year + 1
  await sendList(town, renewed, ({ contract }) => ({
    ...contract,
    startsOn: `${next}-01-01`,
    endsOn: `${next}-12-31`,
  }))
  town.say('the personnel office has renewed their contracts')
  const contractsAt = Date.now()
  let grants = 0
  await each(town.offices, 2, async ({ id, head }) => {
    for (let left = lists.get(id)?.length ?? 0; left > 0; ) {
      const order = { unit: id, year: town.year, grants: lists.get(id), declaration: true }
      const answer = await ask(town, head, ['POST', '/renewals'], order)
      const filed = mustBe(answer, 201, 'POST /renewals')
      for (const { lines } of filed.requests)
        for (const line of lines) {
          if (/rejected|observed|awaiting/.test(line.status))
            throw new Error(`a renewal was not accepted: ${JSON.stringify(line.reasons)}`)
          grants += line.grants.length
        }
      left = filed.left
    }
  })
  return { grants, contractsIn: contractsAt - begun, filedIn: Date.now() - contractsAt }
}

export interface NightFigures {
  /** Real milliseconds that the personnel office's lists took, and then the heads' renewals until all were filed. */
  readonly contractsIn: number
  readonly filedIn: number
}

/**
 * The last minutes of the year: the contracts and the accesses are renewed, a target goes down, midnight passes by itself, and
 * the target comes back ten minutes later.
 */
export async function passMidnight(
  town: Town,
  clock: Clock,
  logins: Logins,
  { down, renewAt, lists }: { down: System; renewAt: number; lists: ReadonlyMap<string, readonly string[]> },
): Promise<NightFigures> {
  const { laptop, say, midnight } = town
  const atLeast = midnight - 5 * second
  await clock.forwardTo(renewAt)
  const { grants, contractsIn, filedIn } = await renew(town, lists)
  const settling = settle(town, 'renewals', 10)
  const left = Math.max(0, atLeast - clock.now())
  const settled = await Promise.race([settling, pause(left, false)])
  const clockThen = new Date(clock.now()).toISOString()
  say(`${grants} accesses renewed; ${settled ? 'nothing is' : 'something may still be'} due at ${clockThen}`)
  if (settled) await clock.forwardTo(atLeast)
  const down_ = async (kind: 'down' | null) =>
    mustBe(
      await laptop.client('PUT', `/local/targets/${down}/fault`, { body: { kind } }),
      200,
      'PUT /local/targets/{id}/fault',
    )
  logins.goesDown(down)
  await down_('down')
  say(`${down} is down`)
  await pause(Math.max(0, midnight - clock.now()) + 2 * second)
  say('it is midnight')
  const back = midnight + outageMinutes * minute
  // By itself first, so that rates are real; what cannot be reached backs off meanwhile.
  await untilNobodyIsLeft(town, clock, down, back)
  for (let at = clock.now() + minute; at < back; at += minute) {
    await clock.forwardTo(at)
    await settle(town, 'the outage', 1)
  }
  await clock.forwardTo(back)
  await down_(null)
  logins.comesBack(down)
  say(`${down} is back`)
  return { contractsIn, filedIn }
}

interface Standing {
  readonly id: string
  readonly depth: number
}

const depths = async (town: Town): Promise<Standing[]> => {
  const it = town.laptop.organisation.people.find(({ roles }) => roles.includes('it'))?.nationalId ?? ''
  return mustBe(await ask(town, it, ['GET', '/targets']), 200, 'GET /targets').targets
}

async function untilNobodyIsLeft(town: Town, clock: Clock, down: System, until: number): Promise<void> {
  for (let told = 0; clock.now() < until; ) {
    const due = (await depths(town)).filter(({ id }) => id !== down)
    if (due.every(({ depth }) => depth === 0)) return
    if (Date.now() - told > 15_000) {
      town.say(`closing: ${due.map(({ id, depth }) => `${id} ${depth}`).join(', ')} left`)
      told = Date.now()
    }
    await pause(2_000)
  }
}

/** Minute by minute, until nothing of the night is left open. Answers the clock's time at which that was so. */
export async function untilClosed(
  town: Town,
  clock: Clock,
  isOpen: () => Promise<number>,
): Promise<{ open: number; at: string }> {
  const until = clock.now() + patienceMinutes * minute
  for (;;) {
    await settle(town, 'closing', 15)
    const open = await isOpen()
    if (open === 0 || clock.now() > until) return { open, at: new Date(clock.now()).toISOString() }
    town.say(`${open} accounts or more are still open at ${new Date(clock.now()).toISOString()}`)
    await clock.forwardTo(clock.now() + minute)
  }
}

export const isGone = (member: Member, stopped: ReadonlySet<string>): boolean =>
  member.fate === 'leaves' || (member.fate === 'moved' && !stopped.has(member.nationalId))
