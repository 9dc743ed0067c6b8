import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { TargetId } from '../../schemas/settings.ts'
import { openWorld, type World } from '../servers/world.ts'
import { killAtEachMoment, mortal } from './mortal.ts'
import {
  accesses,
  activation,
  formOf,
  manyMayGo,
  namesOf,
  nextNationalId,
  openUnit,
  planta,
} from './people.ts'
import { settledState } from './whole.ts'

vi.setConfig({ testTimeout: 300_000 })

const unit = 'dideco'
const day = 86_400_000

let world: World
let head: string
// A world for each: everybody in it is looked at every day.
beforeEach(async () => {
  world = await openWorld({ settings: { guard: manyMayGo } })
  head = await openUnit(world, unit)
})
afterEach(() => world.close())

interface Somebody {
  readonly nationalId: string
  readonly personId: string
}

async function hired(): Promise<Somebody> {
  const nationalId = nextNationalId()
  return { nationalId, personId: await world.hire(nationalId, namesOf(nationalId), unit, planta) }
}

const everything = ({ nationalId }: Somebody, until?: string) =>
  formOf(
    unit,
    Object.values(accesses).map(access => activation(nationalId, access, { until: until ?? null })),
  )
const nothing = ({ nationalId }: Somebody) => formOf(unit, [], [{ nationalId, access: { system: 'all' } }])

async function filed(form: object): Promise<void> {
  const submitted = await world.submit(head, form)
  if (!('filed' in submitted)) throw new Error('the form was not filed')
}
const today = () => new Date(world.time.now - 3 * 3_600_000).toISOString().slice(0, 10)

/** How a person gets to where a worker has something to do, and whose worker is killed there. */
const situations: Record<string, { in: readonly TargetId[]; arrange(somebody: Somebody): Promise<void> }> = {
  'opening an account': {
    in: ['directory', 'mail', 'erp'],
    async arrange(somebody) {
      await filed(everything(somebody))
    },
  },
  'closing an account': {
    in: ['directory', 'mail'],
    async arrange(somebody) {
      await filed(everything(somebody))
      await world.settle()
      await filed(nothing(somebody))
    },
  },
  'opening an account again': {
    in: ['directory'],
    async arrange(somebody) {
      await filed(everything(somebody))
      await world.settle()
      await filed(nothing(somebody))
      await world.settle()
      await filed(everything(somebody))
    },
  },
  'changing rights and end': {
    in: ['directory', 'erp'],
    async arrange(somebody) {
      await filed(everything(somebody))
      await world.settle()
      const until = `${Number(today().slice(0, 4)) + 1}-06-30`
      await filed(
        formOf(unit, [
          activation(
            somebody.nationalId,
            { system: 'directory', internetProfile: 'libre', removableStorage: true },
            { until },
          ),
          activation(somebody.nationalId, accesses.mail, { until }),
          activation(
            somebody.nationalId,
            { ...accesses.erp, operations: ['ingreso', 'modificacion'] },
            { until },
          ),
          activation(somebody.nationalId, { ...accesses.erp, module: 'adquisiciones' }),
        ]),
      )
    },
  },
  'cleaning up after the last day': {
    in: ['directory'],
    async arrange(somebody) {
      await filed(everything(somebody, today()))
      await world.settle()
      world.time.now += day
    },
  },
}

async function opened(target: TargetId, personId: string): Promise<void> {
  // Mail waits for the directory; what is killed here is mail's own run.
  if (target === 'mail') await world.converge(personId, 'directory')
}

async function recovered(): Promise<void> {
  // Longer than a lease: only then does another worker take the row of a dead one.
  world.time.now += 120_000
  await world.settle()
  world.time.now += 120_000
  await world.settle()
}

describe('a worker that is killed at any moment of a convergence', () => {
  for (const [situation, { in: targets, arrange }] of Object.entries(situations))
    it.each(targets)(`leaves nothing undone or done twice when ${situation} in %s`, async target => {
      const survivor = await hired()
      await arrange(survivor)
      await recovered()
      const expected = await settledState(world, survivor.personId)

      const deaths = await killAtEachMoment(async at => {
        const victim = await hired()
        await arrange(victim)
        await opened(target, victim.personId)
        const life = mortal(world, at)
        await life.converge([victim.personId], target)
        await recovered()
        expect(await settledState(world, victim.personId), `killed at moment ${at}`).toEqual(expected)
        return { dead: life.dead() }
      })
      expect(deaths).toBeGreaterThan(8)
    })

  it('does the work of a whole batch in the end, whoever of it was under way', async () => {
    const survivor = await hired()
    await filed(everything(survivor))
    await recovered()
    const expected = await settledState(world, survivor.personId)

    await killAtEachMoment(async at => {
      const batch = await Promise.all([hired(), hired(), hired()])
      for (const one of batch) await filed(everything(one))
      const life = mortal(world, at)
      await life.converge(
        batch.map(({ personId }) => personId),
        'directory',
      )
      await recovered()
      for (const { personId } of batch)
        expect(await settledState(world, personId), `killed at moment ${at}`).toEqual(expected)
      return { dead: life.dead() }
    })
  })

  it('backs off from a target that is down, and loses nothing of it by dying', async () => {
    const survivor = await hired()
    await filed(everything(survivor))
    await recovered()
    const expected = await settledState(world, survivor.personId)

    for (const after of [false, true])
      await killAtEachMoment(async at => {
        const victim = await hired()
        await filed(everything(victim))
        world.targets.erp.fault = { kind: 'unreachable', retryable: true, after }
        const life = mortal(world, at)
        await life.converge([victim.personId], 'erp')
        world.targets.erp.fault = null
        await recovered()
        expect(await settledState(world, victim.personId), `killed at moment ${at}`).toEqual(expected)
        return { dead: life.dead() }
      })
  })
})
