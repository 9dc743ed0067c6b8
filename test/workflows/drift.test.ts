import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import sample from '../../infra/settings/valle-claro.json' with { type: 'json' }
import type { Contract } from '../../schemas/contract.ts'
import { Settings } from '../../schemas/settings.ts'
import { openWorld, type World } from '../servers/world.ts'

const planta: Contract = { type: 'planta', regime: 'municipal', startsOn: '2020-03-01', endsOn: null }
const contrata: Contract = { ...planta, type: 'contrata', startsOn: '2026-01-01', endsOn: '2026-12-31' }
const names = { givenNames: 'Elisa', surnames: 'Huenchumán Ñancupil' }
const day = 86_400_000

let world: World
let head: string
let serial = 0
const nationalId = () => {
  const digits = String(17_000_000 + ++serial)
  return `${digits}-${rutCheckDigit(digits)}`
}

beforeAll(async () => {
  const { targets } = Settings.parse(sample)
  world = await openWorld({
    settings: {
      targets: targets.map(target =>
        target.kind === 'active-directory'
          ? { ...target, onlyReported: ['closed', 'right-added', 'deleted'] as const satisfies string[] }
          : target.kind === 'sql'
            ? { ...target, onlyReported: ['right-added'] as const satisfies string[] }
            : target,
      ),
    },
  })
  head = await world.hire(nationalId(), { givenNames: 'Marta', surnames: 'Reyes Soto' }, 'dideco', planta)
  world.units.set('dideco', { id: 'dideco', name: 'Dideco', parent: null, head, deputies: [] })
})
afterAll(() => world.close())

const file = (id: string, systems: readonly object[], contract = planta) =>
  world.submit(head, {
    unit: 'dideco',
    activations: systems.map(access => ({
      person: { nationalId: id, ...names, position: 'Administrativo' },
      contract,
      access,
      until: contract.endsOn,
    })),
    declaration: true,
  })
const close = (id: string) =>
  world.submit(head, {
    unit: 'dideco',
    deactivations: [{ nationalId: id, access: { system: 'all' } }],
    declaration: true,
  })
const directory = { system: 'directory', internetProfile: 'controlado' }

async function opened(systems: readonly object[], contract = planta) {
  const id = nationalId()
  const personId = await world.hire(id, names, 'dideco', contract)
  await file(id, systems, contract)
  await world.settle()
  return { id, personId }
}

const account = (target: 'directory' | 'mail', id: string) => {
  const found = [...world.targets[target].accounts.values()].find(({ owner }) => owner === id)
  if (found === undefined) throw new Error('no such account')
  return found
}

/** Less than a day goes by until everybody has been looked at. */
async function dayPasses(): Promise<void> {
  world.time.now += day
  await world.settle()
}

const story = async (personId: string, target: string) =>
  (await world.entries(`target/${personId}/${target}`)).map(({ act, phase, cause }) =>
    act === 'drift-found' ? act : `${phase} by ${cause.kind}`,
  )

const listed = async (target: string) => {
  const page = await world.tables.client.send(
    new QueryCommand({
      TableName: world.tables.state,
      IndexName: 'list',
      KeyConditionExpression: 'listKey = :list',
      ExpressionAttributeValues: { ':list': `drift#${target}` },
    }),
  )
  return (page.Items ?? []).map(item => String(item.pk))
}

describe('an account is looked at once a day', () => {
  it('and closed again when somebody opened it by hand after it was closed', async () => {
    const { id, personId } = await opened([{ system: 'mail' }])
    await close(id)
    await world.settle()
    account('mail', id).enabled = true
    await dayPasses()
    expect(account('mail', id).enabled).toBe(false)
    expect((await story(personId, 'mail')).slice(-3)).toEqual([
      'drift-found',
      'intended by drift',
      'succeeded by drift',
    ])
    const row = await world.row(personId, 'mail')
    expect(row.drift).toMatchObject({ outcome: 'settled', differences: [{ kind: 'opened', right: null }] })
    expect(await listed('mail')).toEqual([])
  })

  it('and opened again when somebody closed or deleted what a person should have', async () => {
    const { id, personId } = await opened([{ system: 'mail' }])
    account('mail', id).enabled = false
    await dayPasses()
    expect(account('mail', id).enabled).toBe(true)
    world.targets.mail.accounts.clear()
    await dayPasses()
    expect(account('mail', id).enabled).toBe(true)
    expect((await story(personId, 'mail')).filter(act => act === 'drift-found')).toHaveLength(2)
  })

  it('and nothing is written about it while it is as it was left', async () => {
    const { personId } = await opened([{ system: 'mail' }])
    const before = await story(personId, 'mail')
    for (let days = 0; days < 3; days++) await dayPasses()
    expect(await story(personId, 'mail')).toEqual(before)
    expect((await world.row(personId, 'mail')).drift).toBeNull()
  })
})

describe('a drift that the setting only reports', () => {
  it('stands, is listed and told once, until something is asked for', async () => {
    const { id, personId } = await opened([directory])
    const vpn = { id: 'entitlement:vpn', operations: [], specific: [], until: null }
    account('directory', id).rights.set(vpn.id, vpn)
    for (let days = 0; days < 3; days++) await dayPasses()
    expect(account('directory', id).rights.has(vpn.id)).toBe(true)
    const row = await world.row(personId, 'directory')
    expect(row).toMatchObject({ state: 'converged', drift: { outcome: 'reported' } })
    expect(await listed('directory')).toContain(`PERSON#${personId}`)
    expect((await story(personId, 'directory')).filter(act => act === 'drift-found')).toHaveLength(1)

    await file(id, [{ system: 'directory', removableStorage: true }])
    await world.settle()
    expect([...account('directory', id).rights.keys()].sort()).toEqual([
      'internet:controlado',
      'removable-storage',
    ])
    expect((await world.row(personId, 'directory')).drift).toMatchObject({ outcome: 'settled' })
    expect(await listed('directory')).not.toContain(`PERSON#${personId}`)
  })

  it('does not keep an account open, nor past its end', async () => {
    const { id, personId } = await opened([directory], contrata)
    account('directory', id).rights.set('entitlement:vpn', {
      id: 'entitlement:vpn',
      operations: [],
      specific: [],
      until: null,
    })
    await dayPasses()
    const before = world.time.now
    world.time.now = Date.parse('2027-01-01T03:00:00.000Z')
    await world.settle()
    expect(account('directory', id)).toMatchObject({ enabled: false, retired: true })
    expect(account('directory', id).rights.size).toBe(0)
    account('directory', id).enabled = true
    await dayPasses()
    expect(account('directory', id).enabled).toBe(false)
    expect((await story(personId, 'directory')).at(-1)).toBe('succeeded by drift')
    world.time.now = before
  })
})

describe('a right that ends is no drift', () => {
  it('also where the run that was to take it away died half-way', async () => {
    const id = nationalId()
    const personId = await world.hire(id, names, 'dideco', planta)
    const line = (module: string, until: string | null) => ({
      person: { nationalId: id, ...names, position: 'Administrativo' },
      contract: planta,
      access: { system: 'erp', module, type: 'consulta' },
      until,
    })
    const until = new Date(world.time.now + 3 * day).toISOString().slice(0, 10)
    await world.submit(head, {
      unit: 'dideco',
      activations: [line('contabilidad-gubernamental', null), line('bodega', until)],
      declaration: true,
    })
    await world.settle()
    const { erp } = world.targets
    const held = () => [...erp.accounts.values()].find(({ owner }) => owner === id)?.rights
    expect([...(held()?.keys() ?? [])].sort()).toEqual(['bodega', 'contabilidad-gubernamental'])
    world.time.now += 5 * day
    const { apply } = erp
    erp.apply = async () => {
      throw new Error('the run died')
    }
    await expect(world.converge(personId, 'erp')).rejects.toThrow('died')
    erp.apply = apply
    world.time.now += 120_000
    await world.settle()
    expect([...(held()?.keys() ?? [])]).toEqual(['contabilidad-gubernamental'])
  })
})
