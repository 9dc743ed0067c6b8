import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dayOf } from '../../functions/domain/civil-time.ts'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import { createIdentityStore } from '../../functions/stores/identities.ts'
import { chains, windowShards } from '../../functions/stores/keys.ts'
import { createUnitStore } from '../../functions/stores/units.ts'
import { readRegister } from '../../functions/workflows/read-register.ts'
import { pageLimits } from '../../functions/workflows/walk-people.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { HrEvent } from '../../schemas/hr-event.ts'
import { RegisterName, RegisterPage, type RegistersQuery } from '../../schemas/registers.ts'
import { tell } from '../servers/personnel.ts'
import { openWorld, type World } from '../servers/world.ts'

const planta: Contract = { type: 'planta', regime: 'municipal', startsOn: '2020-03-01', endsOn: null }
const contrata: Contract = {
  type: 'contrata',
  regime: 'municipal',
  startsOn: '2026-01-01',
  endsOn: '2026-12-31',
}
let serial = 21_000_000
const rut = () => `${++serial}-${rutCheckDigit(String(serial))}`
const names = { givenNames: 'Maritza', surnames: 'Ñanculeo Pino' }
const [maritza, pedro] = [rut(), rut()]
const ledgered = { system: 'erp', module: 'contabilidad-gubernamental' }
const directory = { system: 'directory', internetProfile: 'libre', entitlements: ['vpn'] }

let world: World
let head: string
const ids = new Map<string, string>()
/** Every register as it was told on the evening of a day. */
const evenings = new Map<string, readonly RegisterPage[]>()
beforeAll(async () => {
  world = await openWorld()
  await live()
})
afterAll(() => world.close())

const needed = () => ({
  ...world.engine,
  ledger: world.ledger,
  visits: world.visits,
  identities: createIdentityStore(world.tables),
  chains,
  windowShards,
  limits: pageLimits,
})
const today = () => dayOf(new Date(world.time.now).toISOString(), 'America/Santiago')

async function ask(register: RegisterName, query: RegistersQuery = {}): Promise<RegisterPage> {
  const answer = await readRegister(needed(), register, query)
  if ('refused' in answer) throw new Error(JSON.stringify(answer))
  return RegisterPage.parse(answer)
}
const entries = async (
  register: RegisterName,
  query: RegistersQuery = {},
): Promise<Record<string, unknown>[]> => (await ask(register, query)).entries
const kinds = async (register: RegisterName, query: RegistersQuery) =>
  (await entries(register, query)).map(({ system, change, right }) =>
    `${system} ${change} ${right ?? ''}`.trim(),
  )

async function evening(): Promise<void> {
  await world.settle()
  evenings.set(today(), await Promise.all(RegisterName.options.map(register => ask(register))))
  world.time.now += 86_400_000
}

const activate = (id: string, contract: Contract, accesses: readonly object[], until: string | null = null) =>
  world.submit(head, {
    unit: 'dideco',
    activations: accesses.map(access => ({
      person: { nationalId: id, ...names, position: 'Administrativa' },
      contract,
      access,
      until,
    })),
    deactivations: [],
    declaration: true,
  })
const event = (id: string, type: HrEvent['type'], more: Partial<HrEvent>) =>
  tell(world.engine, {
    version: 1,
    id: crypto.randomUUID(),
    type,
    nationalId: id,
    effectiveOn: today(),
    recordedAt: new Date(world.time.now).toISOString(),
    ...more,
  })

async function nameUnit(name: string): Promise<void> {
  const units = createUnitStore(world.tables)
  const unit = { id: 'dideco', name, parent: null, head, deputies: [] }
  const at = new Date(world.time.now).toISOString()
  await units.record(await units.load('dideco'), unit, {
    at,
    asOf: at,
    act: 'unit-recorded',
    phase: 'recorded',
    subject: null,
    actor: { personId: null, role: 'hr', onBehalfOf: null },
    system: 'llavero',
    request: null,
    cause: { kind: 'register', ref: 'dideco' },
    after: unit,
  })
}

/** Nine days from 20 November, each with its evening. */
async function live(): Promise<void> {
  head = await world.hire(rut(), { givenNames: 'Marta', surnames: 'Reyes Soto' }, 'dideco', planta)
  world.units.set('dideco', { id: 'dideco', name: 'Dideco', parent: null, head, deputies: [] })
  await nameUnit('Desarrollo Comunitario')
  ids.set(maritza, await world.hire(maritza, names, 'dideco', planta))
  ids.set(
    pedro,
    await world.hire(pedro, { givenNames: 'Pedro', surnames: 'Oyarce Vial' }, 'dideco', contrata),
  )
  await evening()
  // 21: opened
  const operations = ['ingreso', 'modificacion']
  await activate(maritza, planta, [
    directory,
    { system: 'mail' },
    { ...ledgered, type: 'actualizacion', operations },
  ])
  await activate(pedro, contrata, [directory, { system: 'mail' }], '2026-12-31')
  await evening()
  // 22: less of a module, an earlier end
  await activate(maritza, planta, [{ ...ledgered, type: 'consulta' }])
  await activate(pedro, contrata, [{ system: 'mail' }], '2026-11-26')
  await evening()
  // 23: somebody changes an account by hand, and it is found by the daily look
  const account = [...world.targets.directory.accounts.values()].find(({ owner }) => owner === maritza)
  account?.rights.set('removable-storage', {
    id: 'removable-storage',
    operations: [],
    specific: [],
    until: null,
  })
  world.time.now += 86_400_000
  await evening()
  // 25: another name of a person and of a unit
  await event(maritza, 'contract-renewed', {
    person: { nationalId: maritza, givenNames: 'Maritza', surnames: 'Ñanculeo Rivas', position: 'Jefa' },
    contract: planta,
  })
  await nameUnit('Dirección de Personas')
  await evening()
  // 26: nothing; at its end the mailbox ends
  await evening()
  // 27: goes to another unit; a leave of the other
  await world.settle()
  await event(maritza, 'transferred', { unit: 'obras' })
  await event(pedro, 'leave-started', {})
  await evening()
  // 28: an event that was already so three days ago, and is told only now
  await event(pedro, 'leave-ended', {})
  await event(maritza, 'hired', {
    effectiveOn: '2026-11-25',
    contract: planta,
    unit: 'dideco',
    person: { nationalId: maritza, givenNames: 'Otra', surnames: 'Persona', position: 'Otra' },
  })
  await evening()
}

describe('the registers of a past day', () => {
  it('are the same on every later day as on its evening, whatever happened and was told since', async () => {
    expect(evenings.size).toBe(8)
    for (const [asAt, told] of evenings)
      for (const page of told) {
        const again = await ask(page.register, { asAt })
        expect([asAt, page.register, again.entries]).toEqual([asAt, page.register, page.entries])
      }
  })

  it('change from day to day as the facts do', async () => {
    const counts = async (register: RegisterName, days: readonly string[]) =>
      Promise.all(days.map(async day => (await entries(register, { asAt: `2026-11-${day}` })).length))
    expect(await counts('mail-addresses', ['20', '21', '26', '27'])).toEqual([0, 2, 2, 0])
    expect(await counts('domain-users', ['20', '21', '27'])).toEqual([0, 2, 2])
    // Account, internet, vpn, mailbox of both, and a module.
    expect(await counts('permissions', ['20', '21', '26', '27'])).toEqual([0, 9, 9, 0])
  })

  it('are refused for a day that has not come, and empty for one before there was anything', async () => {
    expect(await readRegister(needed(), 'permissions', { asAt: '2026-12-31' })).toMatchObject({
      refused: 'invalid',
      faults: [{ pointer: '/query/asAt', code: 'register.future-day' }],
    })
    for (const register of RegisterName.options)
      expect(await entries(register, { asAt: '2019-12-31' })).toEqual([])
  })

  it('end with the day of the body, not with the one of Greenwich', async () => {
    const { at } = await ask('permissions', { asAt: '2026-11-21' })
    expect(at).toBe('2026-11-22T02:59:59.999Z')
  })
})

describe('the list of mail addresses', () => {
  it('names whose each is, where they stood that day, and until when', async () => {
    const [address] = (await entries('mail-addresses', { asAt: '2026-11-22' })).filter(
      ({ person }) => (person as { nationalId: string }).nationalId === pedro,
    )
    expect(address).toMatchObject({
      address: 'pedro.oyarce@valleclaro.example',
      person: {
        nationalId: pedro,
        name: 'Pedro Oyarce Vial',
        unit: { id: 'dideco', name: 'Desarrollo Comunitario' },
      },
      state: 'enabled',
      expiresAt: '2026-11-27T03:00:00.000Z',
      open: true,
      pending: false,
    })
  })

  it('calls people and units as they were called that day', async () => {
    const told = async (asAt: string) =>
      (await entries('mail-addresses', { asAt }))
        .map(({ person }) => person as { name: string; unit: { name: string } })
        .map(({ name, unit }) => `${name}, ${unit.name}`)
        .find(line => line.startsWith('Maritza'))
    expect(await told('2026-11-24')).toBe('Maritza Ñanculeo Pino, Desarrollo Comunitario')
    expect(await told('2026-11-25')).toBe('Maritza Ñanculeo Rivas, Dirección de Personas')
  })
})

describe('the list of domain users', () => {
  it('has the closed ones too, and the groups of the open ones', async () => {
    const users = async (asAt: string) =>
      (await entries('domain-users', { asAt })).map(({ user, state, rights }) => ({ user, state, rights }))
    expect(await users('2026-11-21')).toContainEqual({
      user: 'maritza.nanculeo',
      state: 'enabled',
      rights: ['entitlement:vpn', 'internet:libre'],
    })
    expect(await users('2026-11-27')).toContainEqual({
      user: 'maritza.nanculeo',
      state: 'disabled',
      rights: [],
    })
  })
})

describe('the register of permissions', () => {
  it('says what, granted by which unit, until when, on which line', async () => {
    const found = (await entries('permissions', { asAt: '2026-11-21' })).filter(
      ({ system }) => system === 'erp',
    )
    expect(found).toMatchObject([
      {
        right: 'contabilidad-gubernamental',
        type: 'actualizacion',
        operations: ['ingreso', 'modificacion'],
        grantedBy: { id: 'dideco', name: 'Desarrollo Comunitario' },
        until: null,
        line: 'A3',
      },
    ])
    const [reduced] = (await entries('permissions', { asAt: '2026-11-22' })).filter(
      ({ system }) => system === 'erp',
    )
    expect(reduced).toMatchObject({ type: 'consulta', operations: [] })
  })
})

describe('the log of changes', () => {
  it('tells gains and losses in the order in which they were found, with the form that asked', async () => {
    expect(await kinds('changes', { asAt: '2026-11-21', from: '2026-11-21' })).toEqual(
      expect.arrayContaining([
        'directory opened',
        'directory right-granted entitlement:vpn',
        'directory right-granted internet:libre',
        'mail opened',
        'erp opened',
        'erp right-granted contabilidad-gubernamental',
      ]),
    )
    const all = await entries('changes', { asAt: '2026-11-28' })
    expect(all.map(({ at }) => at)).toEqual(all.map(({ at }) => at).sort())
    expect(all.find(({ change }) => change === 'opened')).toMatchObject({
      effect: 'gain',
      cause: { kind: 'form' },
      request: expect.stringMatching(/^2026-\d{6}$/),
      askedBy: { role: 'head', person: { name: 'Marta Reyes Soto' }, onBehalfOf: null },
    })
  })

  it('tells what somebody changed in the target itself, and its correction', async () => {
    const found = await entries('changes', { asAt: '2026-11-24', from: '2026-11-23' })
    expect(
      found.map(({ change, right, cause }) => [change, right, (cause as { kind: string }).kind]),
    ).toEqual([
      ['right-granted', 'removable-storage', 'outside'],
      ['right-revoked', 'removable-storage', 'drift'],
    ])
    expect(found.map(({ askedBy }) => askedBy)).toEqual([null, null])
  })
})

describe('the register of removals', () => {
  it('tells an earlier end and less of a module as what they are', async () => {
    const found = await entries('removals', { asAt: '2026-11-22', from: '2026-11-22' })
    expect(found).toHaveLength(2)
    expect(found.find(({ system }) => system === 'erp')).toMatchObject({
      change: 'right-changed',
      effect: 'loss',
      was: { operations: ['ingreso', 'modificacion'] },
      now: { operations: [] },
    })
    const earlier = found.find(({ system }) => system === 'mail')
    expect(earlier).toMatchObject({ change: 'end-earlier', until: '2026-11-27T03:00:00.000Z' })
    expect(earlier?.readBackAt).toBe(earlier?.at)
  })

  it('tells why: time, the personnel register, and who told it', async () => {
    const found = await entries('removals', { asAt: '2026-11-27', from: '2026-11-27' })
    const told = found.map(({ system, change, right, cause, askedBy }) =>
      [
        system,
        change,
        right ?? '-',
        (cause as { kind: string }).kind,
        (askedBy as { role: string } | null)?.role ?? '-',
      ].join(' '),
    )
    expect(told).toEqual(
      expect.arrayContaining([
        'mail closed - calendar -',
        'directory closed - hr-event hr',
        'directory right-revoked entitlement:vpn hr-event hr',
        'erp right-revoked contabilidad-gubernamental hr-event hr',
      ]),
    )
    expect(found.every(({ effect }) => effect === 'loss')).toBe(true)
  })

  it('looks back 31 days by itself and a year at most', async () => {
    const query = { asAt: '2026-11-27' }
    expect(await ask('removals', query)).toMatchObject({ from: '2026-10-28' })
    expect(await ask('removals', { ...query, from: '2025-11-27' })).toMatchObject({ from: '2025-11-27' })
    for (const [register, from, code] of [
      ['removals', '2025-11-26', 'register.too-long'],
      ['changes', '2026-11-28', 'query.bad-parameter'],
      ['permissions', '2026-11-01', 'query.bad-parameter'],
    ] as const)
      expect(await readRegister(needed(), register, { ...query, from })).toMatchObject({
        refused: 'invalid',
        faults: [{ pointer: '/query/from', code }],
      })
  })
})
