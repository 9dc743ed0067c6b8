import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import { adoptAccounts } from '../../functions/workflows/adopt-accounts.ts'
import { readAccounts } from '../../functions/workflows/read-accounts.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { TargetId } from '../../schemas/settings.ts'
import type { Right } from '../../schemas/target.ts'
import { openWorld, type World } from '../servers/world.ts'

const planta: Contract = { type: 'planta', regime: 'municipal', startsOn: '2020-03-01', endsOn: null }
const yearly = (type: 'contrata' | 'honorarios', endsOn = '2026-12-31'): Contract => ({
  type,
  regime: 'municipal',
  startsOn: '2026-01-01',
  endsOn,
})

let serial = 0
const nationalId = () => {
  const digits = String(17_300_000 + ++serial)
  return `${digits}-${rutCheckDigit(digits)}`
}

let world: World
let head: string
let operator: string
const operatorId = nationalId()
const names = { givenNames: 'Amparo', surnames: 'Lincopán Vidal' }

beforeAll(async () => {
  world = await openWorld()
  head = await world.hire(nationalId(), { givenNames: 'Marta', surnames: 'Reyes Soto' }, 'dideco', planta)
  operator = await world.hire(
    operatorId,
    { givenNames: 'Iris', surnames: 'Tapia Leal' },
    'informatica',
    planta,
  )
  world.units.set('dideco', { id: 'dideco', name: 'Dideco', parent: null, head, deputies: [] })
  world.units.set('obras', { id: 'obras', name: 'Obras', parent: null, head, deputies: [] })
})
afterAll(() => world.close())

const right = (id: string, more: Partial<Right> = {}): Right => ({
  id,
  operations: [],
  specific: [],
  until: null,
  ...more,
})

interface Hand {
  readonly owner?: string | null
  readonly enabled?: boolean
  readonly expiresAt?: string | null
  readonly rights?: readonly Right[]
  readonly untouchable?: boolean
}

/** An account that somebody made by hand. */
function byHand(target: TargetId, accountId: string, { owner = null, enabled = true, ...more }: Hand = {}) {
  world.targets[target].accounts.set(accountId, {
    accountId,
    name: target === 'mail' ? `${accountId}@valleclaro.example` : accountId,
    owner,
    enabled,
    expiresAt: more.expiresAt ?? null,
    rights: new Map((more.rights ?? []).map(one => [one.id, one])),
    retired: false,
    profileHash: '',
    untouchable: more.untouchable ?? false,
  })
}

async function read(target: TargetId) {
  const now = new Date(world.time.now).toISOString()
  if (!(await world.readings.plan(target, now))) await world.readings.hasten(target, now)
  const connector = world.targets[target]
  await readAccounts({ ...world.engine, target, readings: world.readings, connector }, () => 1)
}

const adopt = (
  target: TargetId,
  adoptions: { accountId: string; nationalId: string }[],
  callerId = operator,
) =>
  adoptAccounts(
    { ...world.engine, adoptions: world.adoptions, readings: world.readings },
    { personId: callerId, roles: ['it'] },
    { target, adoptions },
  )

const codes = (answer: Awaited<ReturnType<typeof adopt>>) =>
  'refused' in answer
    ? [answer.refused, ...(answer.faults ?? []).map(({ pointer, code }) => `${pointer} ${code}`)]
    : answer.adoptions.map(({ adopted, violations }) => [adopted, violations.map(({ rule }) => rule)])

async function hired(contract = planta, unit = 'dideco') {
  const id = nationalId()
  return { id, personId: await world.hire(id, names, unit, contract) }
}

const actsOn = (target: TargetId, accountId: string) =>
  world.targets[target].changes.filter(change => change.accountId === accountId).map(({ act }) => act)

const line = (id: string, access: object, until: string | null = null) => ({
  person: { nationalId: id, ...names, position: 'Administrativa' },
  contract: planta,
  access,
  until,
})
const form = (activations: object[], deactivations: object[] = [], unit = 'dideco') => ({
  unit,
  activations,
  deactivations,
  declaration: true,
})

describe('the adoption of an account that was there before', () => {
  it('changes nothing but its mark and profile, and grants what it had, to be certified', async () => {
    const { id, personId } = await hired()
    byHand('directory', 'alincopan', { rights: [right('entitlement:vpn'), right('internet:libre')] })
    await read('directory')
    const answer = await adopt('directory', [{ accountId: 'alincopan', nationalId: id }])
    expect(codes(answer)).toEqual([[true, []]])
    await world.settle()
    expect(actsOn('directory', 'alincopan')).toEqual(['adopt', 'set-profile'])
    const account = world.targets.directory.accounts.get('alincopan')
    expect([...(account?.rights.keys() ?? [])].sort()).toEqual(['entitlement:vpn', 'internet:libre'])
    expect(await world.row(personId, 'directory')).toMatchObject({
      state: 'converged',
      origin: 'adopted',
      accountId: 'alincopan',
      name: 'alincopan',
    })
    const person = await world.engine.people.load(personId)
    expect(person?.grants.map(({ atom, origin, unit, until }) => [atom, origin, unit, until]).sort()).toEqual(
      [
        ['account', 'adoption', 'dideco', null],
        ['entitlement:vpn', 'adoption', 'dideco', null],
        ['internet', 'adoption', 'dideco', null],
      ],
    )
    const number = 'adoptions' in answer ? answer.adoptions[0]?.request : null
    const kept = await world.engine.requests.load(number ?? '')
    expect(kept?.row).toMatchObject({ kind: 'adoption', unit: 'dideco', signer: { capacity: 'it' } })
    expect(kept?.lines.map(({ decision }) => decision)).toEqual(['accepted'])
    const chain = await world.entries(`person/${personId}`)
    expect(chain.at(-1)).toMatchObject({ act: 'account-adopted', actor: { personId: operator, role: 'it' } })
    expect(JSON.stringify(chain)).not.toContain('Lincop')
  })

  it('ends with the contract, and never after 31 December where the contract is yearly (R3)', async () => {
    const long = await hired(yearly('contrata', '2027-03-31'))
    const short = await hired(yearly('honorarios', '2026-11-30'))
    byHand('mail', 'long')
    byHand('mail', 'short', { expiresAt: '2026-11-26T03:00:00.000Z' })
    await read('mail')
    await adopt('mail', [
      { accountId: 'long', nationalId: long.id },
      { accountId: 'short', nationalId: short.id },
    ])
    const untilOf = async (personId: string) => (await world.engine.people.load(personId))?.grants[0]?.until
    expect(await untilOf(long.personId)).toBe('2026-12-31')
    // What the target itself had armed was earlier: nobody gains by an adoption either.
    expect(await untilOf(short.personId)).toBe('2026-11-25')
    await world.settle()
    expect(world.targets.mail.accounts.get('short')?.expiresAt).toBe('2026-11-26T03:00:00.000Z')
    expect(actsOn('mail', 'short')).toEqual(['adopt', 'set-profile'])
  })

  it('leaves an ERP account of honorarios as it is, and names the rule (R2)', async () => {
    const { id, personId } = await hired(yearly('honorarios'))
    byHand('erp', 'contractor', { rights: [right('tesoreria', { operations: ['ingreso'] })] })
    await read('erp')
    expect(codes(await adopt('erp', [{ accountId: 'contractor', nationalId: id }]))).toEqual([
      [false, ['R2']],
    ])
    await world.settle()
    expect(actsOn('erp', 'contractor')).toEqual([])
    expect((await world.engine.people.load(personId))?.targets.size).toBe(0)
  })

  it('leaves open what it would have to close: a login in which nothing can be recognised', async () => {
    const { id } = await hired()
    byHand('erp', 'vendor-roles-only')
    await read('erp')
    expect(codes(await adopt('erp', [{ accountId: 'vendor-roles-only', nationalId: id }]))).toEqual([
      [false, ['R9']],
    ])
    expect(actsOn('erp', 'vendor-roles-only')).toEqual([])
  })

  it('takes a closed account over as it is, and opens it only when a form asks', async () => {
    const { id, personId } = await hired()
    byHand('directory', 'closed', { enabled: false, owner: id })
    await read('directory')
    const answer = await adopt('directory', [{ accountId: 'closed', nationalId: id }])
    expect('adoptions' in answer && answer.adoptions[0]).toMatchObject({ adopted: true, request: null })
    await world.settle()
    expect(world.targets.directory.accounts.get('closed')?.enabled).toBe(false)
    await world.submit(head, form([line(id, { system: 'directory', internetProfile: 'controlado' })]))
    await world.settle()
    expect(await world.row(personId, 'directory')).toMatchObject({
      accountId: 'closed',
      observed: { state: 'enabled' },
    })
  })

  it('settles the question a form had raised, and the form’s word prevails over what was found', async () => {
    const { id, personId } = await hired()
    byHand('directory', 'asked', { owner: id, rights: [right('internet:libre'), right('entitlement:vpn')] })
    await world.submit(head, form([line(id, { system: 'directory', internetProfile: 'controlado' })]))
    await world.settle()
    expect(await world.row(personId, 'directory')).toMatchObject({ state: 'parked', fault: 'unadopted' })
    expect(await world.engine.targets.parked()).toBe(1)
    await read('directory')
    expect(codes(await adopt('directory', [{ accountId: 'asked', nationalId: id }]))).toEqual([[true, []]])
    await world.settle()
    expect(await world.row(personId, 'directory')).toMatchObject({ state: 'converged', name: 'asked' })
    expect(await world.engine.targets.parked()).toBe(0)
    expect([...(world.targets.directory.accounts.get('asked')?.rights.keys() ?? [])].sort()).toEqual([
      'entitlement:vpn',
      'internet:controlado',
    ])
    const mine = [...world.targets.directory.accounts.values()].filter(({ owner }) => owner === id)
    expect(mine).toHaveLength(1)
  })

  it('is certified by a line of a form with the same key, and ended like any other grant', async () => {
    const { id, personId } = await hired()
    const rights = [right('tesoreria', { operations: ['ingreso'] }), right('personal')]
    byHand('erp', 'certify', { rights })
    await read('erp')
    await adopt('erp', [{ accountId: 'certify', nationalId: id }])
    await world.settle()
    const certified = { system: 'erp', module: 'tesoreria', type: 'actualizacion', operations: ['ingreso'] }
    await world.submit(
      head,
      form([line(id, certified)], [{ nationalId: id, access: { system: 'erp', module: 'personal' } }]),
    )
    await world.settle()
    expect([...(world.targets.erp.accounts.get('certify')?.rights.keys() ?? [])]).toEqual(['tesoreria'])
    const person = await world.engine.people.load(personId)
    expect(person?.grants.filter(({ atom }) => atom === 'erp:personal')[0]?.ended).not.toBeNull()
    expect(actsOn('erp', 'certify')).toEqual(['adopt', 'set-profile', 'revoke'])
  })

  it('is refused with every fault at once, each where it stands', async () => {
    const mine = await hired()
    const taken = await hired()
    const over = await hired(yearly('contrata', '2026-10-31'))
    const away = await hired()
    for (const accountId of ['free-1', 'free-2', 'free-3', 'free-4', 'free-5']) byHand('mail', accountId)
    byHand('mail', 'marked', { owner: taken.id })
    byHand('mail', 'postmaster', { untouchable: true })
    await read('mail')
    const event = { version: 1 as const, nationalId: away.id, effectiveOn: '2026-11-01' }
    const { tell } = await import('../servers/personnel.ts')
    await tell(world.engine, {
      ...event,
      id: crypto.randomUUID(),
      type: 'leave-started',
      recordedAt: new Date(world.time.now).toISOString(),
    })
    const answer = await adopt('mail', [
      { accountId: 'gone', nationalId: mine.id },
      { accountId: 'postmaster', nationalId: mine.id },
      { accountId: 'free-1', nationalId: operatorId },
      { accountId: 'free-1', nationalId: '12.345.678-9' },
      { accountId: 'free-2', nationalId: nationalId() },
      { accountId: 'free-3', nationalId: over.id },
      { accountId: 'free-4', nationalId: away.id },
    ])
    expect(codes(answer)).toEqual([
      'invalid',
      '/adoptions/0/accountId adoption.unknown-account',
      '/adoptions/1/accountId adoption.untouchable',
      '/adoptions/1/nationalId adoption.repeated',
      '/adoptions/2/nationalId adoption.oneself',
      '/adoptions/3/accountId adoption.repeated',
      '/adoptions/3/nationalId national-id.check-digit',
      '/adoptions/4/nationalId person.unknown',
      '/adoptions/5/nationalId adoption.no-contract',
      '/adoptions/6/nationalId adoption.on-hold',
    ])
    expect(codes(await adopt('mail', [{ accountId: 'marked', nationalId: mine.id }]))).toEqual([
      'conflict',
      '/adoptions/0/accountId adoption.account-taken',
    ])
    await adopt('mail', [{ accountId: 'free-5', nationalId: mine.id }])
    expect(codes(await adopt('mail', [{ accountId: 'free-1', nationalId: mine.id }]))).toEqual([
      'conflict',
      '/adoptions/0/nationalId adoption.person-has-account',
    ])
    expect(codes(await adopt('mail', [{ accountId: 'free-5', nationalId: taken.id }]))).toEqual([
      'conflict',
      '/adoptions/0/accountId adoption.account-taken',
    ])
  })

  it('said twice is said once, also at the same moment, and gives an account to one person only', async () => {
    const [one, other] = [await hired(), await hired()]
    byHand('mail', 'wanted')
    await read('mail')
    const same = { accountId: 'wanted', nationalId: one.id }
    const answers = await Promise.all([
      adopt('mail', [same]),
      adopt('mail', [same]),
      adopt('mail', [{ accountId: 'wanted', nationalId: other.id }]),
    ])
    const owners = await Promise.all(
      [one, other].map(async ({ personId }) =>
        (await world.engine.people.load(personId))?.targets.get('mail'),
      ),
    )
    expect(owners.filter(row => row?.accountId === 'wanted')).toHaveLength(1)
    const person = await world.engine.people.load(owners[0] === undefined ? other.personId : one.personId)
    expect(person?.grants.filter(({ origin }) => origin === 'adoption')).toHaveLength(1)
    if (owners[0] !== undefined) {
      const again = await adopt('mail', [same])
      expect(again).toEqual(answers[0])
    }
  })

  it('may be of the very person whose account had to take another name, or of anybody else', async () => {
    const [other, owner] = [await hired(), await hired()]
    const reserved = async () => (await world.row(other.personId, 'mail')).name
    await world.submit(head, form([line(other.id, { system: 'mail' })]))
    const name = (await reserved()).split('@')[0] ?? ''
    byHand('mail', name)
    await world.settle()
    expect(await reserved()).not.toBe(`${name}@valleclaro.example`)
    await read('mail')
    expect(codes(await adopt('mail', [{ accountId: name, nationalId: owner.id }]))).toEqual([[true, []]])
  })

  it('without a reading there is nothing to adopt from', async () => {
    const empty = await openWorld()
    const answer = await adoptAccounts(
      { ...empty.engine, adoptions: empty.adoptions, readings: empty.readings },
      { personId: operator, roles: ['it'] },
      { target: 'mail', adoptions: [{ accountId: 'x', nationalId: operatorId }] },
    )
    expect(codes(answer)).toEqual(['conflict', '/target adoption.no-reading'])
    await empty.close()
  })
})

describe('a deactivation of everything', () => {
  it('by the present unit ends what was adopted, whatever unit it was noted under; by another unit it does not', async () => {
    const id = nationalId()
    const personId = await world.hire(id, names, 'obras', planta)
    byHand('mail', 'moved')
    await read('mail')
    await adopt('mail', [{ accountId: 'moved', nationalId: id }])
    await world.settle()
    // The post is now in another unit, by a second contract; the first one goes on, and with it what was adopted.
    await world.hire(id, names, 'dideco', yearly('contrata'), '2026-11-01')
    await world.submit(head, form([], [{ nationalId: id, access: { system: 'mail' } }]))
    await world.settle()
    expect(world.targets.mail.accounts.get('moved')?.enabled).toBe(true)
    await world.submit(head, form([], [{ nationalId: id, access: { system: 'all' } }]))
    await world.settle()
    expect(world.targets.mail.accounts.get('moved')?.enabled).toBe(false)
    expect((await world.engine.people.load(personId))?.grants.every(({ ended }) => ended !== null)).toBe(true)
  })
})
