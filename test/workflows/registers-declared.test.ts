import { afterAll, beforeAll, expect, it } from 'vitest'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import { createIdentityStore } from '../../functions/stores/identities.ts'
import { chains, windowShards } from '../../functions/stores/keys.ts'
import { readRegister } from '../../functions/workflows/read-register.ts'
import { pageLimits } from '../../functions/workflows/walk-people.ts'
import type { Contract } from '../../schemas/contract.ts'
import { openWorld, type World } from '../servers/world.ts'

const planta: Contract = { type: 'planta', regime: 'municipal', startsOn: '2020-03-01', endsOn: null }
const rut = (number: number) => `${number}-${rutCheckDigit(String(number))}`

let world: World
let head: string
beforeAll(async () => {
  world = await openWorld({ settings: { personnelRegister: 'declared' } })
  head = await world.hire(rut(22_000_001), { givenNames: 'Marta', surnames: 'Reyes' }, 'dideco', planta)
  for (const id of ['dideco', 'obras'])
    world.units.set(id, { id, name: id, parent: null, head, deputies: [] })
})
afterAll(() => world.close())

const file = (unit: string, surnames: string, access: object) => {
  const person = { nationalId: rut(22_000_002), givenNames: 'Ana', surnames, position: 'Asesora' }
  const activations = [{ person, contract: planta, access, until: null }]
  return world.submit(head, { unit, activations, deactivations: [], declaration: true })
}
async function named(asAt: string) {
  const identities = createIdentityStore(world.tables)
  const needed = {
    ...world.engine,
    ledger: world.ledger,
    visits: world.visits,
    identities,
    chains,
    windowShards,
    limits: pageLimits,
  }
  const page = await readRegister(needed, 'permissions', { asAt })
  if ('refused' in page || page.register !== 'permissions') throw new Error('no permissions')
  return page.entries.map(({ person: { name, unit } }) => `${name}, ${unit?.id}`)
}

it('calls whom only forms have named as the last form before had it', async () => {
  await file('dideco', 'Lagos Tapia', { system: 'mail' })
  world.time.now += 86_400_000
  await file('obras', 'Lagos de Soto', { system: 'directory', internetProfile: 'controlado' })
  expect(await named('2026-11-19')).toEqual([])
  expect(await named('2026-11-20')).toEqual(['Ana Lagos Tapia, dideco'])
  expect(new Set(await named('2026-11-21'))).toEqual(new Set(['Ana Lagos de Soto, obras']))
})
