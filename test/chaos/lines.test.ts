import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { lineHash } from '../../functions/domain/line-hash.ts'
import { completeTask } from '../../functions/workflows/complete-task.ts'
import { listTasks } from '../../functions/workflows/read-tasks.ts'
import type { TaskList } from '../../schemas/api-operations.ts'
import type { Contract } from '../../schemas/contract.ts'
import { type Asked, linesOf } from '../servers/lines.ts'
import { openWorld, type World } from '../servers/world.ts'
import { Killed, killAtEachMoment, type Mortal, mortal } from './mortal.ts'
import { accesses, activation, formOf, manyMayGo, namesOf, nextNationalId, planta } from './people.ts'
import { settledState, wholeChain } from './whole.ts'

vi.setConfig({ testTimeout: 300_000 })

const contrata: Contract = {
  type: 'contrata',
  regime: 'municipal',
  startsOn: '2026-01-01',
  endsOn: '2026-12-31',
}
let world: World
let lines: ReturnType<typeof linesOf>
let head: string
beforeEach(async () => {
  world = await openWorld({ settings: { guard: manyMayGo } })
  lines = linesOf(world)
  const id = nextNationalId()
  head = await world.hire(id, namesOf(id), 'dideco', planta)
  await lines.openUnit({ id: 'dideco', name: 'Dideco', parent: null, head, deputies: [] })
})
afterEach(() => world.close())

const unlessKilled = (error: unknown) => {
  if (!(error instanceof Killed)) throw error
}
const dying = ({ engine, tables }: Mortal) => lines.registers(engine, tables)

async function recovered(): Promise<void> {
  for (let minutes = 0; minutes < 3; minutes++) {
    world.time.now += 120_000
    await world.settle()
  }
}

async function file(access: object, contract: Contract): Promise<{ personId: string; asked: Asked }> {
  const id = nextNationalId()
  const personId = await world.hire(id, namesOf(id), 'dideco', contract)
  const asked = await lines.file(head, formOf('dideco', [activation(id, access, { contract })]))
  await world.settle()
  return { personId, asked: { ...asked, hash: await hashOf(asked) } }
}
async function hashOf({ number }: Pick<Asked, 'number'>): Promise<string> {
  const line = (await world.engine.requests.load(number))?.lines[0]
  return line === undefined ? '' : lineHash(line)
}
async function actsOf(number: string): Promise<string[]> {
  const kept = await world.engine.requests.load(number)
  const head = kept?.row.head ?? { sequence: 0, hash: '' }
  return (await wholeChain(world, `request/${number}`, head)).map(({ act }) => act)
}

describe('completing a line in a process that is killed', () => {
  it('completes it once when it is sent again, and the access follows, wherever it was killed', async () => {
    const end = { until: '2026-12-31' }
    const survivor = await file(accesses.erp, contrata)
    await lines.complete(head, survivor.asked, end)
    await recovered()
    const whole = await settledState(world, survivor.personId)
    const deaths = await killAtEachMoment(async moment => {
      const { personId, asked } = await file(accesses.erp, contrata)
      const life = mortal(world, moment)
      await lines.complete(head, asked, end, dying(life)).catch(unlessKilled)
      const again = await lines.complete(head, asked, end)
      expect(again, `killed at moment ${moment}`).toMatchObject({ line: 'A1', status: 'accepted' })
      await recovered()
      expect(await settledState(world, personId), `killed at moment ${moment}`).toEqual(whole)
      expect(await actsOf(asked.number)).toEqual(['request-filed', 'line-completed'])
      return { dead: life.dead() }
    })
    expect(deaths).toBeGreaterThan(10)
  })

  it('leaves a line that was accepted to the sweeper, when nobody sends it again', async () => {
    const end = { until: '2026-12-31' }
    let applied = 0
    await killAtEachMoment(async moment => {
      const { personId, asked } = await file(accesses.erp, contrata)
      const life = mortal(world, moment)
      await lines.complete(head, asked, end, dying(life)).catch(unlessKilled)
      await recovered()
      const kept = await world.engine.requests.load(asked.number)
      const accepted = kept?.lines[0]?.decision === 'accepted'
      if (accepted) applied += 1
      const grants = (await world.engine.people.load(personId))?.grants ?? []
      expect([kept?.row.applied, grants.length], `killed at moment ${moment}`).toEqual([
        true,
        accepted ? 1 : 0,
      ])
      return { dead: life.dead() }
    })
    expect(applied).toBeGreaterThan(5)
  })
})

describe('contesting an access in a process that is killed', () => {
  it('opens one task when it is said again, and completing it in one that is killed closes it once', async () => {
    const no = { correct: false as const, comment: 'No es el perfil pedido.' }
    const it1 = { personId: head, roles: ['it' as const] }
    const done = { done: true as const, evidence: 'Corregido.' }
    const openOf = async (personId: string) =>
      ((await listTasks(world.engine, { open: 'true' })) as TaskList).tasks.filter(
        task => task.person.personId === personId,
      )
    await killAtEachMoment(async moment => {
      const { personId, asked } = await file(accesses.erp, planta)
      const life = mortal(world, moment)
      await lines.acknowledge(personId, asked, no, dying(life)).catch(unlessKilled)
      const again = await lines.acknowledge(personId, asked, no)
      expect(again, `killed at moment ${moment}`).toMatchObject({ status: 'contested' })
      const [task, ...others] = await openOf(personId)
      expect([task?.kind, others]).toEqual(['contested', []])
      expect(await actsOf(asked.number)).toEqual(['request-filed', 'line-contested'])

      const closing = mortal(world, moment)
      await completeTask(closing.engine, it1, task?.id ?? '', done).catch(unlessKilled)
      const closed = await completeTask(world.engine, it1, task?.id ?? '', done)
      expect('refused' in closed ? closed : closed.outcome).toEqual(
        expect.toBeOneOf(['done', { refused: 'conflict' }]),
      )
      await recovered()
      expect(await openOf(personId)).toEqual([])
      await settledState(world, personId)
      return { dead: life.dead() || closing.dead() }
    })
  })
})
