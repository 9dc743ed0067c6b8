import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Connector } from '../../functions/connectors/contract.ts'
import { createAdoptionStore } from '../../functions/stores/adoptions.ts'
import { createBadgeStore } from '../../functions/stores/badges.ts'
import { createCredentialStore } from '../../functions/stores/credentials.ts'
import { createDigestStore } from '../../functions/stores/digests.ts'
import { createDueLaneStore } from '../../functions/stores/due-lanes.ts'
import { createEndingGrantStore } from '../../functions/stores/ending-grants.ts'
import { createGuardStore } from '../../functions/stores/guards.ts'
import { createKeyHolderStore } from '../../functions/stores/key-holders.ts'
import { createLedgerStore, emptyChain } from '../../functions/stores/ledger.ts'
import { createListStore } from '../../functions/stores/lists.ts'
import { createNoticeStore } from '../../functions/stores/notices.ts'
import { createPeopleStore } from '../../functions/stores/people.ts'
import { createReadingStore } from '../../functions/stores/readings.ts'
import { createRequestStore, requestsAtOnce } from '../../functions/stores/requests.ts'
import { createStoppedBatchStore } from '../../functions/stores/stopped-batches.ts'
import { createStoppedFactStore } from '../../functions/stores/stopped-facts.ts'
import { createSystemStore } from '../../functions/stores/systems.ts'
import { openTables } from '../../functions/stores/tables.ts'
import { createTargetStore } from '../../functions/stores/targets.ts'
import { createTaskStore } from '../../functions/stores/tasks.ts'
import { createVisitStore } from '../../functions/stores/visits.ts'
import type { Credentials } from '../../functions/workflows/close-forgotten.ts'
import { type BrokenRun, convergeTarget } from '../../functions/workflows/converge-target.ts'
import type { Engine, LogCode } from '../../functions/workflows/engine.ts'
import { type Prepared, prepareDigests } from '../../functions/workflows/prepare-digests.ts'
import { readAccounts } from '../../functions/workflows/read-accounts.ts'
import { type Renewed, renewAccesses } from '../../functions/workflows/renew-accesses.ts'
import { type Post, type Posted, type Sent, sendNotice } from '../../functions/workflows/send-notice.ts'
import { type Submitted, submitRequest } from '../../functions/workflows/submit-request.ts'
import { sweepDue } from '../../functions/workflows/sweep-due.ts'
import { ancestorsOf } from '../../functions/workflows/tell-ends.ts'
import { tendCard } from '../../functions/workflows/tend-card.ts'
import sample from '../../infra/settings/valle-claro.json' with { type: 'json' }
import type { Contract } from '../../schemas/contract.ts'
import { LedgerEntry } from '../../schemas/ledger.ts'
import { RenewalOrder } from '../../schemas/renewal.ts'
import { Form } from '../../schemas/request.ts'
import { Settings, TargetId } from '../../schemas/settings.ts'
import type { Unit } from '../../schemas/unit.ts'
import { openTestTables } from './aws/tables.ts'
import { type MemoryTarget, memoryTarget } from './memory-target.ts'
import { tell } from './personnel.ts'

export const zoneDay = { now: Date.parse('2026-11-20T15:00:00.000Z') }

/** The engine on real stores, with targets in memory, a clock that stands still, and doorbells that are only written down. */
export async function openWorld(
  options: { settings?: Partial<Settings>; nastiness?: { seed: number; rate: number } } = {},
) {
  const dynamo = await openTestTables(options.nastiness === undefined ? {} : { nastiness: options.nastiness })
  const tables = openTables(
    { state: dynamo.stateTable, ledger: dynamo.ledgerTable, doors: dynamo.doorsTable },
    // Misfortunes are of the road: without any, the tables may as well be near.
    new DynamoDBClient({
      ...(options.nastiness === undefined ? dynamo.near : dynamo.client),
      maxAttempts: 5,
    }),
  )
  const rung: { personId: string; target: TargetId; urgent: boolean }[] = []
  const readingsRung: TargetId[] = []
  const notices: string[] = []
  const logged: LogCode[] = []
  const time = { now: zoneDay.now }
  const settings = Settings.parse({ ...sample, ...options.settings })
  const engine: Engine & Credentials = {
    settings,
    people: createPeopleStore(tables),
    targets: createTargetStore(tables, settings),
    tasks: createTaskStore(tables, settings),
    systems: createSystemStore(tables, settings),
    lanes: createDueLaneStore(tables),
    lists: createListStore(tables),
    guards: createGuardStore(tables),
    batches: createStoppedBatchStore(tables, settings),
    stoppedFacts: createStoppedFactStore(tables),
    requests: createRequestStore(tables, settings),
    keyHolders: createKeyHolderStore(tables),
    credentials: createCredentialStore(tables),
    bells: {
      ring: async rings => {
        rung.push(...rings)
        return 0
      },
      ringReading: async target => {
        readingsRung.push(target)
        return 0
      },
      ringNotices: async ids => {
        notices.push(...ids)
        return 0
      },
      waiting: async () => ({ normal: 0, urgent: 0 }),
    },
    clock: () => time.now,
    log: code => {
      logged.push(code)
    },
  }
  const targets: Record<TargetId, MemoryTarget> = {
    directory: memoryTarget('directory'),
    mail: memoryTarget('mail'),
    erp: memoryTarget('erp'),
    'data-centre': memoryTarget('data-centre'),
  }
  /** Stand in for the targets in memory. */
  const connectors: Partial<Record<TargetId, Connector>> = {}
  const units = new Map<string, Unit>()
  const rowOf = (unit: Unit) => ({ version: 1 as const, unit, head: emptyChain })
  const unitRegister = {
    some: async (ids: readonly string[]) =>
      ids.flatMap(id => {
        const unit = units.get(id)
        return unit === undefined ? [] : [rowOf(unit)]
      }),
    all: async () => [...units.values()].map(rowOf),
    withAncestors: async (id: string) => {
      const unit = units.get(id)
      return unit === undefined ? null : { unit, ancestors: ancestorsOf(unit, units) }
    },
  }
  const digests = createDigestStore(tables, settings)
  const noticeStore = createNoticeStore(tables)
  const mails: { from: string; to: string; subject: string; text: string }[] = []
  const calls: { body: string; milliseconds: number }[] = []
  /** What the mail service, and the help desk's program, answer. */
  const service: { answer: Posted } = { answer: { taken: true, messageId: 'sent' } }
  const post: Post = {
    ...engine,
    units: unitRegister,
    digests,
    notices: noticeStore,
    post: async mail => {
      if (service.answer.taken) mails.push(mail)
      return service.answer
    },
    call: async (body, milliseconds) => {
      if (service.answer.taken) calls.push({ body, milliseconds })
      return service.answer
    },
  }
  const ledger = createLedgerStore(tables)
  const badges = createBadgeStore(tables, settings)
  const readings = createReadingStore(tables)
  const ending = createEndingGrantStore(tables)

  async function converge(
    personIds: string | string[],
    target: TargetId,
    using: Engine = engine,
  ): Promise<BrokenRun[]> {
    return convergeTarget(
      {
        ...using,
        target,
        units: unitRegister,
        connector: connectors[target] ?? targets[target],
        ...(target === 'data-centre' && { alongside: run => tendCard({ ...using, badges }, run) }),
      },
      [personIds].flat(),
      new Date(time.now).toISOString(),
    )
  }

  return {
    dynamo,
    tables,
    engine,
    ledger,
    targets,
    connectors,
    units,
    unitRegister,
    ending,
    rung,
    readings,
    /** Ids of the mails that were rung for. */
    notices,

    adoptions: createAdoptionStore(tables),
    badges,
    visits: createVisitStore(tables, settings),
    /** Mails and calls that were taken, and what answers them. */
    mails,
    calls,
    service,
    post,
    logged,
    time,
    converge,

    /** Answers every doorbell and sweeps until nothing is due now. */
    async settle(using: Engine & Credentials = engine): Promise<void> {
      for (let round = 0; round < 50; round++) {
        const rings = rung.splice(0)
        for (const target of TargetId.options)
          for (const personId of new Set(
            rings.filter(ring => ring.target === target).map(ring => ring.personId),
          )) {
            const broken = await converge(personId, target, using)
            if (broken[0] !== undefined) throw broken[0].bug
          }
        for (const target of readingsRung.splice(0))
          await readAccounts(
            { ...using, target, readings, connector: connectors[target] ?? targets[target] },
            () => 1,
          )
        if (rung.length + readingsRung.length > 0) continue
        const swept = await sweepDue(using, new Date(time.now).toISOString())
        // Of a target that is out of reach a few are rung beside the count, to look whether it answers.
        if (rung.length + swept.rung + swept.requests + swept.walks + swept.batches === 0) return
      }
      throw new Error('the world does not settle')
    },

    /** A person in the register, hired into a unit. */
    async hire(
      nationalId: string,
      names: { givenNames: string; surnames: string },
      unit: string,
      contract: Contract,
      effectiveOn = contract.startsOn,
    ): Promise<string> {
      return tell(engine, {
        version: 1,
        id: crypto.randomUUID(),
        type: 'hired',
        nationalId,
        effectiveOn,
        person: { nationalId, ...names, position: 'Administrativo' },
        contract,
        unit,
        recordedAt: new Date(time.now).toISOString(),
      })
    },

    /** Files a form as somebody; roles by word. */
    async submit(
      callerId: string,
      form: unknown,
      more: {
        roles?: readonly ('hr' | 'it' | 'security' | 'authority')[]
        key?: string
        dryRun?: boolean
      } = {},
    ): Promise<Submitted | { refused: string }> {
      return submitRequest(
        { ...engine, units: unitRegister },
        {
          caller: { personId: callerId, roles: more.roles ?? [] },
          form: Form.parse(form),
          idempotency: more.key === undefined ? null : { key: more.key, bodyHash: JSON.stringify(form) },
          dryRun: more.dryRun ?? false,
          eventAt: new Date(time.now).toISOString(),
        },
      )
    },

    /** Renews as somebody; `calledAt`: when the call came, where it is got to later. */
    async renew(
      callerId: string,
      order: unknown,
      more: { using?: Engine; key?: string; dryRun?: boolean; calledAt?: string } = {},
    ): Promise<Renewed | { refused: string; detail?: string }> {
      return renewAccesses(
        {
          ...(more.using ?? engine),
          units: unitRegister,
          ending,
          requestsAtOnce,
        },
        {
          caller: { personId: callerId, roles: [] },
          order: RenewalOrder.parse(order),
          idempotency: more.key === undefined ? null : { key: more.key, bodyHash: JSON.stringify(order) },
          dryRun: more.dryRun ?? false,
          eventAt: more.calledAt ?? new Date(time.now).toISOString(),
        },
      )
    },

    /** Sweeps, and sends what it rang for. */
    async deliver(): Promise<Sent[]> {
      notices.splice(0)
      await sweepDue(engine, new Date(time.now).toISOString())
      const results: Sent[] = []
      for (const id of new Set(notices.splice(0))) results.push(await sendNotice(post, id))
      return results
    },

    /** Makes the digests, if it is time for them. */
    prepareDigests: (mayGoOn = () => true): Promise<Prepared> =>
      prepareDigests(
        { ...engine, units: unitRegister, digests, notices: noticeStore },
        new Date(time.now).toISOString(),
        mayGoOn,
      ),

    /** The person's account row in a target. */
    async row(personId: string, target: TargetId) {
      const row = (await engine.people.load(personId))?.targets.get(target)
      if (row === undefined) throw new Error('no such row')
      return row
    },

    /** All entries of a chain, parsed. */
    async entries(chain: string): Promise<LedgerEntry[]> {
      return (await ledger.chain(chain)).map(entry => LedgerEntry.parse(JSON.parse(entry.text)))
    },

    close: dynamo.close,
  }
}

export type World = Awaited<ReturnType<typeof openWorld>>
