import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Contract } from '../../schemas/contract.ts'
import { tell } from '../servers/personnel.ts'
import {
  activation,
  consulta,
  contrata,
  day,
  form,
  hour,
  it_,
  later,
  type Office,
  openOffice,
  to,
} from './office.ts'

let office: Office
beforeAll(async () => {
  office = await openOffice()
})
afterAll(() => office.world.close())

/** Moves the clock to noon of a day in Santiago, does what is due, makes the digests and sends what came of it. */
async function noonOf(date: string, { world }: Office = office) {
  await later(world, Date.parse(`${date}T15:00:00.000Z`) - world.time.now)
  world.mails.splice(0)
  const prepared = await world.prepareDigests()
  await later(world, 0)
  return prepared
}
const plazoFijo: Contract = { ...contrata, type: 'plazo-fijo', endsOn: '2027-02-20' }
const digests = (address: string, { world }: Office = office) =>
  to(world, address).filter(({ subject }) => subject.startsWith('Resumen'))
const ending = (address: string, { world }: Office = office) =>
  to(world, address).filter(({ subject }) => subject.startsWith('Sus accesos terminan'))

describe('an end', () => {
  it('is told to the person at their own mailbox, and in one digest to the head and to the deputy in force', async () => {
    const { world, head, addresses, hire } = office
    const clerk = await hire('Elena', 'Ñancucheo Díaz', 'dideco', plazoFijo)
    await world.submit(
      head.personId,
      form([activation(clerk, { system: 'mail' }, '2026-12-31'), activation(clerk, consulta, '2026-12-15')]),
    )
    await noonOf('2026-11-21')
    const [mail, ...more] = ending('elena.nancucheo@valleclaro.example')
    expect(more).toEqual([])
    expect(mail?.subject).toBe('Sus accesos terminan el 15-12-2026')
    expect(mail?.text).toContain(
      '- Hasta el 15-12-2026 (días que quedan: 24): ERP: Contabilidad gubernamental.',
    )
    for (const address of [addresses.head, addresses.deputy]) {
      const [digest, ...others] = digests(address)
      expect(others).toEqual([])
      expect(digest?.subject).toBe('Resumen del 21-11-2026: accesos de su unidad')
      expect(digest?.text).toContain('Elena Ñancucheo Díaz')
    }
    expect(digests(addresses.mayor)).toEqual([])
  })

  it('is told again at the next threshold, and between them nobody gets a mail', async () => {
    const { addresses } = office
    for (const date of ['2026-11-22', '2026-11-23', '2026-12-02', '2026-12-07']) {
      await noonOf(date)
      expect([date, ending('elena.nancucheo@valleclaro.example').length]).toEqual([
        date,
        date === '2026-12-02' ? 1 : 0,
      ])
    }
    await noonOf('2026-12-08')
    expect(ending('elena.nancucheo@valleclaro.example')).toHaveLength(1)
    expect(digests(addresses.head)[0]?.text).toContain(
      '(días que quedan: 7): ERP: Contabilidad gubernamental.',
    )
    await noonOf('2026-12-14')
    expect(ending('elena.nancucheo@valleclaro.example')).toHaveLength(1)
    expect(digests(addresses.head)[0]?.text).toContain('(días que quedan: 1)')
  })

  it('that was moved is another one, and one that a renewal has moved is told no more', async () => {
    const { world, head, hire } = office
    const clerk = await hire('Rocío', 'Pincheira Mella', 'dideco', plazoFijo)
    const address = 'rocio.pincheira@valleclaro.example'
    const until = (date: string) =>
      world.submit(head.personId, form([activation(clerk, { system: 'mail' }, date)]))
    await until('2026-12-31')
    await noonOf('2026-12-15')
    expect(ending(address)).toHaveLength(1)
    await until('2026-12-22')
    await noonOf('2026-12-16')
    expect(ending(address)[0]?.subject).toContain('22-12-2026')
    await until('2026-12-31')
    await noonOf('2026-12-17')
    expect(ending(address)).toEqual([])
    await noonOf('2026-12-24')
    expect(ending(address)).toHaveLength(1)
  })

  it('of whoever is on leave or has been dismissed is told to nobody', async () => {
    const { world, head, addresses, hire } = office
    const gone = await hire('Bruno', 'Leiva Mora', 'dideco', plazoFijo)
    await world.submit(head.personId, form([activation(gone, { system: 'mail' }, '2026-12-31')]))
    await later(world, 0)
    await tell(world.engine, {
      version: 1,
      id: crypto.randomUUID(),
      type: 'terminated',
      nationalId: gone.id,
      effectiveOn: '2026-12-28',
      recordedAt: new Date(world.time.now).toISOString(),
    })
    await noonOf('2026-12-26')
    expect(ending('bruno.leiva@valleclaro.example')).toEqual([])
    expect(
      digests(addresses.head)
        .map(({ text }) => text)
        .join(),
    ).not.toContain('Bruno Leiva Mora')
  })

  it('of the head is told to those above, who sign for them', async () => {
    const own = await openOffice()
    const { world, mayor, head, addresses } = own
    await world.submit(mayor.personId, form([activation(head, consulta, '2026-12-10')]))
    await noonOf('2026-11-21', own)
    expect(ending(addresses.head, own)).toHaveLength(1)
    expect(digests(addresses.mayor, own)[0]?.text).toContain('Marta Reyes Soto')
    expect(digests(addresses.head, own)).toEqual([])
    await world.close()
  })
})

describe('the digests', () => {
  it('are sent after eight, once a day, and not at all where there is no news', async () => {
    const own = await openOffice()
    const { world, head, hire } = own
    await later(world, Date.parse('2026-11-21T10:30:00.000Z') - world.time.now)
    // Half past seven: yesterday’s were never made, and are made now.
    expect(await world.prepareDigests()).toMatchObject({ edition: '2026-11-20', mails: 0, finished: true })
    await later(world, hour)
    expect(await world.prepareDigests()).toMatchObject({ edition: null })
    const clerk = await hire('Elena', 'Ñancucheo Díaz', 'dideco', plazoFijo)
    await world.submit(head.personId, form([activation(clerk, consulta, '2026-12-15')]))
    await later(world, day - 2 * hour)
    expect(await world.prepareDigests()).toMatchObject({ edition: '2026-11-21', mails: 2 })
    expect(await world.prepareDigests()).toMatchObject({ edition: null })
    await world.close()
  })

  it('are gone on with by the next run where one dies, and tell everything once', async () => {
    const own = await openOffice()
    const { world, head, hire, addresses } = own
    for (const name of ['Alba', 'Berta', 'Carla', 'Delia'])
      await world.submit(
        head.personId,
        form([activation(await hire(name, 'Ñirre Cuevas', 'dideco', plazoFijo), consulta, '2026-12-15')]),
      )
    await later(world, day)
    world.mails.splice(0)
    let pages = 0
    expect(await world.prepareDigests(() => ++pages < 4)).toMatchObject({ finished: false })
    world.time.now += hour
    expect(await world.prepareDigests()).toMatchObject({ finished: true })
    await later(world, 0)
    const [digest, ...more] = digests(addresses.head, own)
    expect(more).toEqual([])
    for (const name of ['Alba', 'Berta', 'Carla', 'Delia'])
      expect(digest?.text.split(`${name} Ñirre Cuevas`)).toHaveLength(2)
    await world.close()
  })

  it('remind of the round on its first day and in its last week: what may be renewed, and until when', async () => {
    const own = await openOffice()
    const { world, head, hire, addresses } = own
    const clerk = await hire('Elena', 'Ñancucheo Díaz', 'dideco', contrata)
    await world.submit(head.personId, form([activation(clerk, consulta, '2026-12-31')]))
    const told: string[] = []
    for (const date of ['2026-11-21', '2026-11-22', '2026-11-23', '2026-11-24', '2026-12-01', '2026-12-02']) {
      await noonOf(date, own)
      const text = digests(addresses.head, own)[0]?.text ?? ''
      if (text.includes('se pueden renovar hasta el 01-12-2026')) told.push(date)
      expect(text.split('Elena Ñancucheo Díaz').length).toBeLessThanOrEqual(2)
    }
    expect(told).toEqual(['2026-11-21', '2026-11-24', '2026-12-01'])
    await world.close()
  })

  it('bring up a line that waits for the unit after three days, and then every week', async () => {
    const own = await openOffice()
    const { world, head, hire, addresses } = own
    const clerk = await hire('Elena', 'Ñancucheo Díaz', 'dideco', contrata)
    await world.submit(head.personId, form([activation(clerk, consulta)]))
    const told: string[] = []
    for (const date of [21, 22, 23, 24, 27]) {
      await noonOf(`2026-11-${date}`, own)
      const text = digests(addresses.head, own)[0]?.text ?? ''
      if (text.includes('Líneas observadas')) {
        told.push(`${date}`)
        expect(text).toContain('Motivo (R3): A contrata y a plazo fijo hay que indicar hasta cuándo')
      }
    }
    expect(told).toEqual(['23', '27'])
    await world.close()
  })

  it('name every account that a target refused, however many, in one mail to IT', async () => {
    const own = await openOffice()
    const { world, head, hire } = own
    world.targets.erp.fault = { kind: 'refused', retryable: false }
    const clerks = await Promise.all(
      Array.from({ length: 12 }, (_, index) => hire(`Nora${'abcdefghijkl'[index]}`, 'Ulloa Wenz', 'dideco')),
    )
    await world.submit(head.personId, form(clerks.map(clerk => activation(clerk, consulta))))
    await later(world, 0)
    const tasks = await world.engine.tasks.places('parked')
    expect(tasks).toHaveLength(12)
    await noonOf('2026-11-21', own)
    const [digest, ...more] = to(world, it_)
    expect(more).toEqual([])
    for (const { id } of tasks) expect(digest?.text).toContain(id)
    expect(digest?.text).toContain('12 nuevas, 12 en total')

    // Nothing new: no mail, until they are overdue, and then every Monday.
    const told: string[] = []
    for (const date of [22, 23, 24, 30]) {
      await noonOf(`2026-11-${date}`, own)
      if (digests(it_, own).length > 0) told.push(`${date}`)
    }
    expect(told).toEqual(['23', '24', '30'])
    await world.close()
  })
})
