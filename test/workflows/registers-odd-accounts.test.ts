import { afterEach, expect, it } from 'vitest'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import { createIdentityStore } from '../../functions/stores/identities.ts'
import { chains, windowShards } from '../../functions/stores/keys.ts'
import { adoptAccounts } from '../../functions/workflows/adopt-accounts.ts'
import { completeTask } from '../../functions/workflows/complete-task.ts'
import { readAccounts } from '../../functions/workflows/read-accounts.ts'
import { readRegister } from '../../functions/workflows/read-register.ts'
import { listTasks } from '../../functions/workflows/read-tasks.ts'
import { pageLimits } from '../../functions/workflows/walk-people.ts'
import sample from '../../infra/settings/valle-claro.json' with { type: 'json' }
import type { Contract } from '../../schemas/contract.ts'
import type { RegisterName } from '../../schemas/registers.ts'
import { Settings } from '../../schemas/settings.ts'
import { openWorld, type World } from '../servers/world.ts'

const planta: Contract = { type: 'planta', regime: 'municipal', startsOn: '2020-03-01', endsOn: null }
const rut = (number: number) => `${number}-${rutCheckDigit(String(number))}`
const names = { givenNames: 'Amparo', surnames: 'Lincopán Vidal' }
const id = rut(23_000_002)
const day = { asAt: '2026-11-20' }

let world: World
let head: string
async function open(settings: Partial<Settings> = {}): Promise<void> {
  world = await openWorld({ settings })
  head = await world.hire(rut(23_000_001), { givenNames: 'Marta', surnames: 'Reyes' }, 'dideco', planta)
  world.units.set('dideco', { id: 'dideco', name: 'Dideco', parent: null, head, deputies: [] })
  await world.hire(id, names, 'dideco', planta)
}
afterEach(() => world.close())

async function entries(register: RegisterName): Promise<Record<string, unknown>[]> {
  const identities = createIdentityStore(world.tables)
  const needed = {
    ...world.engine,
    ledger: world.ledger,
    visits: world.visits,
    identities,
    chains,
    windowShards,
    limits: pageLimits,
  }
  const page = await readRegister(needed, register, day)
  if ('refused' in page) throw new Error(page.refused)
  return page.entries
}
const file = (access: object) =>
  world.submit(head, {
    unit: 'dideco',
    activations: [
      { person: { nationalId: id, ...names, position: 'Asesora' }, contract: planta, access, until: null },
    ],
    deactivations: [],
    declaration: true,
  })

it('has an account that was there before from its adoption on, by whoever confirmed it', async () => {
  await open()
  world.targets.directory.accounts.set('alincopan', {
    accountId: 'alincopan',
    name: 'alincopan',
    owner: null,
    enabled: true,
    expiresAt: null,
    rights: new Map(
      ['entitlement:vpn', 'internet:libre'].map(right => [
        right,
        { id: right, operations: [], specific: [], until: null },
      ]),
    ),
    retired: false,
    profileHash: '',
  })
  const now = new Date(world.time.now).toISOString()
  const { readings, adoptions } = world
  await readings.plan('directory', now)
  const connector = world.targets.directory
  await readAccounts({ ...world.engine, target: 'directory', readings, connector }, () => 1)
  expect(await entries('domain-users')).toEqual([])
  const adopted = await adoptAccounts(
    { ...world.engine, adoptions, readings },
    { personId: head, roles: ['it'] },
    { target: 'directory', adoptions: [{ accountId: 'alincopan', nationalId: id }] },
  )
  expect(adopted).toMatchObject({ adoptions: [{ adopted: true }] })
  const before = await entries('domain-users')
  expect(before).toMatchObject([
    { user: 'alincopan', open: true, rights: ['entitlement:vpn', 'internet:libre'] },
  ])
  expect(await entries('changes')).toMatchObject([
    { change: 'adopted', effect: 'none', askedBy: { role: 'it', person: { name: 'Marta Reyes' } } },
  ])
  await world.settle()
  expect(await entries('domain-users')).toMatchObject([{ user: 'alincopan', rights: before[0]?.rights }])
  expect(await entries('changes')).toHaveLength(1)
})

it('says of an account whose answer was lost that something is under way, until it was looked at', async () => {
  await open()
  await file({ system: 'directory', internetProfile: 'controlado' })
  await world.settle()
  const personId = (await world.engine.people.idOf(id)) ?? ''
  world.targets.directory.beforeStep = () => {
    world.targets.directory.fault = { kind: 'unreachable', retryable: true, after: true }
  }
  await file({ system: 'directory', internetProfile: 'libre' })
  world.targets.directory.observe = (observe => refs => {
    if (world.targets.directory.fault === null) return observe(refs)
    world.targets.directory.fault = { kind: 'unreachable', retryable: true }
    return observe(refs)
  })(world.targets.directory.observe)
  await world.converge(personId, 'directory')
  expect(await entries('domain-users')).toMatchObject([{ rights: ['internet:controlado'], pending: true }])
  world.targets.directory.fault = null
  world.targets.directory.beforeStep = () => {}
  world.time.now += 60_000
  await world.settle()
  expect(await entries('domain-users')).toMatchObject([{ rights: ['internet:libre'], pending: false }])
  expect((await entries('removals')).map(({ change, right }) => [change, right])).toEqual([
    ['right-revoked', 'internet:controlado'],
  ])
})

it('has by the word of whoever did it what nobody but people can look at', async () => {
  const whole = Settings.parse(sample)
  await open({
    targets: whole.targets.map(target =>
      target.id === 'erp' ? { id: 'erp', kind: 'manual', mode: 'manual', onlyReported: [] } : target,
    ),
  })
  await file({ system: 'erp', module: 'bodega', type: 'consulta' })
  await world.settle()
  expect(await entries('changes')).toEqual([])
  const listed = await listTasks(world.engine, { open: 'true' })
  const task = 'tasks' in listed ? listed.tasks[0]?.id : undefined
  const said = { done: true as const, evidence: 'Hecho, ticket 12.' }
  await completeTask(world.engine, { personId: head, roles: ['it'] }, task ?? '', said)
  await world.settle()
  expect(await entries('changes')).toMatchObject([
    { system: 'erp', change: 'opened', readBackAt: null, cause: { kind: 'form' } },
    { system: 'erp', change: 'right-granted', right: 'bodega', now: { id: 'bodega' }, readBackAt: null },
  ])
})
