import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import { createListStore, type ListPage } from '../../functions/stores/lists.ts'
import type { Contract } from '../../schemas/contract.ts'
import { openWorld, type World } from '../servers/world.ts'

const planta: Contract = { type: 'planta', regime: 'municipal', startsOn: '2020-03-01', endsOn: null }
const nationalId = (number: number) => `${number}-${rutCheckDigit(String(number))}`
const names = { givenNames: 'Luz', surnames: 'Catrileo Mora' }

async function walked<T>(page: (place: string | null) => Promise<ListPage<T>>): Promise<T[]> {
  const found: T[] = []
  let place: string | null = null
  do {
    const { items, next }: ListPage<T> = await page(place)
    expect(items.length).toBeLessThanOrEqual(3)
    found.push(...items)
    place = next
  } while (place !== null)
  return found
}

describe('the lists of a body', () => {
  let world: World
  const people: string[] = []
  beforeAll(async () => {
    world = await openWorld()
    const head = await world.hire(nationalId(17_000_000), names, 'dideco', planta)
    world.units.set('dideco', { id: 'dideco', name: 'Dideco', parent: null, head, deputies: [] })
    for (let number = 17_000_001; number <= 17_000_017; number++) {
      const id = nationalId(number)
      people.push(await world.hire(id, names, 'dideco', planta))
      const person = { nationalId: id, ...names, position: 'Administrativa' }
      const access = { system: 'directory', internetProfile: 'controlado' }
      const activations = [{ person, contract: planta, access, until: null }]
      await world.submit(head, { unit: 'dideco', activations, deactivations: [], declaration: true })
    }
    people.push(head)
  })
  afterAll(() => world.close())

  it('name every account of a target once, page by page, and keep doing so after it was worked on', async () => {
    const lists = createListStore(world.tables)
    await world.settle()
    const rows = await walked(place => lists.accounts('directory', place, 3))
    expect(rows.map(row => row.personId).sort()).toEqual(people.slice(0, -1).sort())
    expect(rows.every(row => row.state === 'converged')).toBe(true)
    expect(await lists.countAccounts('directory')).toBe(people.length - 1)
    expect(await walked(place => lists.accounts('erp', place, 3))).toEqual([])
  })

  it('name every person once', async () => {
    const lists = createListStore(world.tables)
    expect((await walked(place => lists.people(place, 3))).sort()).toEqual([...people].sort())
  })

  it('answer nothing for a place that is none', async () => {
    expect(await createListStore(world.tables).people('9#x', 3)).toEqual({ items: [], next: null })
  })
})
