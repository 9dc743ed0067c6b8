import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lineHash } from '../../functions/domain/line-hash.ts'
import { decideLine } from '../../functions/workflows/decide-line.ts'
import { sendNotice } from '../../functions/workflows/send-notice.ts'
import { sweepDue } from '../../functions/workflows/sweep-due.ts'
import sample from '../../infra/settings/valle-claro.json' with { type: 'json' }
import { Settings } from '../../schemas/settings.ts'
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

const minute = 60_000
const numberOf = (answer: object) => {
  if (!('filed' in answer)) throw new Error(JSON.stringify(answer))
  return (answer.filed as { row: { number: string } }).row.number
}

describe('a form that is filed (R8)', () => {
  it('is told to whoever signed it: its number and, by line, whom, what, the decision and why', async () => {
    const { world, head, addresses, hire } = office
    world.mails.splice(0)
    const clerk = await hire('Elena', 'Ñancucheo Díaz', 'dideco')
    const yearly = await hire('Rocío', 'Pincheira Mella', 'dideco', contrata)
    const number = numberOf(
      await world.submit(
        head.personId,
        form([
          activation(clerk, consulta, '2026-12-20'),
          activation(yearly, { system: 'directory', internetProfile: 'libre', entitlements: ['vpn'] }),
          activation(head, { system: 'mail' }),
          activation(clerk, { system: 'erp', module: 'tesoreria', type: 'consulta' }),
        ]),
      ),
    )
    await world.deliver()
    const [mail, ...others] = world.mails.filter(({ subject }) => subject.includes(number))
    expect(others).toEqual([])
    expect(mail).toMatchObject({
      to: addresses.head,
      subject: `Solicitud ${number}: 1 de 4 líneas aceptadas`,
    })
    expect(mail?.text).toContain('unidad Desarrollo Comunitario')
    expect(mail?.text).toContain(
      'A1. Alta para Elena Ñancucheo Díaz: aceptada.\n    ERP: Contabilidad gubernamental. Solo consulta. Hasta el 20-12-2026.',
    )
    expect(mail?.text).toContain(
      'A2. Alta para Rocío Pincheira Mella: observada.\n    Cuenta de red: Perfil de internet libre; VPN.\n    Motivo (R3): A contrata y a plazo fijo hay que indicar',
    )
    expect(mail?.text).toContain('A3. Alta para Marta Reyes Soto: rechazada.')
    expect(mail?.text).toContain('A4. Alta para Elena Ñancucheo Díaz: espera la aprobación de la autoridad.')
    expect(mail?.text).toContain('no hay que presentar otra solicitud')
  })

  it('is told to the head of the unit too where somebody else signed', async () => {
    const { world, deputy, addresses, hire } = office
    world.mails.splice(0)
    const clerk = await hire('Luis', 'Quezada Toro', 'dideco')
    const number = numberOf(await world.submit(deputy.personId, form([activation(clerk, consulta)])))
    await world.deliver()
    const told = world.mails.filter(({ subject }) => subject.includes(number))
    expect(told.map(mail => mail.to).sort()).toEqual([addresses.deputy, addresses.head])
  })

  it('is told again when every line is settled, once, and is then looked at no more', async () => {
    const { world, head, hire } = office
    const clerk = await hire('Pedro', 'Oyarce Vial', 'dideco')
    const number = numberOf(
      await world.submit(head.personId, form([activation(clerk, consulta), activation(head, consulta)])),
    )
    await later(world, 1000)
    world.mails.splice(0)
    await later(world, 6 * minute)
    const settled = () => world.mails.filter(({ subject }) => subject.includes(`${number} resuelta`))
    expect(settled().map(({ subject }) => subject)).toEqual([
      `Solicitud ${number} resuelta: 1 de 2 líneas hechas`,
    ])
    expect(settled()[0]?.text).toContain('A1. Alta para Pedro Oyarce Vial: hecha.')
    expect(settled()[0]?.text).toContain('A2. Alta para Marta Reyes Soto: rechazada.')
    for (const time of [hour, day, day]) await later(world, time)
    expect(settled()).toHaveLength(1)
    expect(await world.engine.requests.unsettled()).not.toContain(number)
  })

  it('is settled by what could not be done, and told once more when it could after all', async () => {
    const { world, head, hire } = office
    const clerk = await hire('Iván', 'Saavedra Ruiz', 'dideco')
    world.targets.erp.fault = { kind: 'refused', retryable: false }
    const number = numberOf(await world.submit(head.personId, form([activation(clerk, consulta)])))
    await later(world, 1000)
    world.mails.splice(0)
    await later(world, 6 * minute)
    const told = () => world.mails.filter(({ subject }) => subject.includes(`${number} resuelta`))
    expect(told().map(({ text }) => /Saavedra Ruiz: (.*)\./.exec(text)?.[1])).toEqual([
      'no se ha podido hacer; Informática la revisa',
    ])
    await later(world, 2 * day)
    expect(told()).toHaveLength(1)
    world.targets.erp.fault = null
    await later(world, 2 * day)
    await later(world, 2 * day)
    expect(told().map(({ text }) => /Saavedra Ruiz: (.*)\./.exec(text)?.[1])).toEqual([
      'no se ha podido hacer; Informática la revisa',
      'hecha',
    ])
  })

  it('of which every line is rejected is told once: there is no outcome to wait for', async () => {
    const { world, head } = office
    world.mails.splice(0)
    const number = numberOf(await world.submit(head.personId, form([activation(head, consulta)])))
    for (const time of [0, 6 * minute, day]) await later(world, time)
    const told = world.mails.filter(({ subject }) => subject.includes(number))
    expect(told).toHaveLength(1)
    expect(told[0]?.text).toContain('Con esto la solicitud queda cerrada.')
  })

  it('has nothing due as long as it is only waited for', async () => {
    const { world, head, hire } = office
    const clerk = await hire('Olga', 'Tapia Vera', 'dideco')
    await world.submit(head.personId, form([activation(clerk, consulta, '2026-12-20')]))
    await later(world, 0)
    const now = new Date(world.time.now).toISOString()
    expect(await world.engine.targets.due(now, 500)).toEqual([])
    expect(await sweepDue(world.engine, now)).toMatchObject({ requests: 0, notices: 0 })
  })

  it('gets a mail for what the authority decides, with the authority’s words', async () => {
    const { world, head, addresses, hire } = office
    const clerk = await hire('Nora', 'Ulloa Wenz', 'dideco')
    const tesoreria = { system: 'erp', module: 'tesoreria', type: 'consulta' }
    const number = numberOf(await world.submit(head.personId, form([activation(clerk, tesoreria)])))
    await later(world, 0)
    world.mails.splice(0)
    const kept = await world.engine.requests.load(number)
    const [line] = kept?.lines ?? []
    if (line === undefined) throw new Error('no line')
    const decided = await decideLine(
      { ...world.engine, units: world.unitRegister },
      {
        caller: { personId: crypto.randomUUID(), roles: ['authority'] },
        number,
        line: 'A1',
        ifMatch: lineHash(line),
        decision: { decision: 'reject', comment: 'No corresponde a su cargo' },
        repeatable: false,
      },
    )
    expect(decided).toMatchObject({ status: 'rejected' })
    await later(world, 0)
    expect(world.mails).toMatchObject([
      { to: addresses.head, subject: `Solicitud ${number}, línea A1: rechazada` },
    ])
    expect(world.mails[0]?.text).toContain('La autoridad rechazó el acceso: No corresponde a su cargo.')
    await later(world, 6 * minute)
    expect(world.mails.map(({ subject }) => subject)).toContain(
      `Solicitud ${number} resuelta: 0 de 1 líneas hechas`,
    )
  })
})

describe('an account that was made', () => {
  const all = (of: Awaited<ReturnType<Office['hire']>>) =>
    form([
      activation(of, { system: 'directory' }),
      activation(of, { system: 'mail' }),
      activation(of, consulta),
    ])
  const ready = (name: string) =>
    office.world.mails.filter(
      ({ subject, text }) => subject.startsWith('Cuenta lista') && text.includes(name),
    )

  it('is told to the person once, with its name and how to come to a password, and never a password', async () => {
    const { world, head, hire } = office
    const clerk = await hire('Zoila', 'Abarca Bello', 'dideco')
    await world.submit(head.personId, all(clerk))
    await later(world, 0)
    await later(world, hour)
    const told = ready('Zoila Abarca Bello')
    expect(told.map(({ subject, to: address }) => [subject, address])).toEqual(
      expect.arrayContaining(
        ['Cuenta de red', 'Correo', 'ERP'].map(system => [
          `Cuenta lista: ${system}`,
          'zoila.abarca@valleclaro.example',
        ]),
      ),
    )
    expect(told).toHaveLength(3)
    const [network, erp] = ['Cuenta de red', 'ERP'].map(system =>
      told.find(({ subject }) => subject.endsWith(system)),
    )
    expect(network?.text).toContain('«zoila.abarca»')
    expect(network?.text).toContain('La contraseña la fija cada persona en la página de Llavero')
    // An ERP in tables keeps its own passwords.
    expect(erp?.text).toContain('lo explica la Mesa de Ayuda')

    // Closed and opened again: it is no news.
    await world.submit(head.personId, form([], [{ nationalId: clerk.id, access: { system: 'all' } }]))
    await later(world, hour)
    await world.submit(head.personId, all(clerk))
    await later(world, hour)
    expect(await world.row(clerk.personId, 'directory')).toMatchObject({ observed: { state: 'enabled' } })
    expect(ready('Zoila Abarca Bello')).toHaveLength(3)
  })

  it('waits for the person’s own mailbox, which is no failure, and then goes to the head of their unit', async () => {
    const { world, head, addresses, hire } = office
    const clerk = await hire('Yerko', 'Carrasco Diez', 'dideco')
    await world.submit(head.personId, form([activation(clerk, consulta)]))
    world.logged.splice(0)
    await later(world, 0)
    expect(world.logged).toContain('notice-waits')
    for (let days = 0; days < 6; days++) await later(world, day)
    expect(ready('Yerko')).toEqual([])
    expect(world.logged).not.toContain('notice-parked')
    await later(world, 2 * day)
    expect(ready('Yerko')).toMatchObject([{ to: addresses.head }])
    expect(ready('Yerko')[0]?.text).toContain('esa persona todavía no tiene casilla propia')
  })

  it('is no news to whoever had it before', async () => {
    const { world, head, hire } = office
    const clerk = await hire('Ximena', 'Donoso Eyzaguirre', 'dideco')
    await world.submit(head.personId, form([activation(clerk, { system: 'mail' })]))
    await later(world, 0)
    expect(ready('Ximena')).toHaveLength(1)
    const row = await world.row(clerk.personId, 'mail')
    expect(row).toMatchObject({ origin: 'made', readyToldAt: expect.any(String) })
    expect((await world.row(head.personId, 'mail')).readyToldAt).not.toBeNull()
  })
})

describe('a mail', () => {
  /** Files a form that causes exactly one. */
  const cause = async () => {
    const { world, head } = office
    await later(world, day)
    world.mails.splice(0)
    await world.submit(head.personId, form([activation(head, consulta)]))
    await world.settle()
  }
  const deliver = async () => {
    const { world } = office
    return (await world.deliver()).filter(sent => sent !== 'waits')
  }

  it('that the service refuses for now is sent later, once', async () => {
    const { world } = office
    await cause()
    world.service.answer = { taken: false, fault: 'TooManyRequestsException', lasting: false }
    expect(await deliver()).toEqual(['later'])
    expect(await deliver()).toEqual([])
    world.service.answer = { taken: true, messageId: 'sent' }
    world.time.now += 61_000
    expect(await deliver()).toEqual(['sent'])
    expect(world.mails).toHaveLength(1)
  })

  it('that the service refuses for good is parked, and tried once a day', async () => {
    const { world } = office
    await cause()
    world.service.answer = { taken: false, fault: 'MessageRejected', lasting: true }
    expect(await deliver()).toEqual(['parked'])
    world.time.now += hour
    expect(await deliver()).toEqual([])
    const now = () => new Date(world.time.now).toISOString()
    expect(await world.post.notices.countParked('2000', now())).toEqual({ fresh: 1, all: 1 })
    world.service.answer = { taken: true, messageId: 'sent' }
    world.time.now += day
    expect(await deliver()).toContain('sent')
    expect(world.logged).toContain('notice-parked')
    expect(await world.post.notices.countParked('2000', now())).toEqual({ fresh: 0, all: 0 })
  })

  it('is sent once by two that come at once', async () => {
    const { world } = office
    await cause()
    world.notices.splice(0)
    await sweepDue(world.engine, new Date(world.time.now).toISOString())
    const [id = ''] = world.notices.splice(0)
    const results = await Promise.all([sendNotice(world.post, id), sendNotice(world.post, id)])
    expect(results.sort()).toEqual(['nothing', 'sent'])
    expect(world.mails).toHaveLength(1)
  })

  it('to a head without a mailbox goes to those above, and at last to IT', async () => {
    const { world, head, mayor, addresses } = office
    const authority = { roles: ['authority' as const] }
    const without = (unit: string, id: string) =>
      form([], [{ nationalId: id, access: { system: 'mail' } }], unit)
    await cause()
    await world.submit(mayor.personId, without('dideco', head.id))
    await later(world, minute)
    world.mails.splice(0)
    await world.submit(head.personId, form([activation(head, consulta)]))
    await later(world, 0)
    expect(world.mails.map(mail => mail.to)).toEqual([addresses.mayor])
    await world.submit(crypto.randomUUID(), without('alcaldia', mayor.id), authority)
    await later(world, minute)
    world.mails.splice(0)
    await world.submit(head.personId, form([activation(head, consulta)]))
    await later(world, 0)
    expect(world.mails.map(mail => mail.to)).toEqual([it_])
  })

  it('is one of twenty an hour to one address of the settings; the others wait for the digest', async () => {
    const { notices } = Settings.parse(sample)
    const vendor = 'soporte@proveedor.example'
    const own = await openOffice({
      targets: [{ id: 'erp', kind: 'manual', mode: 'manual' }],
      notices: { ...notices, vendors: { erp: vendor } },
    })
    const { world, head, hire } = own
    const count = 23
    for (let place = 0; place < count; place++) {
      const clerk = await hire(`Nora${'abcdefghijklmnopqrstuvw'[place]}`, 'Ulloa Wenz', 'dideco')
      await world.submit(head.personId, form([activation(clerk, consulta)]))
    }
    await world.settle()
    const tasks = await world.engine.tasks.places('manual')
    expect(tasks).toHaveLength(count)
    world.mails.splice(0)
    await later(world, 0)
    expect(to(world, vendor).filter(({ subject }) => subject.startsWith('Tarea'))).toHaveLength(20)
    expect(world.logged.filter(code => code === 'notice-deferred').length).toBeGreaterThanOrEqual(count - 20)
    world.mails.splice(0)
    await later(world, hour + 1000)
    // An hour later the address takes mails again; those of before wait for the digest all the same.
    expect(to(world, vendor)).toEqual([])
    await later(world, day)
    world.mails.splice(0)
    await world.prepareDigests()
    await later(world, 0)
    const [digest, ...more] = to(world, vendor)
    expect(more).toEqual([])
    expect(digest?.subject).toMatch(/^Resumen del /)
    expect(digest?.text).toContain(`Avisos que no se enviaron uno a uno, por ser demasiados: ${count - 20}.`)
    expect(tasks.filter(({ id }) => digest?.text.includes(id))).toHaveLength(count - 20)
    await world.close()
  })
})
