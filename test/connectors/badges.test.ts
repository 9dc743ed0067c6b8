import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type BadgeRows, createBadgesConnector } from '../../functions/connectors/badges/index.ts'
import type { AccountRef, Connector } from '../../functions/connectors/contract.ts'
import { absentAccount } from '../../functions/domain/absent-account.ts'
import { planSteps } from '../../functions/domain/plan.ts'
import { doorKeys } from '../../functions/stores/door-keys.ts'
import { createDoorUserStore, type DoorUserStore } from '../../functions/stores/door-users.ts'
import { openTables, type Tables } from '../../functions/stores/tables.ts'
import { DoorSettings } from '../../schemas/data-centre-settings.ts'
import type { DoorSight, DoorUserRow } from '../../schemas/doors.ts'
import type { Observation, Right } from '../../schemas/target.ts'
import { openTestTables } from '../servers/aws/tables.ts'

const doors = ['A1', 'B2'].map(serial => DoorSettings.parse({ serial, name: `Puerta ${serial}` }))
const at = '2026-11-20T15:00:00.000Z'
const end = '2027-01-01T03:00:00.000Z'
const right = (serial: string, until: string | null = null): Right => ({
  id: `door:${serial}`,
  operations: [],
  specific: [],
  until,
})
const profile = {
  nationalId: '18000001-K',
  givenNames: 'Rocío',
  surnames: 'Pincheira Mella',
  position: '',
  unit: '',
}

let closing: () => Promise<void>
let tables: Tables
let users: DoorUserStore
let connector: Connector
let pins = 1_000_000
let account: AccountRef
const accountWith = (pin: string): AccountRef => ({
  personId: crypto.randomUUID(),
  nationalId: profile.nationalId,
  accountId: null,
  name: pin,
  adopted: false,
})
const connectorOf = (rows: BadgeRows, serials = doors) =>
  createBadgesConnector({ id: 'data-centre' }, { doors: serials, rows, clock: () => Date.parse(at) })

beforeAll(async () => {
  const dynamo = await openTestTables()
  closing = dynamo.close
  tables = openTables(
    { state: dynamo.stateTable, ledger: dynamo.ledgerTable, doors: dynamo.doorsTable },
    new DynamoDBClient(dynamo.client),
  )
  users = createDoorUserStore(tables)
  connector = connectorOf(users)
})
afterAll(() => closing())
beforeEach(() => {
  account = accountWith(String(++pins))
})

const observe = async (ref = account, using = connector): Promise<Observation> => {
  const [seen] = await using.observe([ref])
  if (!seen?.ok) throw new Error(`not observed: ${seen?.error.kind}`)
  return seen.value
}
/** What the engine would do to have these rights, and to have them until then. */
async function bring(rights: Right[], using = connector) {
  const observed = await observe(account, using)
  const desired = { enabled: rights.length > 0, everWanted: true, changesAt: null, grants: [] }
  const ends = rights.map(({ until }) => until)
  const expiresAt = ends.includes(null) ? null : (ends.sort().at(-1) ?? null)
  const steps = planSteps({ ...desired, rights, expiresAt }, observed, '')
  const [applied] = await using.apply([{ account, profile, observed, steps }])
  return { steps, applied }
}
/** The device shows it. */
const show = (serial: string, sight: Partial<DoorSight> = {}, pin = account.name) =>
  users.change(serial, pin, row =>
    row === null
      ? null
      : {
          ...row,
          seen: { present: true, card: row.wish.card, until: row.wish.until, authorised: true, ...sight },
          seenAt: at,
          dueSince: null,
          tryAt: null,
          knownSince: row.knownSince ?? at,
        },
  )
const rowsOf = async () =>
  Object.fromEntries((await users.badge(account.name)).rows.map(row => [row.serial, row]))

describe('the badges connector', () => {
  it('sees nobody where no device and no wish knows them', async () => {
    expect(await observe()).toEqual(absentAccount)
  })

  it('leaves a wish on each door that is granted and tells since when it waits; the device’s word alone is a right', async () => {
    await bring([right('A1', end)])
    const { A1, B2 } = await rowsOf()
    expect(A1).toMatchObject({
      name: 'Rocío Pincheira Mella',
      personId: account.personId,
      wish: { present: true, card: null, until: end },
      dueSince: at,
    })
    expect(B2).toBeUndefined()
    expect(await observe()).toMatchObject({
      state: 'disabled',
      accountId: account.name,
      rights: [],
      pending: at,
      sessionsOpen: true,
    })
    await show('A1')
    expect(await observe()).toEqual({
      state: 'enabled',
      accountId: account.name,
      name: account.name,
      expiresAt: end,
      rights: [right('A1', end)],
      retired: null,
      profileHash: null,
    })
  })

  it('does nothing the second time', async () => {
    await bring([right('A1', end)])
    const before = await rowsOf()
    await bring([right('A1', end)])
    expect(await rowsOf()).toEqual(before)
  })

  it('takes away from one door and leaves the other', async () => {
    await bring([right('A1', end), right('B2')])
    await show('A1')
    await show('B2')
    expect((await observe()).expiresAt).toBeNull()
    const { steps } = await bring([right('A1', end)])
    expect(steps.map(({ act }) => act)).toEqual(['revoke', 'set-expiry'])
    const { A1, B2 } = await rowsOf()
    expect([A1?.wish.present, A1?.dueSince]).toEqual([true, null])
    expect([B2?.wish.present, B2?.dueSince]).toEqual([false, at])
  })

  it('shows somebody whose locks do not open without a right, and somebody who was there as disabled', async () => {
    await bring([right('A1')])
    await show('A1', { authorised: false })
    expect(await observe()).toMatchObject({ state: 'enabled', rights: [] })
    await show('A1', { present: false, authorised: false })
    expect(await observe()).toMatchObject({ state: 'disabled', accountId: account.name, sessionsOpen: false })
  })

  it('has a withdrawal to do where no device has shown the badge but one may hold it', async () => {
    await bring([right('A1')])
    const { steps } = await bring([])
    expect(steps).toEqual([{ act: 'end-sessions' }])
    expect((await rowsOf()).A1?.wish.present).toBe(false)
    await show('A1', { present: false, authorised: false })
    await users.change('A1', account.name, row => (row === null ? null : { ...row, knownSince: null }))
    expect(await observe()).toEqual(absentAccount)
  })

  it('tells another card than the one that was handed over, and brings that one', async () => {
    await bring([right('A1')])
    await show('A1')
    const card = { version: 1, pin: account.name, personId: account.personId, card: '81234567' }
    await tables.client.send(
      new PutCommand({ TableName: tables.doors, Item: { ...doorKeys.card(account.name), ...card } }),
    )
    expect((await observe()).rights).toEqual([{ ...right('A1'), specific: ['card'] }])
    await bring([right('A1')])
    expect((await rowsOf()).A1?.wish.card).toBe('81234567')
    expect((await observe()).pending).toBe(at)
  })

  it('tells a refusal once, asks once more, and does not wait for what was refused', async () => {
    await bring([right('A1')])
    const refuse = (row: DoorUserRow | null) => (row === null ? null : { ...row, refused: -18, attempts: 1 })
    await users.change('A1', account.name, refuse)
    expect((await observe()).pending).toBeUndefined()
    expect((await bring([right('A1')])).applied).toMatchObject({
      ok: false,
      error: { kind: 'refused', retryable: true },
    })
    expect((await observe()).pending).toBe(at)
    expect((await bring([right('A1')])).applied).toMatchObject({ ok: true })
  })

  it('takes a badge off a door that the settings name no more, without waiting for it', async () => {
    await bring([right('A1'), right('B2')])
    await show('A1')
    await show('B2')
    const less = connectorOf(users, doors.slice(0, 1))
    expect(await observe(account, less)).toMatchObject({ rights: [right('A1')] })
    await bring([], less)
    expect((await rowsOf()).B2?.wish.present).toBe(false)
    await show('A1', { present: false, authorised: false })
    expect(await observe(account, less)).toMatchObject({ state: 'disabled', rights: [] })
    expect((await observe(account, less)).pending).toBeUndefined()
  })

  it('gives nobody a number that somebody else bears on a door', async () => {
    await bring([right('A1')])
    await show('A1')
    const [other] = await connector.observe([{ ...account, personId: crypto.randomUUID() }])
    expect(other).toMatchObject({ ok: false, error: { kind: 'conflict', retryable: false } })
  })

  it('lists whoever devices have shown; strangers can never be adopted', async () => {
    await bring([right('A1', end)])
    await show('A1')
    const stranger = String(++pins)
    const row = (await rowsOf()).A1
    if (row === undefined) throw new Error('no row')
    await users.change('B2', stranger, () => ({
      ...row,
      serial: 'B2',
      pin: stranger,
      personId: null,
      name: '',
    }))
    const waiting = accountWith(String(++pins))
    account = waiting
    await bring([right('A1')])
    const listed = await connector.list(null)
    const accounts = listed.ok ? listed.value.accounts : []
    expect(listed).toMatchObject({ ok: true, value: { next: null } })
    expect(accounts.find(({ name }) => name === row.pin)).toEqual({
      accountId: row.pin,
      name: row.pin,
      state: 'enabled',
      expiresAt: end,
      rights: [right('A1', end)],
      nationalId: null,
      personId: row.personId,
      shownName: 'Rocío Pincheira Mella',
      mail: null,
      untouchable: false,
    })
    expect(accounts.find(({ name }) => name === stranger)).toMatchObject({
      untouchable: true,
      personId: null,
      shownName: null,
    })
    expect(accounts.filter(({ name }) => name === waiting.name)).toEqual([])
  })

  it('makes a table that does not answer an outside failure, each in its place, and throws for none', async () => {
    const silent = connectorOf({
      ...users,
      badge: pin =>
        pin === account.name
          ? users.badge(pin)
          : Promise.reject(Object.assign(new Error(), { name: 'TimeoutError' })),
    })
    const seen = await silent.observe([account, accountWith('9999999')])
    expect(seen).toMatchObject([{ ok: true }, { ok: false, error: { kind: 'unreachable', retryable: true } }])
    const dead = connectorOf({ ...users, ofDevice: () => Promise.reject(new Error('ECONNREFUSED')) })
    expect(await dead.list(null)).toMatchObject({ ok: false, error: { kind: 'unreachable' } })
  })
})

describe('rows of people on devices', () => {
  it('lose no change when many are made at once', async () => {
    await bring([right('A1')])
    const added = await Promise.all(
      Array.from({ length: 8 }, () =>
        users.change('A1', account.name, row =>
          row === null ? null : { ...row, attempts: row.attempts + 1 },
        ),
      ),
    )
    expect(added).toHaveLength(8)
    expect((await rowsOf()).A1).toMatchObject({ attempts: 8, revision: 9 })
  })

  it('are due at their own device only, what takes away first, and only when their time has come', async () => {
    const one = account
    await bring([right('A1')])
    account = accountWith(String(++pins))
    await bring([right('A1'), right('B2')])
    await show('A1')
    await bring([right('B2')])
    const due = async (serial: string, now: string) =>
      (await users.due(serial, now, 100))
        .filter(({ pin }) => [one.name, account.name].includes(pin))
        .map(({ pin, wish }) => [pin, wish.present])
    expect(await due('A1', at)).toEqual([
      [account.name, false],
      [one.name, true],
    ])
    expect(await due('B2', at)).toEqual([[account.name, true]])
    expect(await due('A1', '2026-11-20T14:59:59.999Z')).toEqual([])
    expect(await users.due('A1', at, 1)).toHaveLength(1)
  })
})
