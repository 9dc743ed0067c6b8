import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import { inParallel } from '../../functions/workflows/in-parallel.ts'
import type { Contract } from '../../schemas/contract.ts'
import { openWorld, type World } from '../servers/world.ts'

/** One day's walk over everybody. */
export interface DigestDay {
  /** What was special about it. */
  readonly day: string
  readonly milliseconds: number
  /** DynamoDB units of the state table, its indexes included; transactions count double. */
  readonly read: number
  readonly write: number
}

const contract: Contract = {
  type: 'contrata',
  regime: 'municipal',
  startsOn: '2026-01-01',
  endsOn: '2026-12-31',
}
const head: Contract = { type: 'planta', regime: 'municipal', startsOn: '2020-03-01', endsOn: null }

/** Everybody is told of an end on the first day, and nobody on the second. */
export async function benchDigests(people = 2_000): Promise<DigestDay[]> {
  const world = await openWorld()
  const invent = (place: number) => {
    const digits = String(90_000_000 + place)
    return `${digits}-${rutCheckDigit(digits)}`
  }
  const names = { givenNames: 'Rocío', surnames: 'Banco Prueba' }
  const headId = await world.hire(invent(0), names, 'dideco', head)
  world.units.set('dideco', { id: 'dideco', name: 'Dideco', parent: null, head: headId, deputies: [] })
  const places = Array.from({ length: people }, (_, place) => place + 1)
  await inParallel(places, async place => {
    const surnames = `Banco${String(place).replace(/\d/g, digit => 'bcdfghjklm'[Number(digit)] ?? '')} Prueba`
    await world.hire(invent(place), { givenNames: 'Rocío', surnames }, 'dideco', contract)
  })
  const access = { system: 'erp', module: 'bodega', type: 'consulta' }
  for (let first = 0; first < people; first += 200)
    await world.submit(headId, {
      unit: 'dideco',
      activations: places.slice(first, first + 200).map(place => ({
        person: { nationalId: invent(place), ...names, position: 'Administrativa' },
        contract,
        access,
        until: '2026-12-31',
      })),
      declaration: true,
    })
  const days: DigestDay[] = []
  for (const day of ['everybody is told', 'nobody is told']) {
    const before = unitsOf(world)
    const started = performance.now()
    await world.prepareDigests()
    const after = unitsOf(world)
    days.push({
      day,
      milliseconds: performance.now() - started,
      read: after.read - before.read,
      write: after.write - before.write,
    })
    world.time.now += 86_400_000
  }
  await world.close()
  return days
}

/** Of the table and its indexes. */
function unitsOf({ dynamo }: World): { read: number; write: number } {
  const sum = { read: 0, write: 0 }
  for (const [where, { read, write }] of Object.entries(dynamo.consumed())) {
    if (where.split('/')[0] !== dynamo.stateTable) continue
    sum.read += read
    sum.write += write
  }
  return sum
}
