import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import type { Connector } from '../../functions/connectors/contract.ts'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import { convergeTarget } from '../../functions/workflows/converge-target.ts'
import sample from '../../infra/settings/valle-claro.json' with { type: 'json' }
import type { Contract } from '../../schemas/contract.ts'
import { Settings, type TargetId } from '../../schemas/settings.ts'
import type { TargetRow } from '../../schemas/target.ts'
import { openWorld, type World } from '../servers/world.ts'
import { type Hazard, type HostileHarness, hazards } from './hostile-harness.ts'

const planta: Contract = { type: 'planta', regime: 'municipal', startsOn: '2020-03-01', endsOn: null }
const surnames = 'Llancaqueo Ñirripil'
const letters = 'abcdefghijklmnopqrstuvwxyz'
/** Whatever is entered from here; doors come by themselves, and what they do not answer is no failure. */
const entered = ['directory', 'mail', 'erp'] as const
const accessTo: Record<(typeof entered)[number], object> = {
  directory: { system: 'directory', internetProfile: 'controlado' },
  mail: { system: 'mail' },
  erp: { system: 'erp', module: 'contabilidad-gubernamental', type: 'consulta' },
}
/** Hazards under which the work goes on; under every other one it stops and is made good afterwards. */
const bearable: ReadonlySet<Hazard> = new Set(['slow', 'clock ten minutes off'])

/** What a test leaves for `docs/connectors.md`. */
declare module 'vitest' {
  interface TaskMeta {
    hazard?: string
    became?: string
  }
}

/**
 * One target made hostile under the whole engine, in every way of `hazards`, while the body's other targets are well.
 * In each: nobody loses access who should have it, nothing is called done that was not read back, no other target waits,
 * and afterwards everything that was filed meanwhile is done.
 */
export function describeHostility(title: string, openHarness: () => Promise<HostileHarness>): void {
  describe(title, () => {
    let harness: HostileHarness
    let world: World
    let head: string
    let target: TargetId
    const run = randomUUID().replaceAll('-', '').slice(0, 6)
    let serial = 0

    beforeAll(async () => {
      harness = await openHarness()
      target = harness.settings.id
      const { targets } = Settings.parse(sample)
      world = await openWorld({
        settings: { targets: [...targets.filter(other => other.id !== target), harness.settings] },
      })
      head = await world.hire(nextId(), { givenNames: 'Marta', surnames: 'Reyes Soto' }, 'dideco', planta)
      world.units.set('dideco', { id: 'dideco', name: 'Dideco', parent: null, head, deputies: [] })
    })
    afterAll(async () => {
      await world?.close()
      await harness?.close()
    })

    const nextId = () => {
      const digits = String(16_000_000 + ++serial)
      return `${digits}-${rutCheckDigit(digits)}`
    }

    /** Somebody new, in the register; the names are unlike anybody's of another run on the same server. */
    async function hired() {
      const id = nextId()
      const word = [...`${run}${serial}`].map(sign => letters[Number.parseInt(sign, 36) % 26]).join('')
      const names = { givenNames: `Elisa${word}`, surnames }
      return { id, names, personId: await world.hire(id, names, 'dideco', planta) }
    }
    type Hired = Awaited<ReturnType<typeof hired>>

    const open = (one: Hired) =>
      world.submit(head, {
        unit: 'dideco',
        activations: entered.map(system => ({
          person: { nationalId: one.id, ...one.names, position: 'Administrativo' },
          contract: planta,
          access: accessTo[system],
          until: null,
        })),
        declaration: true,
      })
    const shut = (one: Hired) =>
      world.submit(head, {
        unit: 'dideco',
        deactivations: [{ nationalId: one.id, access: { system: 'all' } }],
        declaration: true,
      })

    /** Answers for the hostile target with the real connector, for the others in memory. */
    async function work(people: readonly Hired[], times = 1): Promise<void> {
      for (let time = 0; time < times; time++)
        for (const each of entered) {
          const broken =
            each === target
              ? await convergeTarget(
                  { ...world.engine, target, units: world.unitRegister, connector: harness.connector },
                  people.map(one => one.personId),
                  new Date(world.time.now).toISOString(),
                )
              : await world.converge(
                  people.map(one => one.personId),
                  each,
                )
          expect(broken, 'a hazard is no bug').toEqual([])
        }
    }

    const isDone = (row: TargetRow) =>
      row.state === 'converged' && row.appliedVersion === row.desiredVersion && row.openIntent === null

    /** What the target holds of somebody, behind the connector's back. */
    const isOpen = async (one: Hired) => {
      const row = await world.row(one.personId, target)
      const found = await harness.look(row.observed?.name ?? row.name)
      expect(found.length, 'one account at most').toBeLessThan(2)
      return found[0]?.enabled === true
    }

    /** Whatever the row and the ledger say is done is so in the target. */
    async function expectHonest(one: Hired, wanted: boolean): Promise<void> {
      const row = await world.row(one.personId, target)
      if (isDone(row)) expect(await isOpen(one), 'what is called done is so').toBe(wanted)
      const entries = await world.entries(`target/${one.personId}/${target}`)
      const open = entries.filter(({ phase }) => phase === 'intended').length
      const closed = entries.filter(({ phase }) => ['succeeded', 'failed', 'unknown'].includes(phase)).length
      expect(open - closed, 'one outcome an intent').toBe(row.openIntent === null ? 0 : 1)
      for (const { phase, evidence } of entries)
        if (phase === 'succeeded') expect(evidence).toMatchObject({ readBack: true })
    }

    const elsewhere = entered.filter(each => each !== 'directory' || each !== target)
    async function expectOthersDone(one: Hired, wanted: boolean): Promise<void> {
      for (const each of elsewhere) {
        if (each === target) continue
        const row = await world.row(one.personId, each)
        // Mail waits for an account in the directory if both are wanted; that is its rule, not the hazard.
        if (each === 'mail' && target === 'directory' && wanted) continue
        expect(isDone(row), `${each} does not wait for ${target}`).toBe(true)
        expect(row.observed?.state, each).toBe(wanted ? 'enabled' : 'disabled')
      }
    }

    /** Every account that a walk told, or the error that broke it off. */
    async function walk(connector: Connector): Promise<readonly string[] | string> {
      const ids: string[] = []
      for (let cursor: string | null = null; ; ) {
        const page = await connector.list(cursor)
        if (!page.ok) return page.error.kind
        ids.push(...page.value.accounts.map(account => account.accountId))
        cursor = page.value.next
        if (cursor === null) return ids
      }
    }

    const tell = ({ task }: TestContext, hazard: Hazard, became: string) => {
      task.meta.hazard = hazard
      task.meta.became = became
    }

    /** One who has access, one who is to get it and one who is to lose it while the hazard holds. */
    async function cast() {
      const [keeps, gets, loses] = [await hired(), await hired(), await hired()]
      await open(keeps)
      await open(loses)
      await work([keeps, loses], 2)
      for (const one of [keeps, loses]) {
        expect(isDone(await world.row(one.personId, target))).toBe(true)
        expect(await isOpen(one)).toBe(true)
      }
      return { keeps, gets, loses }
    }

    async function expectAllDone({ keeps, gets, loses }: Awaited<ReturnType<typeof cast>>) {
      for (let round = 0; round < 6; round++) {
        world.time.now += 3_600_000
        await work([keeps, gets, loses])
        const rows = await Promise.all([keeps, gets, loses].map(one => world.row(one.personId, target)))
        if (rows.every(isDone)) break
      }
      for (const [one, wanted] of [
        [keeps, true],
        [gets, true],
        [loses, false],
      ] as const) {
        expect(await world.row(one.personId, target)).toMatchObject({ state: 'converged', openIntent: null })
        expect(await isOpen(one), 'afterwards all is as filed').toBe(wanted)
        await expectHonest(one, wanted)
        await expectOthersDone(one, wanted)
      }
    }

    for (const hazard of hazards) {
      if (hazard === 'restored from an old backup') continue
      it(`${hazard}: nobody loses access, nothing unread is called done, no other target waits`, {
        timeout: 240_000,
      }, async context => {
        const make = harness.hazards[hazard]
        if (typeof make === 'string') return tell(context, hazard, make)
        const people = await cast()
        const { keeps, gets, loses } = people
        const heal = await make()
        const faults = new Set<string>()
        let standsStill = false
        let listed: readonly string[] | string
        try {
          await open(gets)
          await shut(loses)
          await work([keeps, gets, loses], 2)
          for (const [one, wanted] of [
            [gets, true],
            [loses, false],
          ] as const) {
            await expectHonest(one, wanted)
            await expectOthersDone(one, wanted)
            const row = await world.row(one.personId, target)
            if (bearable.has(hazard)) expect(isDone(row), 'the work goes on').toBe(true)
            if (row.fault !== null) faults.add(row.fault)
            standsStill ||= !isDone(row)
          }
          if ((await world.engine.systems.load(target))?.outage != null) faults.add('out-of-reach')
          if (standsStill) expect(faults.size, 'that the work stands still is told').toBeGreaterThan(0)
          expect(await isOpen(keeps), 'who should have access keeps it').toBe(true)
          listed = await walk(harness.connector)
          const known = (await world.row(keeps.personId, target)).accountId ?? ''
          if (typeof listed === 'string') expect(bearable.has(hazard), 'a bearable hazard').toBe(false)
          else expect(listed, 'what ends without an error is whole').toContain(known)
        } finally {
          await heal()
        }
        await expectAllDone(people)
        const fault = [...faults].map(code => `\`${code}\``).join(', ')
        const list =
          typeof listed === 'string' ? `a listing breaks off (\`${listed}\`)` : 'listings are whole'
        tell(
          context,
          hazard,
          `${faults.size === 0 ? 'the work goes on' : `waits (${fault}), then made good`}; ${list}`,
        )
      })
    }

    it('restored from an old backup: the next look brings everybody back to what the record says', {
      timeout: 240_000,
    }, async context => {
      const take = harness.hazards['restored from an old backup']
      if (typeof take === 'string') return tell(context, 'restored from an old backup', take)
      const people = await cast()
      const { keeps, gets, loses } = people
      const putBack = await take()
      await open(gets)
      await shut(loses)
      await work([keeps, gets, loses], 3)
      expect(await isOpen(gets)).toBe(true)
      expect(await isOpen(loses)).toBe(false)
      await putBack()
      expect(await isOpen(loses), 'the backup has opened it again').toBe(true)
      world.time.now += 86_400_000
      if (harness.remake !== undefined) {
        await work([keeps, gets, loses], 2)
        const row = await world.row(gets.personId, target)
        expect([isDone(row), row.fault], 'nobody knows yet that it is lost').toEqual([false, 'misconfigured'])
        await harness.remake(row.name, gets.id)
      }
      await expectAllDone(people)
      const lost = harness.remake === undefined ? 'made again' : 'made again once IT has said that it is lost'
      tell(context, 'restored from an old backup', `closed again, ${lost}; the ledger tells each`)
    })
  })
}
