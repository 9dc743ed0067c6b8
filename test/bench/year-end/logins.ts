import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { Client as Ldap } from 'ldapts'
import pg from 'pg'
import type { Laptop } from '../../servers/laptop.ts'
import type { Clock } from './clock.ts'
import type { Member, System } from './crowd.ts'

export interface Sampled {
  readonly member: Member
  readonly password: string
  readonly names: Readonly<Partial<Record<System, string>>>
}

export interface Tally {
  readonly rounds: number
  readonly attempts: number
  /** Milliseconds between two rounds at most. */
  readonly longestGap: number
  readonly violations: readonly string[]
  /** When somebody who left was let in for the last time: milliseconds after the end, negative before it. */
  readonly lastLetIn: Readonly<Partial<Record<System, number>>>
  /** Logins refused to the renewed because their end was not moved before their target went down, until when. */
  readonly lateAfterOutage: ReadonlyMap<string, number>
}

const betweenRounds = 500
/** The two clocks are this near each other. */
const blur = 150

const mailQuery = `SELECT username AS name FROM mailbox
  WHERE username = ANY($1) AND active AND (valid_until IS NULL OR valid_until > $2)`
const erpQuery = `SELECT DISTINCT login AS name FROM usuarios JOIN permisos USING (id_usuario)
  WHERE login = ANY($1) AND vigente = 'S' AND (usuarios.vigente_hasta IS NULL OR usuarios.vigente_hasta > $2)
    AND (permisos.vigente_hasta IS NULL OR permisos.vigente_hasta > $2)`

/**
 * Tries the logins of a few people in every system, over and over, and holds each answer against what should be: a bind as the
 * person in the directory, and in mail and ERP the question that their servers ask, by the laptop's clock.
 *
 * @param endOf the instant from which nobody should be let in; null: at every moment they should
 */
export async function tryLogins(
  laptop: Laptop,
  clock: Clock,
  sampled: readonly Sampled[],
  endOf: (member: Member) => number | null,
) {
  const target = (id: string) => laptop.organisation.targets.find(one => one.id === id)
  const { url = '', ca = '' } = target('directory') ?? {}
  const ldap = new Ldap({
    url,
    tlsOptions: { ca: readFileSync(ca) },
    timeout: 20_000,
    connectTimeout: 20_000,
  })
  const [mail, erp] = await Promise.all(
    ['mail', 'erp'].map(async id => {
      const client = new pg.Client({ connectionString: target(id)?.url })
      await client.connect()
      return client
    }),
  )
  /** Times by the clock between which a target was down; null: it still is. */
  const outages: { readonly system: System; readonly from: number; to: number | null }[] = []
  const violations = new Set<string>()
  const lastLetIn: Partial<Record<System, number>> = {}
  const late = new Map<string, number>()
  let [rounds, attempts, longestGap, going] = [0, 0, 0, true]

  const judge = (one: Sampled, system: System, from: number, until: number, refusal: string | null) => {
    attempts++
    const { member } = one
    const end = endOf(member)
    const isDown = outages.some(
      outage => outage.system === system && until >= outage.from && from <= (outage.to ?? until),
    )
    const what = `${member.fate} in ${system}`
    if (refusal === null) {
      if (end === null) return
      if (member.fate === 'leaves')
        lastLetIn[system] = Math.max(lastLetIn[system] ?? Number.NEGATIVE_INFINITY, until - end)
      if (from > end + blur)
        violations.add(`${what}: let in ${Math.round((from - end) / 1000)} s after the end`)
      return
    }
    if (isDown || (end !== null && until >= end - blur)) return
    const outage = outages.find(({ system: of, to }) => of === system && to !== null && from > to)
    if (outage !== undefined && member.fate === 'renewed') late.set(`${member.nationalId} ${system}`, from)
    else violations.add(`${what}: refused at ${new Date(from).toISOString()} (${refusal})`)
  }

  async function inDirectory(): Promise<void> {
    for (const one of sampled) {
      const from = clock.now()
      let refusal: string | null = null
      try {
        await ldap.bind(`${one.names.directory}@valleclaro.example`, one.password)
      } catch (error) {
        refusal = /data (\w+)/.exec((error as Error).message)?.[1] ?? (error as Error).message
      }
      judge(one, 'directory', from, clock.now(), refusal)
    }
  }

  async function inDatabase(system: 'mail' | 'erp', client: pg.Client | undefined, query: string) {
    const asked = sampled.filter(({ names }) => names[system] !== undefined)
    const from = clock.now()
    const names = asked.map(one => one.names[system])
    const found = await client?.query<{ name: string }>(query, [names, new Date(from)])
    const letIn = new Set(found?.rows.map(({ name }) => name))
    for (const one of asked)
      judge(one, system, from, clock.now(), letIn.has(one.names[system] ?? '') ? null : 'no row')
  }

  async function go(): Promise<void> {
    let before = Date.now()
    while (going) {
      await Promise.all([
        inDirectory(),
        inDatabase('mail', mail, mailQuery),
        inDatabase('erp', erp, erpQuery),
      ])
      rounds++
      await pause(betweenRounds)
      longestGap = Math.max(longestGap, Date.now() - before)
      before = Date.now()
    }
  }
  const work = go()
  work.catch(() => undefined)

  return {
    goesDown: (system: System) => void outages.push({ system, from: clock.now(), to: null }),
    comesBack(system: System): void {
      for (const outage of outages) if (outage.system === system) outage.to = clock.now()
    },
    /** What was tried so far. */
    tally: (): Tally => ({
      rounds,
      attempts,
      longestGap,
      violations: [...violations],
      lastLetIn,
      lateAfterOutage: late,
    }),
    async close(): Promise<void> {
      going = false
      try {
        await work
      } finally {
        await Promise.all([ldap.unbind(), mail?.end(), erp?.end()])
      }
    },
  }
}
