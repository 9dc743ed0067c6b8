import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { mustBe } from '../../../infra/local/client.ts'
import type { Contract } from '../../../schemas/contract.ts'
import type { Role } from '../../../schemas/role.ts'
import type { Laptop } from '../../servers/laptop.ts'
import { formsOf, inventCrowd, listOf, type Member, type Office, officesFor, sampleOf } from './crowd.ts'
import type { Sampled } from './logins.ts'

export type Say = (sentence: string) => void

/** The laptop, whoever acts on it, and the crowd that is brought into it. */
export interface Town {
  readonly laptop: Laptop
  readonly say: Say
  readonly year: number
  /** The first instant of the next year: where every yearly contract ends. */
  readonly midnight: number
  readonly offices: readonly Office[]
  readonly members: readonly Member[]
  readonly who: Readonly<Record<'hr' | 'security', string>>
}

const triesOfCall = 12
const rowsOfList = 200
const callsAtOnce = 2
const longestMinutes = 45

export function planTown(laptop: Laptop, say: Say, year: number, midnight: number, people: number): Town {
  const { units } = laptop.organisation
  const offices = officesFor(units, people)
  const inRole = (role: Role): string =>
    laptop.organisation.people.find(({ roles }) => roles.includes(role))?.nationalId ?? ''
  return {
    laptop,
    say,
    year,
    midnight,
    offices,
    members: inventCrowd(people, year, offices),
    who: { hr: inRole('hr'), security: inRole('security') },
  }
}

/** A call whose key makes it safe to repeat where the laptop was too busy to answer; otherwise what a client would see. */
export async function ask(
  { laptop, say }: Town,
  caller: string,
  [method, path]: readonly [string, string],
  body?: unknown,
) {
  const text = typeof body === 'string'
  const headers = {
    ...(method === 'POST' && { 'idempotency-key': randomUUID() }),
    ...(text && { 'content-type': 'text/csv; charset=utf-8' }),
  }
  for (let attempt = 1; ; attempt++) {
    const started = performance.now()
    const answer = await laptop.as(caller, method, path, body, headers)
    if (answer.status < 500 && answer.status !== 429) return answer
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    say(`${method} ${path.split('?')[0]} answered ${answer.status} after ${seconds} s; asked again`)
    if (attempt === triesOfCall) return answer
    await pause(1_000 * attempt)
  }
}

/** Each of a list, some at once. */
export async function each<T>(
  list: readonly T[],
  atOnce: number,
  work: (one: T) => Promise<void>,
): Promise<void> {
  const rest = list.values()
  const worker = async () => {
    for (const one of rest) await work(one)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

/** Waits until nothing is due by the clock. False: something still is, after so long. */
export async function settle(
  { laptop, say }: Town,
  what: string,
  minutes = longestMinutes,
): Promise<boolean> {
  const started = Date.now()
  while (Date.now() - started < minutes * 60_000) {
    const { status, body } = await laptop.client('GET', '/local/idle')
    if (status === 200) return true
    const waited = Math.round((Date.now() - started) / 1000)
    say(`${what}: ${body.due} due, ${body.inFlight} under way after ${waited} s`)
  }
  return false
}

/** The crowd, hired by lists and hung under units of its own. */
export async function hire(town: Town): Promise<void> {
  const { laptop, who, offices, members } = town
  const parent = laptop.organisation.units.find(unit => unit.parent === null)?.id ?? null
  for (const { id, name, head } of offices) {
    const answer = await ask(town, who.hr, ['PUT', `/units/${id}`], {
      name,
      parent,
      head: { nationalId: head },
    })
    mustBe(answer, 201, 'PUT /units/{id}')
  }
  await sendList(town, members, ({ contract }) => contract)
}

/** What the personnel office's lists were answered, added up. */
export async function sendList(
  town: Town,
  members: readonly Member[],
  contract: (member: Member) => Contract,
): Promise<{ applied: number; stopped: number }> {
  let [applied, stopped] = [0, 0]
  for (let first = 0; first < members.length; first += rowsOfList) {
    const csv = listOf(members.slice(first, first + rowsOfList), contract)
    const answer = mustBe(await ask(town, town.who.hr, ['POST', '/people'], csv), 200, 'POST /people')
    if (answer.faults.length > 0) throw new Error(`a list had faults: ${JSON.stringify(answer.faults[0])}`)
    applied += answer.applied
    stopped += answer.stopped ?? 0
  }
  return { applied, stopped }
}

/** Real forms, signed by the heads; every line has to be accepted. */
export async function fileForms(town: Town, module: string): Promise<number> {
  const forms = town.offices.flatMap(({ id, head }) =>
    formsOf(town.members, id, module).map(form => ({ head, form })),
  )
  let [filed, lines] = [0, 0]
  await each(forms, callsAtOnce, async ({ head, form }) => {
    const answer = mustBe(await ask(town, head, ['POST', '/requests'], form), 201, 'POST /requests')
    const refused = answer.lines.filter(({ status }: { status: string }) => status !== 'accepted')
    const other = refused.filter(({ status }: { status: string }) => !/progress|done/.test(status))
    if (other.length > 0) throw new Error(`a line was not accepted: ${JSON.stringify(other[0])}`)
    lines += answer.lines.length
    filed++
    town.say(`${filed} of ${forms.length} forms filed`)
  })
  return lines
}

export interface AccountSeen {
  readonly personId: string
  readonly system: string
  readonly name: string
  readonly state: string
  readonly expiresAt: string | null
  readonly converged: boolean
  readonly parked: boolean
}

export async function accountsOf(town: Town, nationalId: string): Promise<AccountSeen[]> {
  const answer = await ask(town, town.who.security, ['GET', `/people/${nationalId}`])
  const { person, accounts } = mustBe(answer, 200, 'GET /people/{nationalId}')
  return accounts.map((account: object) => ({ personId: person.personId, ...account }))
}

/** Passwords, set by the people themselves, for a few of each fate: hashing thousands would measure the hash. */
export async function chooseSample(town: Town, eachFate: number): Promise<Sampled[]> {
  const sampled: Sampled[] = []
  await each(sampleOf(town.members, eachFate), 2, async member => {
    const password = `Copihue-${randomUUID().slice(0, 8)}-al-sur`
    for (const system of ['directory', 'mail']) {
      const answer = await ask(town, member.nationalId, ['POST', `/me/credentials/${system}`], { password })
      mustBe(answer, 200, 'POST /me/credentials/{system}')
    }
    const accounts = await accountsOf(town, member.nationalId)
    sampled.push({
      member,
      password,
      names: Object.fromEntries(accounts.map(({ system, name }) => [system, name])),
    })
  })
  return sampled
}
