import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Settings, TargetId } from '../../schemas/settings.ts'
import { type Client, mustBe } from './client.ts'
import type { Cloud } from './cloud/index.ts'
import type { LocalDirectory } from './directory/index.ts'
import type { LocalDoors } from './doors.ts'
import { type Issuer, sitesOf } from './issuer.ts'
import { keepJson, keptJson } from './kept-json.ts'
import type { LocalPostgres } from './postgres/start-postgres.ts'
import { comparable, readSample } from './sample/body.ts'
import { fileSampleForm, seedSample } from './sample/seed.ts'

/** A clock set to "now" by a client arrives a little late: that much backward is no journey into the past. */
export const CLOCK_TOLERANCE_MS = 1_000

export type Fault = 'down' | 'frozen' | 'empty' | 'slow'

export interface Parts {
  readonly settings: Settings
  readonly issuer: Issuer
  readonly client: Client
  readonly cloud: Cloud
  readonly directory: LocalDirectory
  readonly postgres: LocalPostgres
  readonly doors: LocalDoors
  readonly dataDir: string
}

/** Remembered between starts, beside what tables and targets hold. */
interface State {
  /** The year of the sample body's contracts: the clock's when it was founded. */
  readonly year: number
  /** The sample form's number, once the sample body is whole. */
  readonly form?: string | undefined
  /** Milliseconds by which the clock is moved: what the tables say is due, is due by it. */
  readonly offset: number
  /** Secrets that an operator's hand has written, by name. */
  readonly secrets?: Readonly<Record<string, string>> | undefined
}

export type Bench = ReturnType<typeof openBench>

/** What the `/local/*` helpers move: clock, schedules, faults, tokens, and the state as right after boot. */
export function openBench({ settings, issuer, client, cloud, doors, dataDir, ...servers }: Parts) {
  const { directory, postgres } = servers
  const snapshotFile = join(dataDir, 'after-boot.json')
  const emptyFile = join(dataDir, 'before-boot.json')
  const stateFile = join(dataDir, 'state.json')
  const yearOf = (at: number) =>
    Number(new Date(at).toLocaleDateString('sv-SE', { timeZone: settings.timeZone }).slice(0, 4))
  let state: State = keptJson(stateFile) ?? { year: yearOf(Date.now()), offset: 0 }
  let sample = readSample(state.year, settings)
  const keep = (changed: State): void => {
    state = changed
    keepJson(stateFile, state)
    sample = readSample(state.year, settings)
  }
  keep(state)
  const samplePeople = sample.people.map(person => comparable(person.nationalId))
  const inRole = (role: string) =>
    issuer.tokenFor(sample.people.find(({ roles }) => roles.some(held => held === role))?.nationalId ?? '')
  /** Whom tokens are linked to already; the sample people were linked by the sample body. */
  let linked = new Set(samplePeople)
  let fresh = false
  let ready = false
  let turn: Promise<unknown> = Promise.resolve()

  const setFault = async (target: TargetId, kind: Fault | null) => {
    if (target === 'directory') return directory.setFault(kind)
    if (target === 'data-centre') return doors.setFault(kind)
    return postgres.setFault(target, kind)
  }

  /** Rings what is due. Answers how much was. */
  async function sweep(): Promise<number> {
    const swept = (await cloud.runSchedule('sweep-due')) as Record<
      'rung' | 'requests' | 'walks' | 'tasks' | 'notices' | 'batches',
      number
    >
    return swept.rung + swept.requests + swept.walks + swept.tasks + swept.notices + swept.batches
  }

  async function putBack(kept: {
    tables: Parameters<Cloud['restore']>[0]
    directory: never
    postgres: string
    doors?: Parameters<LocalDoors['restore']>[0]
  }) {
    await Promise.all(settings.targets.map(({ id }) => setFault(id, null)))
    await doors.restore(kept.doors ?? {}, () =>
      cloud.restore(kept.tables, async () => {
        directory.restore(kept.directory)
        await postgres.restore(kept.postgres)
      }),
    )
    linked = new Set(samplePeople)
  }

  async function restore(): Promise<void> {
    cloud.clock.reset()
    for (const name of Object.keys(state.secrets ?? {})) cloud.putSecret(name, null)
    const { year, form, ...kept } = keptJson(snapshotFile)
    await putBack(kept)
    keep({ year, form, offset: 0 })
    fresh = true
  }

  /** The sample body by real forms, then the sample form, until all of it stands in the targets. A kill may come between. */
  async function found(): Promise<void> {
    await seedSample(client, issuer, sample)
    const { number } = await fileSampleForm(client, issuer, sample)
    mustBe(await client('GET', '/local/idle'), 200, 'GET /local/idle')
    keep({ ...state, form: number })
  }

  /** Into the past: the body is founded anew by that clock, for what was granted today would not have begun by then. */
  async function foundAt(to: number): Promise<void> {
    const { tables } = keptJson(snapshotFile)
    keep({ year: yearOf(to), offset: to - Date.now() })
    const none = Object.fromEntries(Object.keys(tables).map(table => [table, []]))
    await putBack({ tables: none, ...keptJson(emptyFile) })
    await cloud.clock.set(to)
    await cloud.redeploy()
    await found()
    fresh = true
  }

  /** Keeps the state as right after boot, for every reset to come, also after a restart. */
  async function keepSnapshot(): Promise<void> {
    const held = await doors.snapshot()
    const [tables, kept] = await Promise.all([cloud.snapshot(), postgres.snapshot()])
    keepJson(snapshotFile, {
      ...state,
      tables,
      postgres: kept,
      directory: directory.snapshot(),
      doors: held,
    })
  }

  /**
   * Whoever held a lease died with the process before this one. On AWS a lease outlives the longest run, because nobody
   * can tell; here it is known.
   */
  async function endDeadLeases(): Promise<void> {
    const tables = await cloud.snapshot()
    const held = Object.values(tables).flatMap(items => items.filter(item => item.leaseUntil !== undefined))
    for (const item of held) delete item.leaseUntil
    if (held.length > 0) await cloud.restore(tables)
  }

  /** One change of the whole state after the other. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work)
    turn = mine.catch(() => undefined)
    return mine
  }

  return {
    issuer,
    setFault,
    schedules: cloud.schedules,
    now: cloud.clock.now,
    inFlight: () => cloud.pending().inFlight + cloud.pending().queued,
    /** Whether nobody has changed anything since the last reset. */
    isFresh: () => fresh,
    touch: () => {
      fresh = false
    },
    /** From then on `/health` is the product's. */
    isReady: () => ready,
    async moveClock(to: number): Promise<void> {
      if (to < cloud.clock.now() - CLOCK_TOLERANCE_MS) return inTurn(() => foundAt(to))
      if (to > cloud.clock.now()) fresh = false
      keep({ ...state, offset: to - Date.now() })
      await cloud.clock.set(to)
    },
    /** Founds the sample body where there is none, also one whose founding was interrupted; else finishes open work. */
    async start(): Promise<void> {
      await endDeadLeases()
      for (const [name, text] of Object.entries(state.secrets ?? {})) cloud.putSecret(name, text)
      if (state.offset !== 0) await cloud.clock.set(Date.now() + state.offset)
      const isFirst = keptJson(snapshotFile) === undefined
      if (isFirst && keptJson(emptyFile) === undefined)
        keepJson(emptyFile, { postgres: await postgres.snapshot(), directory: directory.snapshot() })
      if (state.form !== undefined) await client('GET', '/local/idle')
      else {
        if (!isFirst) await cloud.redeploy()
        await found()
        if (isFirst) await keepSnapshot()
      }
      ready = true
    },
    formNumber: () => state.form ?? '',
    sample: () => sample,
    runSchedule: cloud.runSchedule,
    /** Points a target elsewhere, until the next reset; null: back to the laptop's own. False: no such secret. */
    putSecret(name: string, text: string | null): boolean {
      if (!cloud.putSecret(name, text)) return false
      const { [name]: _, ...others } = state.secrets ?? {}
      keep({ ...state, secrets: text === null ? others : { ...others, [name]: text } })
      fresh = false
      return true
    },
    /** As the HR system would put one on the bus. Answers whether anybody takes it. */
    putEvent: cloud.putEvent,
    permissions: cloud.permissions,
    /** DynamoDB units since the start, by table and by index. */
    consumed: cloud.consumed,
    mails: cloud.mails,
    sweep,
    doors,
    /** True once the doors have fetched what there is, no function runs and no queue holds a message; false after that many milliseconds. */
    settled: async (patience: number): Promise<boolean> => {
      const deadline = Date.now() + patience
      if (!(await doors.settled(patience))) return false
      return Promise.race([
        cloud.quiet().then(() => true),
        sleep(Math.max(0, deadline - Date.now()), false, { ref: false }),
      ])
    },
    /** Null for somebody who is not in the register. */
    async tokenOf(nationalId: string): Promise<string | null> {
      if (!linked.has(comparable(nationalId))) {
        const path = `/people/${encodeURIComponent(nationalId)}`
        const known = await client('GET', path, { token: await inRole('hr') })
        if (known.status !== 200) return null
        const identity = { nationalId, issuer: issuer.url, subject: issuer.subjectOf(nationalId) }
        const call = { token: await inRole('security'), body: { identities: [identity] } }
        if ((await client('POST', '/identities', call)).status !== 200) return null
        linked.add(comparable(nationalId))
      }
      return issuer.tokenFor(nationalId)
    },
    /** False before there is a state to go back to. */
    async reset(): Promise<boolean> {
      if (keptJson(snapshotFile) === undefined) return false
      await inTurn(restore)
      return true
    },
    organisation: () => ({
      units: sample.units,
      people: sample.people,
      modules: settings.erpModules,
      doors: sitesOf(settings, issuer).map(({ secret, serials: [serial] }) => ({
        serial,
        siteSecret: secret,
        name: settings.doors.find(door => door.serial === serial)?.name,
      })),
      targets: [
        {
          id: 'directory',
          url: directory.url,
          ca: directory.caPath,
          baseDn: directory.baseDn,
          ...directory.administrator,
        },
        { id: 'mail', url: postgres.ownerUrl('mail') },
        { id: 'erp', url: postgres.ownerUrl('erp') },
      ],
      ledgerExport: null,
    }),
  }
}
