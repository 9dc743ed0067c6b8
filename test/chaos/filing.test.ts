import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { submitRequest } from '../../functions/workflows/submit-request.ts'
import { sweepDue } from '../../functions/workflows/sweep-due.ts'
import { Form } from '../../schemas/request.ts'
import { tell } from '../servers/personnel.ts'
import { openWorld, type World } from '../servers/world.ts'
import { Killed, killAtEachMoment, mortal } from './mortal.ts'
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
import { settledState, targets, wholeChain } from './whole.ts'

vi.setConfig({ testTimeout: 300_000 })

const unit = 'dideco'
let world: World
let head: string
// A world for each: everybody in it is looked at every day.
beforeEach(async () => {
  world = await openWorld({ settings: { guard: manyMayGo } })
  head = await openUnit(world, unit)
})
afterEach(() => world.close())

async function pair() {
  const ids = [nextNationalId(), nextNationalId()]
  const personIds: string[] = []
  for (const id of ids) personIds.push(await world.hire(id, namesOf(id), unit, planta))
  const form = formOf(
    unit,
    ids.flatMap(id => Object.values(accesses).map(access => activation(id, access))),
  )
  return { personIds, form }
}

/** Files a form in a process that dies at a moment. The client's key is the same whenever it tries again. */
async function fileIn(engine: World['engine'], form: object, key: string) {
  const place = world.units.get(unit)
  if (place === undefined) throw new Error('no unit')
  return submitRequest(
    { ...engine, units: { withAncestors: async () => ({ unit: place, ancestors: [] }) } },
    {
      caller: { personId: head, roles: [] },
      form: Form.parse(form),
      idempotency: { key, bodyHash: JSON.stringify(form) },
      dryRun: false,
      eventAt: new Date(world.time.now).toISOString(),
    },
  )
}

const unlessKilled = (error: unknown) => {
  if (!(error instanceof Killed)) throw error
}

async function recovered(): Promise<void> {
  for (let minutes = 0; minutes < 3; minutes++) {
    world.time.now += 120_000
    await world.settle()
  }
}

/** How many requests of the unit there are. */
const requests = () => world.engine.requests.numbersOfUnit(unit, null, 10_000)

describe('filing a form in a process that is killed', () => {
  it('files it whole or not at all, and the sweeper finishes what was filed', async () => {
    const survivors = await pair()
    await fileIn(world.engine, survivors.form, 'survivors')
    await recovered()
    const whole = await Promise.all(survivors.personIds.map(id => settledState(world, id)))
    const unasked = Object.fromEntries(targets.map(target => [target, 'never asked for']))

    let lost = 0
    const deaths = await killAtEachMoment(async at => {
      const { personIds, form } = await pair()
      const before = (await requests()).length
      const life = mortal(world, at)
      await fileIn(life.engine, form, `killed-${at}`).catch(unlessKilled)
      await recovered()
      const after = await requests()
      const kept = after.length > before
      if (!kept) lost++
      const states = await Promise.all(personIds.map(id => settledState(world, id)))
      expect(states, `killed at moment ${at}`).toEqual(kept ? whole : [unasked, unasked])
      if (kept) {
        const request = await world.engine.requests.load(after[0] ?? '')
        expect(request?.row.applied).toBe(true)
        await wholeChain(world, `request/${after[0]}`, request?.row.head ?? { sequence: 0, hash: '' })
      }
      return { dead: life.dead() }
    })
    expect(lost).toBeGreaterThan(0)
    expect(deaths).toBeGreaterThan(lost)
  })

  it('makes one request of a form that is sent again with the same key, wherever it was killed', async () => {
    const survivors = await pair()
    await fileIn(world.engine, survivors.form, 'survivors-again')
    await recovered()
    const whole = await Promise.all(survivors.personIds.map(id => settledState(world, id)))

    await killAtEachMoment(async at => {
      const { personIds, form } = await pair()
      const before = (await requests()).length
      const life = mortal(world, at)
      await fileIn(life.engine, form, `again-${at}`).catch(unlessKilled)
      const answer = await fileIn(world.engine, form, `again-${at}`)
      expect('filed' in answer, `killed at moment ${at}`).toBe(true)
      expect((await requests()).length).toBe(before + 1)
      await recovered()
      const states = await Promise.all(personIds.map(id => settledState(world, id)))
      expect(states, `killed at moment ${at}`).toEqual(whole)
      return { dead: life.dead() }
    })
  })
})

describe('a sweeper that is killed', () => {
  it('is followed by one that finishes: half-applied forms and due rows wait for it', async () => {
    const survivors = await pair()
    await fileIn(world.engine, survivors.form, 'swept')
    await recovered()
    const whole = await Promise.all(survivors.personIds.map(id => settledState(world, id)))
    const moments = await killAtEachMoment(async at => {
      const life = mortal(world, at)
      await fileIn(life.engine, (await pair()).form, `measure-${at}`).catch(unlessKilled)
      await recovered()
      return { dead: life.dead() }
    })

    await killAtEachMoment(async at => {
      const { personIds, form } = await pair()
      // Filed, with one person's lines applied and the other's not.
      await fileIn(mortal(world, Math.floor(moments * 0.75)).engine, form, `swept-${at}`).catch(unlessKilled)
      const sweeper = mortal(world, at)
      await sweepDue(sweeper.engine, new Date(world.time.now).toISOString()).catch(unlessKilled)
      await recovered()
      const states = await Promise.all(personIds.map(id => settledState(world, id)))
      expect(states, `killed at moment ${at}`).toEqual(whole)
      return { dead: sweeper.dead() }
    })
  })
})

describe('recording a dismissal in a process that is killed', () => {
  it('records it once when it is sent again, and everything closes', async () => {
    const dismissal = (nationalId: string, id: string) => ({
      version: 1 as const,
      id,
      type: 'terminated' as const,
      nationalId,
      effectiveOn: new Date(world.time.now).toISOString().slice(0, 10),
      recordedAt: new Date(world.time.now).toISOString(),
    })
    await killAtEachMoment(async at => {
      const nationalId = nextNationalId()
      const personId = await world.hire(nationalId, namesOf(nationalId), unit, planta)
      await world.submit(
        head,
        formOf(
          unit,
          Object.values(accesses).map(access => activation(nationalId, access)),
        ),
      )
      await world.settle()
      const event = dismissal(nationalId, crypto.randomUUID())
      const life = mortal(world, at)
      await tell(life.engine, event).catch(unlessKilled)
      await tell(world.engine, event)
      await recovered()
      const person = await world.engine.people.load(personId)
      expect(person?.events.filter(({ type }) => type === 'terminated')).toHaveLength(1)
      for (const target of ['directory', 'mail', 'erp'] as const)
        expect((await world.row(personId, target)).observed, `killed at moment ${at}`).toMatchObject({
          state: 'disabled',
          rights: [],
        })
      await settledState(world, personId)
      return { dead: life.dead() }
    })
  })
})
