import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Laptop, startLaptop } from '../servers/laptop.ts'
import { account, activation, file, form, headOf, inRole, staff } from './personas.ts'

const systems = ['directory', 'mail', 'erp'] as const
let laptop: Laptop
beforeAll(async () => {
  laptop = await startLaptop()
})
afterAll(() => laptop.discard())

const now = async (): Promise<string> => (await laptop.client('GET', '/local/clock')).body.now

/** Never backwards: the day of the test may be past it already. */
async function clock(to: string): Promise<void> {
  if (to > (await now())) await laptop.client('PUT', '/local/clock', { body: { now: to } })
  await laptop.idle()
}

describe('New Year', () => {
  it('passes unnoticed by whoever was renewed, by the head and by human resources', {
    timeout: 180_000,
  }, async () => {
    const { organisation } = laptop
    const unit = organisation.units[0]?.id ?? ''
    const head = headOf(organisation, unit)
    const person = staff(organisation, 'contrata')
    const year = Number((await now()).slice(0, 4))
    await clock(`${year}-11-10T15:00:00.000Z`)
    const module = organisation.modules.find(({ sensitive }) => !sensitive)?.id
    const accesses = [
      { system: 'directory', internetProfile: 'libre', entitlements: ['vpn'] },
      { system: 'mail' },
      { system: 'erp', module, type: 'consulta' },
    ]
    await file(
      laptop,
      form(
        unit,
        accesses.map(access => activation(person, access)),
      ),
    )
    await laptop.idle()
    const list = (await laptop.as(head, 'GET', `/renewals?unit=${unit}`)).body
    expect(list).toMatchObject({ year, units: [unit] })
    const own = list.renewals.filter(
      (one: { person: { nationalId: string } }) =>
        one.person.nationalId === person.nationalId.replaceAll('.', ''),
    )
    expect(own.map(({ atom }: { atom: string }) => atom)).toEqual([
      'account',
      'entitlement:vpn',
      `erp:${module}`,
      'internet',
      'mail',
    ])
    const order = { unit, grants: own.map(({ id }: { id: string }) => id), declaration: true }
    const renewed = await laptop.as(head, 'POST', '/renewals', order)
    expect([renewed.status, renewed.body.requests[0].status]).toEqual([201, 'accepted'])
    const { contract, roles: _, ...who } = person
    const row = { ...who, ...contract, startsOn: `${year + 1}-01-01`, endsOn: `${year + 1}-12-31` }
    const told = await laptop.as(inRole(organisation, 'hr'), 'POST', '/people', [row])
    expect(told.body).toEqual({ applied: 1, faults: [] })
    await laptop.idle()
    const ends = `${year + 2}-01-01T03:00:00.000Z`
    const intents = async () => {
      const answer = await laptop.as(
        inRole(organisation, 'security'),
        'GET',
        `/audit?subject=${person.nationalId}&act=account-converged`,
      )
      return answer.body.entries.length
    }
    for (const system of systems)
      expect(await account(laptop, person, system)).toMatchObject({ state: 'enabled', expiresAt: ends })
    const before = await intents()
    for (const moment of [
      `${year + 1}-01-01T02:59:50.000Z`,
      `${year + 1}-01-01T03:00:30.000Z`,
      `${year + 1}-01-04T12:00:00.000Z`,
    ]) {
      await clock(moment)
      for (const system of systems)
        expect([moment, await account(laptop, person, system)]).toMatchObject([
          moment,
          { state: 'enabled', expiresAt: ends, converged: true },
        ])
    }
    expect(await intents()).toBe(before)
    // Whom nobody renewed is closed that night, as ever.
    const other = staff(organisation, 'honorarios')
    expect(await account(laptop, other, 'mail')).toMatchObject({ state: 'disabled' })
  })
})
