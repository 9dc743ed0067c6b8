import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Caller } from '../../functions/domain/entitlement.ts'
import { isRefusal } from '../../functions/domain/refusal.ts'
import { createHoldStore } from '../../functions/stores/holds.ts'
import { releasePerson, suspendPerson } from '../../functions/workflows/suspend-person.ts'
import { linesOf } from '../servers/lines.ts'
import { given } from './badge-office.ts'
import { activation, form, type Office, openOffice, type Someone } from './office.ts'

let office: Office
beforeAll(async () => {
  office = await openOffice()
})
afterAll(() => office.world.close())

const registers = () => {
  const { world } = office
  const holds = createHoldStore(world.tables, world.engine.settings)
  return { ...linesOf(world).registers(), holds, patience: 0 }
}
const suspend = (by: Caller, { id }: Someone) => suspendPerson(registers(), by, id, { reason: 'Sumario.' })
const release = (by: Caller, { id }: Someone) => releasePerson(registers(), by, id)
const mailbox = async ({ personId }: Someone) => {
  await office.world.settle()
  return (await office.world.row(personId, 'mail')).observed?.state
}

describe('what two people have suspended', () => {
  it('is released for each by somebody else, and closed until both are', async () => {
    const [one, other]: Caller[] = [
      { personId: (await office.hire('Ada', 'Pino Leal', 'ti')).personId, roles: ['security'] },
      { personId: (await office.hire('Raúl', 'Soto Neira', 'ti')).personId, roles: ['hr'] },
    ]
    if (one === undefined || other === undefined) throw new Error('there are two')
    const someone = await office.hire('Elena', 'Ñancucheo Díaz', 'dideco')
    await office.world.submit(office.head.personId, form([activation(someone, { system: 'mail' })]))
    expect(await mailbox(someone)).toBe('enabled')

    const [first] = given(await suspend(one, someone)).holds
    expect(given(await suspend(one, someone)).holds, 'said again it is the same').toEqual([first])
    const both = given(await suspend(other, someone)).holds
    expect(both).toHaveLength(2)
    expect(await mailbox(someone)).toBe('disabled')

    const left = given(await release(other, someone)).holds
    expect(left).toEqual(both.filter(({ id }) => id !== first?.id))
    expect(await mailbox(someone)).toBe('disabled')
    expect(await release(other, someone)).toEqual({ refused: 'forbidden', detail: 'suspension.own' })
    expect(isRefusal(await release(one, someone))).toBe(false)
    expect(await mailbox(someone)).toBe('enabled')
  })
})
