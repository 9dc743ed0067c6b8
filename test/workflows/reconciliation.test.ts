import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import { createListStore } from '../../functions/stores/lists.ts'
import { adoptAccounts } from '../../functions/workflows/adopt-accounts.ts'
import { readAccounts } from '../../functions/workflows/read-accounts.ts'
import { reconcileTarget } from '../../functions/workflows/reconcile-target.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { Reconciliation, ReconciliationQuery } from '../../schemas/reconciliation.ts'
import { openWorld, type World } from '../servers/world.ts'

const planta: Contract = { type: 'planta', regime: 'municipal', startsOn: '2020-03-01', endsOn: null }
const over: Contract = { ...planta, type: 'contrata', endsOn: '2026-10-31' }

let serial = 0
const nationalId = () => {
  const digits = String(18_400_000 + ++serial)
  return `${digits}-${rutCheckDigit(digits)}`
}

let world: World
let head: string
const ids: Record<string, { id: string; personId: string }> = {}

const given = () => ({
  ...world.engine,
  readings: world.readings,
  adoptions: world.adoptions,
  lists: createListStore(world.tables),
})
async function ask(query: Partial<ReconciliationQuery> = {}): Promise<Reconciliation> {
  const answer = await reconcileTarget(given(), { target: 'directory', ...query })
  if ('refused' in answer) throw new Error(answer.refused)
  return answer
}

function byHand(accountId: string, more: object = {}) {
  world.targets.directory.accounts.set(accountId, {
    accountId,
    name: accountId,
    owner: null,
    enabled: true,
    expiresAt: null,
    rights: new Map(),
    retired: false,
    profileHash: '',
    ...more,
  })
}
async function read() {
  const now = new Date(world.time.now).toISOString()
  if (!(await world.readings.plan('directory', now))) await world.readings.hasten('directory', now)
  const connector = world.targets.directory
  await readAccounts({ ...world.engine, target: 'directory', readings: world.readings, connector }, () => 1)
}

beforeAll(async () => {
  world = await openWorld()
  head = await world.hire(nationalId(), { givenNames: 'Marta', surnames: 'Reyes Soto' }, 'dideco', planta)
  world.units.set('dideco', { id: 'dideco', name: 'Dideco', parent: null, head, deputies: [] })
  const hire = async (key: string, givenNames: string, surnames: string, contract = planta) => {
    const id = nationalId()
    ids[key] = { id, personId: await world.hire(id, { givenNames, surnames }, 'dideco', contract) }
  }
  await hire('ours', 'Rosa', 'Ñanco Díaz')
  await hire('named', 'Elías', 'Catrileo Pinto')
  await hire('marked', 'Olga', 'Sandoval Ruiz')
  await hire('left', 'Pedro', 'Aravena Gil', over)
  byHand('e.catrileo', { shownName: 'Elías Catrileo Pinto' })
  byHand('olga', { owner: ids.marked?.id })
  byHand('paravena', { owner: ids.left?.id })
  byHand('paravena-closed', { owner: ids.left?.id, enabled: false })
  byHand('svc-backup')
  byHand('krbtgt', { untouchable: true })
  await world.submit(head, {
    unit: 'dideco',
    activations: [
      {
        person: { nationalId: ids.ours?.id, givenNames: 'Rosa', surnames: 'Ñanco Díaz', position: 'X' },
        contract: planta,
        access: { system: 'directory', internetProfile: 'libre' },
        until: null,
      },
    ],
    deactivations: [],
    declaration: true,
  })
  await world.settle()
})
afterAll(() => world.close())

describe('the reconciliation of a target', () => {
  it('says that nothing was read yet', async () => {
    expect(await ask()).toMatchObject({ reading: null, orphans: [], unmanaged: [], cursor: null })
  })

  it('tells whose each account may be, who has one that should not, and nothing of those that are as they should', async () => {
    await read()
    const answer = await ask()
    expect(answer.reading).toMatchObject({ complete: true, suspicious: false, accounts: 7 })
    expect(answer.orphans.map(({ account, reason }) => [account.name, reason])).toEqual([
      ['paravena', 'contract-over'],
    ])
    const unmanaged = new Map(answer.unmanaged.map(one => [one.account.name, one]))
    expect([...unmanaged.keys()].sort()).toEqual(['e.catrileo', 'krbtgt', 'olga', 'svc-backup'])
    expect(unmanaged.get('olga')?.candidates).toMatchObject([
      { person: { nationalId: ids.marked?.id }, score: 1, because: ['national-id'], hasAccount: false },
    ])
    expect(unmanaged.get('e.catrileo')?.candidates).toMatchObject([
      { person: { name: 'Elías Catrileo Pinto' }, unit: 'dideco', score: 0.99 },
    ])
    expect(unmanaged.get('svc-backup')).toMatchObject({ candidates: [], untouchable: false })
    expect(unmanaged.get('krbtgt')).toMatchObject({ candidates: [], untouchable: true })
  })

  it('reports the account of somebody on leave, and an adopted one whose grant has ended', async () => {
    const answer = await adoptAccounts(
      given(),
      { personId: head, roles: ['it'] },
      {
        target: 'directory',
        adoptions: [{ accountId: 'olga', nationalId: ids.marked?.id ?? '' }],
      },
    )
    expect('adoptions' in answer && answer.adoptions[0]?.adopted).toBe(true)
    await world.settle()
    expect((await ask()).unmanaged.map(({ account }) => account.name)).not.toContain('olga')
    await world.submit(head, {
      unit: 'dideco',
      activations: [],
      deactivations: [{ nationalId: ids.marked?.id ?? '', access: { system: 'all' } }],
      declaration: true,
    })
    // Not settled: the target still shows it open, and no grant stands behind it.
    expect(
      (await ask({ kind: 'orphans' })).orphans.map(({ account, reason }) => [account.name, reason]),
    ).toEqual(expect.arrayContaining([['olga', 'nothing-granted']]))
    await world.settle()
  })

  it('lists drift that is not settled, and what would be done where it is only observed', async () => {
    const account = [...world.targets.directory.accounts.values()].find(({ owner }) => owner === ids.ours?.id)
    if (account === undefined) throw new Error('there is no account')
    account.enabled = false
    const settings = {
      ...world.engine.settings,
      targets: world.engine.settings.targets.map(target => ({
        ...target,
        onlyReported: ['closed' as const],
      })),
    }
    world.time.now += 2 * 86_400_000
    await world.settle({ ...world.engine, settings })
    const [drift] = (await ask({ kind: 'drift' })).drift
    expect(drift).toMatchObject({
      person: { nationalId: ids.ours?.id },
      accountId: account.accountId,
      differences: [{ kind: 'closed' }],
      outcome: 'reported',
    })
    const observing = {
      ...world.engine,
      settings: {
        ...settings,
        targets: settings.targets.map(target => ({
          ...target,
          onlyReported: [],
          mode: 'observe-only' as const,
        })),
      },
    }
    await world.converge(ids.ours?.personId ?? '', 'directory', observing)
    expect((await ask({ kind: 'would-do' })).wouldDo).toMatchObject([
      { person: { nationalId: ids.ours?.id }, steps: [{ act: 'enable' }] },
    ])
    account.enabled = true
  })

  it('compares the last two readings by name: missing, added, different (R19)', async () => {
    const { accounts } = world.targets.directory
    accounts.delete('svc-backup')
    byHand('nuevo')
    const moved = accounts.get('e.catrileo')
    accounts.delete('e.catrileo')
    if (moved !== undefined)
      accounts.set('new-host-key', {
        ...moved,
        accountId: 'new-host-key',
        name: 'E.Catrileo',
        enabled: false,
      })
    world.time.now += 60_000
    await read()
    const { comparison } = await ask({ compare: 'previous' })
    expect(comparison?.missing.map(({ name }) => name)).toEqual(['svc-backup'])
    expect(comparison?.added.map(({ name }) => name)).toEqual(['nuevo'])
    expect(comparison?.different.map(({ name, differences }) => [name, differences])).toContainEqual([
      'E.Catrileo',
      ['state'],
    ])
  })

  it('goes on page by page, tells everything once, and knows a cursor that is not its own', async () => {
    for (let index = 0; index < 230; index++) byHand(`many-${String(index).padStart(3, '0')}`)
    await read()
    const seen: string[] = []
    let cursor: string | null = null
    let pages = 0
    do {
      const answer: Reconciliation = await ask(cursor === null ? {} : { cursor })
      seen.push(...answer.unmanaged.map(({ account }) => account.name))
      cursor = answer.cursor
      pages++
    } while (cursor !== null)
    expect(pages).toBeGreaterThan(2)
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.filter(name => name.startsWith('many-'))).toHaveLength(230)
    for (const place of ['nothing', 'accounts~x~0~0', 'accounts~', '!!'])
      expect(
        await reconcileTarget(given(), {
          target: 'directory',
          cursor: Buffer.from(place).toString('base64url'),
        }),
      ).toMatchObject({ refused: 'invalid' })
  })
})
