import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { desiredAccess } from '../../functions/domain/desired-access.ts'
import { applyRequest } from '../../functions/workflows/apply-lines.ts'
import { openRegisters } from '../../functions/workflows/run-registers.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { Grant } from '../../schemas/request.ts'
import { grant } from '../personas/record.ts'
import { openWorld, type World } from '../servers/world.ts'

const planta: Contract = { type: 'planta', regime: 'municipal', startsOn: '2020-03-01', endsOn: null }

describe('R5: the head who gets the copies', () => {
  let world: World
  let head: string
  let clerk: string

  const nameUnit = (id: string, leader: string | null) =>
    world.units.set(id, { id, name: id, parent: null, head: leader, deputies: [] })
  const openMailboxOf = async (personId: string, nationalId: string) => {
    const director = await world.hire('10000013-K', { givenNames: 'Luz', surnames: 'Vera' }, 'dideco', planta)
    nameUnit('dideco', director)
    const person = {
      nationalId,
      givenNames: 'Marta',
      surnames: 'Reyes Soto',
      position: 'Administrativo',
    }
    const access = { system: 'mail' }
    await world.submit(director, {
      unit: 'dideco',
      activations: [{ person, contract: planta, access, until: null }],
      declaration: true,
    })
    await world.converge(personId, 'mail')
    await world.converge(personId, 'mail')
    nameUnit('dideco', personId)
    return (await world.row(personId, 'mail')).observed?.name ?? ''
  }
  const demanded = (unit: string, recordedAt: string, parts: Partial<Grant> = {}) =>
    grant(planta, {
      atom: 'copy-to-head',
      access: { system: 'mail', copyToHead: true },
      unit,
      recordedAt,
      ...parts,
    })
  async function headAddress(grants: readonly Grant[]): Promise<string | null> {
    const person = await world.engine.people.load(clerk)
    if (person === null) throw new Error('nobody')
    const record = { ...person, grants: [grant(planta, { atom: 'mail' }), ...grants] }
    const asOf = new Date(world.time.now).toISOString()
    const engine = { ...world.engine, target: 'mail', units: world.unitRegister } as const
    const registers = openRegisters(engine)
    return registers.headAddress(record, desiredAccess(record, 'mail', world.engine.settings, asOf))
  }

  let address: string
  beforeAll(async () => {
    world = await openWorld()
    head = await world.hire('12345678-5', { givenNames: 'Marta', surnames: 'Reyes Soto' }, 'dideco', planta)
    clerk = await world.hire('20347878-K', { givenNames: 'Iván', surnames: 'Toro Paz' }, 'dideco', planta)
    address = await openMailboxOf(head, '12345678-5')
  })
  afterAll(async () => world?.close())

  it('is the head of the unit that demanded it, at the address of an open mailbox', async () => {
    expect(address).toMatch(/@/)
    expect(await headAddress([demanded('dideco', '2026-11-01T12:00:00.000Z')])).toBe(address)
  })

  it('is nobody while no copies are wanted, or no more', async () => {
    expect(await headAddress([])).toBeNull()
    expect(
      await headAddress([demanded('dideco', '2026-11-01T12:00:00.000Z', { until: '2026-11-10' })]),
    ).toBeNull()
  })

  it('is, of several units, that of the last to demand it', async () => {
    nameUnit('finanzas', null)
    const [first, last] = ['2026-11-01T12:00:00.000Z', '2026-11-02T12:00:00.000Z']
    expect(await headAddress([demanded('finanzas', first), demanded('dideco', last)])).toBe(address)
    expect(await headAddress([demanded('dideco', first), demanded('finanzas', last)])).toBeNull()
  })

  it('gets them only once they are approved; the person is told in the same moment, and the mailbox knows it', async () => {
    const person = {
      nationalId: '20347878-K',
      givenNames: 'Iván',
      surnames: 'Toro Paz',
      position: 'Administrativo',
    }
    const line = (access: object) => ({ person, contract: planta, access, until: null })
    const submit = (access: object) =>
      world.submit(head, { unit: 'dideco', activations: [line(access)], declaration: true })
    await submit({ system: 'mail' })
    await world.settle()
    const own = (await world.row(clerk, 'mail')).observed?.name

    const answer = await submit({ system: 'mail', copyToHead: true })
    if (!('filed' in answer)) throw new Error('not filed')
    const { filed: request } = answer
    expect(request.lines).toMatchObject([{ decision: 'awaiting-approval', reasons: [{ rule: 'R5' }] }])
    await world.settle()
    await world.deliver()
    const aboutCopies = () => world.mails.filter(({ subject }) => subject.includes('se copiará'))
    expect(aboutCopies()).toEqual([])
    expect((await world.row(clerk, 'mail')).observed?.rights).toEqual([])

    const lines = request.lines.map(one => ({ ...one, decision: 'accepted' as const }))
    await applyRequest(world.engine, { ...request, row: { ...request.row, applied: false }, lines })
    await world.settle()
    expect((await world.row(clerk, 'mail')).observed?.rights).toMatchObject([{ id: 'copy-to-head' }])

    await world.deliver()
    expect(aboutCopies()).toMatchObject([{ to: own, subject: 'Su correo saliente se copiará a la jefatura' }])
    const told = JSON.stringify(await world.entries(`target/${clerk}/mail`))
    expect(told).toContain('copy-to-head')
    expect(told).not.toContain(address)
  })

  it('is nobody who could not read it: no head, no open mailbox, the person as head', async () => {
    const asked = [demanded('dideco', '2026-11-01T12:00:00.000Z')]
    for (const leader of [null, clerk]) {
      nameUnit('dideco', leader)
      expect(await headAddress(asked)).toBeNull()
    }
    nameUnit('dideco', head)
    expect(await headAddress(asked)).toBe(address)
  })
})
