import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Settings, TargetId } from '../../schemas/settings.ts'
import type { Client } from './client.ts'
import type { Cloud } from './cloud/index.ts'
import type { LocalDirectory } from './directory/index.ts'
import type { Issuer } from './issuer.ts'
import { keepJson, keptJson } from './kept-json.ts'
import type { LocalPostgres } from './postgres/start-postgres.ts'
import { comparable, type SampleBody } from './sample/body.ts'
import { fileSampleForm, seedSample } from './sample/seed.ts'

/** A clock set to "now" by a client arrives a little late: that much backward is no journey into the past. */
export const CLOCK_TOLERANCE_MS = 1_000

export type Fault = 'down' | 'frozen' | 'empty' | 'slow'

export interface Parts {
  readonly settings: Settings
  readonly sample: SampleBody
  readonly issuer: Issuer
  readonly client: Client
  readonly cloud: Cloud
  readonly directory: LocalDirectory
  readonly postgres: LocalPostgres
  readonly dataDir: string
}

export type Bench = ReturnType<typeof openBench>

/** What the `/local/*` helpers move: clock, schedules, faults, tokens, and the state as right after boot. */
export function openBench({ settings, sample, issuer, client, cloud, directory, postgres, dataDir }: Parts) {
  const snapshotFile = join(dataDir, 'after-boot.json')
  const emptyFile = join(dataDir, 'before-boot.json')
  const clockFile = join(dataDir, 'clock.json')
  const samplePeople = sample.people.map(person => comparable(person.nationalId))
  const inRole = (role: string) =>
    issuer.tokenFor(sample.people.find(({ roles }) => roles.some(held => held === role))?.nationalId ?? '')
  /** Whom tokens are linked to already; the sample people were linked by the sample body. */
  let linked = new Set(samplePeople)
  let fresh = false
  let ready = false
  let turn: Promise<unknown> = Promise.resolve()

  const setFault = async (target: TargetId, kind: Fault | null) =>
    target === 'directory' ? directory.setFault(kind) : postgres.setFault(target, kind)

  /** Rings what is due. Answers how many rows and requests were. */
  async function sweep(): Promise<number> {
    const { rung, requests } = (await cloud.runSchedule('sweep-due')) as { rung: number; requests: number }
    return rung + requests
  }

  async function putBack(kept: {
    tables: Parameters<Cloud['restore']>[0]
    directory: never
    postgres: string
  }) {
    await Promise.all(settings.targets.map(({ id }) => setFault(id, null)))
    await cloud.restore(kept.tables, async () => {
      directory.restore(kept.directory)
      await postgres.restore(kept.postgres)
    })
    linked = new Set(samplePeople)
  }

  async function restore(): Promise<void> {
    cloud.clock.reset()
    keepJson(clockFile, { offset: 0 })
    await putBack(keptJson(snapshotFile))
    fresh = true
  }

  /** Into the past: the body is founded anew by that clock, for what was granted today would not have begun by then. */
  async function foundAt(to: number): Promise<void> {
    const { tables } = keptJson(snapshotFile)
    const none = Object.fromEntries(Object.keys(tables).map(table => [table, []]))
    await putBack({ tables: none, ...keptJson(emptyFile) })
    await cloud.clock.set(to)
    await cloud.redeploy()
    await seedSample(client, issuer, sample)
    await fileSampleForm(client, issuer, sample)
    do await cloud.quiet()
    while ((await sweep()) > 0)
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
    isReady: () => ready,
    /** From now on `/health` is the product's. */
    open: () => {
      ready = true
    },
    async moveClock(to: number): Promise<void> {
      keepJson(clockFile, { offset: to - Date.now() })
      if (to < cloud.clock.now() - CLOCK_TOLERANCE_MS) {
        turn = turn.catch(() => undefined).then(() => foundAt(to))
        await turn
        fresh = true
        return
      }
      if (to > cloud.clock.now()) fresh = false
      await cloud.clock.set(to)
    },
    /** A clock that was moved goes on from there after a restart: what the state says is due, is due by it. */
    async resumeClock(): Promise<void> {
      const { offset = 0 } = keptJson(clockFile) ?? {}
      if (offset !== 0) await cloud.clock.set(Date.now() + offset)
    },
    runSchedule: cloud.runSchedule,
    permissions: cloud.permissions,
    sweep,
    /** True once no function runs and no queue holds a message; false after that many milliseconds. */
    settled: (patience: number): Promise<boolean> =>
      Promise.race([cloud.quiet().then(() => true), sleep(Math.max(0, patience), false, { ref: false })]),
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
    /** The sample form's number, once the sample body is whole. */
    formNumber: (): string | undefined => keptJson(snapshotFile)?.form,
    /** Keeps the state as right after boot, for every reset to come, also after a restart. */
    async keepSnapshot(form: string): Promise<void> {
      const [tables, kept] = await Promise.all([cloud.snapshot(), postgres.snapshot()])
      keepJson(snapshotFile, { form, tables, postgres: kept, directory: directory.snapshot() })
    },
    /** Keeps the targets as they are before anything is filed. */
    async keepEmpty(): Promise<void> {
      keepJson(emptyFile, { postgres: await postgres.snapshot(), directory: directory.snapshot() })
    },
    /** One after the other; false before there is a state to go back to. */
    reset(): Promise<boolean> {
      if (keptJson(snapshotFile) === undefined) return Promise.resolve(false)
      turn = turn.catch(() => undefined).then(restore)
      return turn.then(() => true)
    },
    /**
     * Whoever held a lease died with the process before this one. On AWS a lease outlives the longest run, because nobody
     * can tell; here it is known.
     */
    async endDeadLeases(): Promise<void> {
      const tables = await cloud.snapshot()
      const held = Object.values(tables).flatMap(items => items.filter(item => item.leaseUntil !== undefined))
      for (const item of held) delete item.leaseUntil
      if (held.length > 0) await cloud.restore(tables)
    },
    organisation: () => ({
      units: sample.units,
      people: sample.people,
      modules: settings.erpModules,
      doors: settings.doors.map(({ serial, name }) => ({
        serial,
        siteSecret: issuer.secretOf(`door ${serial}`).slice(0, 24),
        name,
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
