import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lineHash } from '../../functions/domain/line-hash.ts'
import { isRefusal } from '../../functions/domain/refusal.ts'
import { completeLine } from '../../functions/workflows/complete-line.ts'
import { readKeyHolders } from '../../functions/workflows/key-holders.ts'
import { type BadgeOffice, openBadgeOffice } from './badge-office.ts'
import { contrata, day, form, nationalId, planta } from './office.ts'

const full = { refused: 'conflict', detail: 'badge.key-holders-full' }

describe('standing access to the data centre (R18)', () => {
  let office: BadgeOffice
  let serial = 0
  const somebody = (contract?: Parameters<BadgeOffice['hire']>[3]) =>
    office.hire('Elena', `Número ${String.fromCharCode(65 + (serial++ % 26))}`, 'dideco', contract)
  beforeAll(async () => {
    office = await openBadgeOffice(3)
  })
  afterAll(() => office.world.close())
  const holders = async () => (await readKeyHolders(office.registers)).holders
  const statusOf = async (number: string) =>
    (await office.world.engine.requests.load(number))?.lines[0]?.decision

  it('is given by the authority up to the limit, and told by name, door and end', async () => {
    const first = await office.letIn(await somebody())
    const [told] = await holders()
    expect(told).toMatchObject({
      person: { personId: first.personId },
      status: 'live',
      until: null,
      doors: [{ serial: 'VC-CPD-0001', name: 'Puerta 1' }],
      card: false,
      receipt: false,
    })
    expect(told?.pin).toBe((await office.world.row(first.personId, 'data-centre')).name)
  })

  it('has one last place, which one of twenty approvals that come at once gets; the others go on waiting', async () => {
    await office.letIn(await somebody())
    const numbers: string[] = []
    for (let index = 0; index < 20; index++) numbers.push(await office.ask(await somebody()))
    const answers = await Promise.all(numbers.map(number => office.approve(number)))
    expect(answers.filter(answer => !isRefusal(answer))).toHaveLength(1)
    for (const answer of answers.filter(isRefusal)) expect(answer).toEqual(full)
    const after = await Promise.all(numbers.map(statusOf))
    expect(after.filter(decision => decision === 'accepted')).toHaveLength(1)
    expect(after.filter(decision => decision === 'awaiting-approval')).toHaveLength(19)
    await office.world.settle()
    expect(await holders()).toHaveLength(3)
  })

  it('is no other place for somebody who has one, also at another door or for longer', async () => {
    const [holder] = await holders()
    const person = await office.world.engine.people.load(holder?.person.personId ?? '')
    const someone = {
      id: person?.row.nationalId ?? '',
      personId: holder?.person.personId ?? '',
      givenNames: 'Elena',
      surnames: 'Número A',
      contract: { type: 'planta', regime: 'municipal', startsOn: '2020-03-01', endsOn: null } as const,
    }
    const answer = await office.approve(await office.ask(someone, null, ['VC-CPD-0002']))
    expect(isRefusal(answer)).toBe(false)
    expect(await holders()).toHaveLength(3)
  })

  it('is not freed by a suspension, and is by the end of the access', async () => {
    const [leaver, absent] = await holders()
    const waiting = await office.ask(await somebody())
    const idOf = async (personId: string | undefined) =>
      (await office.world.engine.people.load(personId ?? ''))?.row.nationalId ?? ''
    const someone = async (personId: string | undefined) => ({
      id: await idOf(personId),
      personId: personId ?? '',
      givenNames: 'Elena',
      surnames: 'Ñ',
      contract: contrata,
    })
    await office.happen(await someone(absent?.person.personId), 'leave-started')
    expect((await holders()).map(({ status }) => status).sort()).toEqual(['held', 'live', 'live'])
    expect(await office.approve(waiting)).toEqual(full)

    const away = { nationalId: await idOf(leaver?.person.personId), access: { system: 'data-centre' } }
    await office.world.submit(office.head.personId, form([], [away]))
    await office.world.settle()
    expect(isRefusal(await office.approve(waiting))).toBe(false)
    expect(await office.approve(await office.ask(await somebody()))).toEqual(full)
  })

  it('is kept by whoever renews it for the next year, with all places taken', async () => {
    const fresh = await openBadgeOffice(1)
    const { world, head } = fresh
    const someone = await fresh.letIn(
      await fresh.hire('Rocío', 'Pincheira Mella', 'dideco', contrata),
      '2026-12-31',
    )
    const other = await fresh.ask(await fresh.hire('Eva', 'Dos', 'dideco'))
    const renewed = await world.renew(head.personId, { unit: 'dideco', all: true, declaration: true })
    if (!('filed' in renewed)) throw new Error(JSON.stringify(renewed))
    const number = renewed.filed[0]?.row.number ?? ''
    expect(isRefusal(await fresh.approve(number))).toBe(false)
    expect(await fresh.approve(other)).toEqual(full)
    // It waits for human resources, and the place with it.
    world.time.now = Date.parse('2027-01-05T15:00:00.000Z')
    await world.settle()
    expect((await readKeyHolders(fresh.registers)).holders).toMatchObject([{ status: 'scheduled' }])
    expect(await fresh.approve(other)).toEqual(full)
    expect((await fresh.tasks(someone)).map(({ kind }) => kind)).not.toContain('card-return')
    await world.close()
  })

  it('is held by whoever was approved, also while that is not carried out yet', async () => {
    const fresh = await openBadgeOffice(1)
    const one = await fresh.hire('Ana', 'Uno', 'dideco')
    const two = await fresh.hire('Eva', 'Dos', 'dideco')
    const [number, other] = [await fresh.ask(one), await fresh.ask(two)]
    const { people } = fresh.world.engine
    // Whoever approved dies before it is applied: the sweeper will come.
    const { apply } = people
    Object.assign(people, { apply: () => Promise.reject(new Error('the function dies')) })
    await fresh.approve(number)
    expect(await fresh.approve(other)).toEqual(full)
    expect((await readKeyHolders(fresh.registers)).holders).toMatchObject([{ status: 'approved' }])
    Object.assign(people, { apply })
    fresh.world.time.now += day
    await fresh.world.settle()
    expect((await readKeyHolders(fresh.registers)).holders).toMatchObject([{ status: 'live' }])
    expect(await fresh.approve(other)).toEqual(full)
    await fresh.world.close()
  })
})

describe('who approves a door (R15)', () => {
  let office: BadgeOffice
  beforeAll(async () => {
    office = await openBadgeOffice()
  })
  afterAll(() => office.world.close())
  const oneself = { refused: 'forbidden', detail: 'decision.oneself' }

  it('is neither who asked nor the person concerned, whatever roles they have', async () => {
    const someone = await office.hire('Elena', 'Ñancucheo Díaz', 'dideco')
    const number = await office.ask(someone)
    for (const personId of [someone.personId, office.head.personId])
      expect(await office.approve(number, { personId, roles: ['authority'] })).toEqual(oneself)
    expect(isRefusal(await office.approve(number))).toBe(false)
  })

  it('is not the person in whose place somebody signed', async () => {
    const someone = await office.hire('Rosa', 'Catrileo Vera', 'dideco')
    const submitted = await office.world.submit(office.deputy.personId, {
      ...form([
        {
          person: {
            nationalId: someone.id,
            givenNames: someone.givenNames,
            surnames: someone.surnames,
            position: 'Administrativo',
          },
          contract: someone.contract,
          access: { system: 'data-centre', doors: ['VC-CPD-0001'] },
          until: null,
        },
      ]),
    })
    if (!('filed' in submitted)) throw new Error('not filed')
    const { number } = submitted.filed.row
    for (const personId of [office.deputy.personId, office.head.personId])
      expect(await office.approve(number, { personId, roles: ['authority'] })).toEqual(oneself)
  })

  it('is not whoever completed the line', async () => {
    const someone = await office.hire('Rocío', 'Pincheira Mella', 'dideco', contrata)
    // Without the last day that a yearly contract needs.
    const number = await office.ask(someone)
    const { engine, unitRegister: units } = office.world
    const line = (await engine.requests.load(number))?.lines[0]
    if (line === undefined) throw new Error('no line')
    const deputy = { personId: office.deputy.personId, roles: [] }
    await completeLine(
      { ...engine, units: units as never },
      {
        caller: deputy,
        number,
        line: 'A1',
        ifMatch: lineHash(line),
        sent: { kind: 'activation', until: '2026-12-20' } as never,
        repeatable: false,
      },
    )
    expect((await engine.requests.load(number))?.lines[0]?.decision).toBe('awaiting-approval')
    expect(await office.approve(number, { ...deputy, roles: ['authority'] })).toEqual(oneself)
    expect(isRefusal(await office.approve(number))).toBe(false)
  })

  it('is not the person concerned either where nobody knew them when the form came', async () => {
    const declared = await openBadgeOffice(9, { personnelRegister: 'declared' })
    const id = nationalId()
    const unknown = { id, personId: '', givenNames: 'Nadia', surnames: 'Nueva', contract: planta }
    const number = await declared.ask(unknown)
    expect((await declared.world.engine.requests.load(number))?.lines[0]?.personId).toBeNull()
    const names = { givenNames: 'Nadia', surnames: 'Nueva' }
    const personId = await declared.world.hire(id, names, 'dideco', planta)
    expect(await declared.approve(number, { personId, roles: ['authority'] })).toEqual(oneself)
    expect(isRefusal(await declared.approve(number))).toBe(false)
    await declared.world.close()
  })
})
