import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { HrEvent } from '../../schemas/hr-event.ts'
import { tell } from '../servers/personnel.ts'
import { openWorld, type World } from '../servers/world.ts'

const contrata: Contract = {
  type: 'contrata',
  regime: 'municipal',
  startsOn: '2026-01-01',
  endsOn: '2026-12-31',
}
const next: Contract = { ...contrata, startsOn: '2027-01-01', endsOn: '2027-12-31' }
const names = { givenNames: 'Elisa', surnames: 'Huenchumán Ñancupil' }
const [id = '', headId = ''] = ['18000001', '18000002'].map(digits => `${digits}-${rutCheckDigit(digits)}`)

let world: World
let head: string
let personId: string
beforeAll(async () => {
  world = await openWorld()
  head = await world.hire(headId, { givenNames: 'Marta', surnames: 'Reyes Soto' }, 'dideco', contrata)
  world.units.set('dideco', { id: 'dideco', name: 'Dideco', parent: null, head, deputies: [] })
  world.units.set('salud', { id: 'salud', name: 'Salud', parent: null, head, deputies: [] })
  personId = await world.hire(id, names, 'dideco', contrata)
  const line = (access: object) => ({
    person: { nationalId: id, ...names, position: 'Administrativo' },
    contract: contrata,
    access,
    until: '2026-12-31',
  })
  await world.submit(head, {
    unit: 'dideco',
    activations: [
      line({ system: 'directory', internetProfile: 'controlado' }),
      line({ system: 'erp', module: 'contabilidad-gubernamental', type: 'consulta' }),
    ],
    deactivations: [],
    declaration: true,
  })
  await world.settle()
})
afterAll(() => world.close())

const told = (event: Partial<HrEvent> & Pick<HrEvent, 'type' | 'effectiveOn'>) => {
  world.time.now += 1_000
  world.rung.splice(0)
  return tell(world.engine, {
    version: 1,
    id: crypto.randomUUID(),
    nationalId: id,
    recordedAt: new Date(world.time.now).toISOString(),
    ...event,
  } as HrEvent)
}
const rung = () => world.rung.map(({ target }) => target).sort()

describe('what the personnel office tells', () => {
  it('has nobody look at accounts for which nothing follows from it: a contract after the one that ends', async () => {
    const before = await world.row(personId, 'erp')
    await told({ type: 'contract-renewed', effectiveOn: next.startsOn, contract: next, unit: 'dideco' })
    expect(rung()).toEqual([])
    expect(await world.row(personId, 'erp')).toEqual(before)
    expect((await world.engine.people.load(personId))?.events).toHaveLength(2)
  })

  it('has them looked at where one of them is not as it should be yet', async () => {
    world.targets.erp.fault = { kind: 'refused', retryable: false }
    await world.engine.targets.wake(await world.row(personId, 'erp'), new Date(world.time.now).toISOString())
    await world.settle()
    expect(await world.row(personId, 'erp')).toMatchObject({ state: 'parked' })
    world.targets.erp.fault = null
    const later = { ...next, startsOn: '2028-01-01', endsOn: '2028-12-31' }
    await told({ type: 'contract-renewed', effectiveOn: later.startsOn, contract: later, unit: 'dideco' })
    expect(rung()).toEqual(['erp'])
    await world.settle()
    expect(await world.row(personId, 'erp')).toMatchObject({ state: 'converged' })
  })

  it('has every account looked at when a person is called otherwise, or leaves', async () => {
    const person = { nationalId: id, ...names, position: 'Encargada' }
    const day = '2026-11-20'
    await told({ type: 'contract-renewed', effectiveOn: day, contract: contrata, unit: 'dideco', person })
    expect(rung()).toEqual(['directory', 'erp'])
    await world.settle()
    await told({ type: 'terminated', effectiveOn: day })
    expect(rung()).toEqual(['directory', 'erp'])
    await world.settle()
    expect(await world.row(personId, 'erp')).toMatchObject({ observed: { state: 'disabled' } })
    // Told again of somebody who has nothing left: whoever should be out is looked at.
    await told({ type: 'terminated', effectiveOn: day })
    expect(rung()).toEqual(['directory', 'erp'])
  })
})
