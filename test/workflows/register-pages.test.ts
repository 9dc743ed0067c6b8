import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import { createIdentityStore } from '../../functions/stores/identities.ts'
import { newId } from '../../functions/stores/ids.ts'
import { chains, keys, windowShards } from '../../functions/stores/keys.ts'
import { type EntryDraft, emptyChain, seal } from '../../functions/stores/ledger.ts'
import { createRegisterStore, newcomersAtOnce } from '../../functions/stores/register.ts'
import { commit, type Write } from '../../functions/stores/tables.ts'
import { newTargetWrite } from '../../functions/stores/target-rows.ts'
import { readRegister } from '../../functions/workflows/read-register.ts'
import type { PageLimits } from '../../functions/workflows/walk-people.ts'
import type { Access, Atom } from '../../schemas/access.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { RegisterName, RegisterPage } from '../../schemas/registers.ts'
import type { Grant } from '../../schemas/request.ts'
import { openWorld, type World, zoneDay } from '../servers/world.ts'

/** Far fewer than a page really holds: the limits are made as small. */
const people = 60
const at = new Date(zoneDay.now).toISOString()
const contract: Contract = { type: 'planta', regime: 'municipal', startsOn: '2020-03-01', endsOn: null }
const person = { givenNames: 'Ximena Andrea', surnames: 'Yáñez Zúñiga', position: 'Administrativa' }
const accesses: readonly (readonly [Atom, Access])[] = [
  ['account', { system: 'directory' }],
  ['internet', { system: 'directory', internetProfile: 'libre' }],
  ['mail', { system: 'mail' }],
  ['erp:tesoreria', { system: 'erp', module: 'tesoreria', type: 'consulta' }],
]

let world: World
const ids: string[] = []
beforeAll(async () => {
  world = await openWorld()
  const newcomers = Array.from({ length: people }, (_, index) => newcomer(31_000_000 + index))
  ids.push(...newcomers.map(({ personId }) => personId))
  const register = createRegisterStore(world.tables)
  for (let first = 0; first < people; first += newcomersAtOnce)
    expect(await register.enter(newcomers.slice(first, first + newcomersAtOnce))).toBe(true)
  const writes = ids.map(accountsOf)
  for (let first = 0; first < people; first += 8)
    expect(await commit(world.tables, writes.slice(first, first + 8).flat())).toEqual({ done: true })
})
afterAll(() => world.close())

const draft = (parts: Pick<EntryDraft, 'act' | 'subject'> & Partial<EntryDraft>): EntryDraft => ({
  at,
  asOf: at,
  phase: 'recorded',
  actor: { personId: null, role: 'hr', onBehalfOf: null },
  system: 'llavero',
  request: null,
  cause: { kind: 'import', ref: 'x' },
  ...parts,
})

function newcomer(number: number) {
  const personId = newId(zoneDay.now)
  const nationalId = `${number}-${rutCheckDigit(String(number))}`
  return {
    personId,
    nationalId,
    event: {
      version: 1 as const,
      id: newId(zoneDay.now),
      type: 'hired' as const,
      nationalId,
      effectiveOn: contract.startsOn,
      person: { nationalId, ...person },
      contract,
      unit: 'dideco',
      recordedAt: at,
    },
    entry: draft({ act: 'hr-event-recorded', subject: personId }),
  }
}

/** What a form and the workers leave behind of one person: four grants, two accounts, each with an intent and its outcome. */
function accountsOf(personId: string, index: number): Write[] {
  const request = `2026-${String(index + 1).padStart(6, '0')}`
  const grants = accesses.map(([atom, access]): Grant & { facts: number } => ({
    version: 1,
    id: newId(zoneDay.now),
    personId,
    unit: 'dideco',
    contract: 'planta:2020-03-01',
    declared: contract,
    atom,
    access,
    from: '2026-11-20',
    until: null,
    request,
    line: 'A1',
    recordedAt: at,
    origin: 'form',
    ended: null,
    facts: 2,
  }))
  const accounts = (['directory', 'mail'] as const).flatMap(target => {
    const chain = chains.target(personId, target)
    const said = { act: 'account-converged', subject: personId, system: target, request } as const
    const none = { state: 'absent', accountId: null, expiresAt: null, rights: [], retired: null }
    const rights = target === 'mail' ? [] : ['internet:libre']
    const steps = [{ act: 'create' }, { act: 'enable' }]
    const intent = seal(
      world.tables,
      chain,
      emptyChain,
      draft({ ...said, phase: 'intended', before: none, after: { steps } }),
    )
    const evidence = { intent: intent.id, readBack: true }
    const after = { ...none, state: 'enabled', rights }
    const outcome = seal(
      world.tables,
      chain,
      intent.head,
      draft({ ...said, phase: 'succeeded', after, evidence }),
    )
    const row = {
      personId,
      target,
      name: `ximena.yanez${index}`,
      desiredVersion: 2,
      dueAt: at,
      urgent: false,
    }
    return [
      newTargetWrite(world.tables, { ...row, cause: { kind: 'form', ref: request } }),
      intent.write,
      outcome.write,
    ]
  })
  return [
    ...accounts,
    ...grants.map(grant => ({
      Put: { TableName: world.tables.state, Item: { ...keys.grant(grant), ...grant } },
    })),
  ]
}

/** Every page of a register, one after another. */
async function pages(register: RegisterName, limits: PageLimits): Promise<RegisterPage[]> {
  const needed = {
    ...world.engine,
    ledger: world.ledger,
    visits: world.visits,
    identities: createIdentityStore(world.tables),
    chains,
    windowShards,
    limits,
  }
  const told: RegisterPage[] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const query = cursor === undefined ? {} : { cursor }
    const page = await readRegister(needed, register, query)
    if ('refused' in page) throw new Error(JSON.stringify(page))
    told.push(page)
    cursor = page.cursor
    // Time goes on while somebody reads page after page; the register does not.
    world.time.now += 60_000
  }
  return told
}

const whose = (told: readonly RegisterPage[]) =>
  told.flatMap(page => page.entries.map(entry => ('person' in entry ? entry.person.personId : entry.visit)))
const plenty = 1_000_000

describe('the registers of a body that one page does not hold', () => {
  it.each([
    ['mail-addresses', 1],
    ['domain-users', 1],
    ['permissions', accesses.length],
    ['changes', 3],
  ] as const)(
    'name everybody, page by page, as they stood when the first was asked for: %s',
    async (register, each) => {
      for (const limits of [
        { people: 13, acts: 100, bytes: plenty },
        { people: plenty, acts: plenty, bytes: register === 'changes' ? 30_000 : 5_000 },
      ]) {
        const told = await pages(register, limits)
        expect(told.length).toBeGreaterThan(2)
        expect(told.map(({ page }) => page)).toEqual(told.map((_, index) => index + 1))
        expect(new Set(told.map(page => page.at)).size).toBe(1)
        const counted = new Map<string, number>()
        for (const id of whose(told)) counted.set(id, (counted.get(id) ?? 0) + 1)
        expect([...counted.keys()].sort()).toEqual([...ids].sort())
        expect(new Set(counted.values())).toEqual(new Set([each]))
      }
    },
  )

  it('are read at the cost of three queries a person', async () => {
    const { state, ledger } = structuredClone(world.dynamo.consumed())
    await pages('mail-addresses', { people: 13, acts: 100, bytes: plenty })
    const after = world.dynamo.consumed()
    expect((after.state?.read ?? 0) - (state?.read ?? 0)).toBe(people)
    expect((after.ledger?.read ?? 0) - (ledger?.read ?? 0)).toBeLessThan(2 * people + 20)
  })
})
