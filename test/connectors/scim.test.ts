import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { AccountPage } from '../../functions/connectors/contract.ts'
import { createScimConnector } from '../../functions/connectors/scim/index.ts'
import { absentAccount } from '../../functions/domain/absent-account.ts'
import type { Right, Step } from '../../schemas/target.ts'
import { enterprise, scimServerTitle, store } from '../servers/scim/scimmy-server.ts'
import { bring, errorOf, observeOne, resultOf } from './asking.ts'
import { samplePerson } from './sample-people.ts'
import { openScim, right, type ScimHarness, scimSettings } from './scim-harness.ts'

describe(`ERP by SCIM, ${scimServerTitle}`, () => {
  let harness: ScimHarness
  beforeAll(async () => {
    harness = await openScim()
  })
  afterAll(async () => harness?.close())
  afterEach(() => {
    Object.assign(harness.server, { throttle: null, truncates: false, passesOverFilters: false })
    harness.server.beforePatch = null
  })

  const grant = (given: Right): Step => ({ act: 'grant', right: given })
  const opening: Step[] = [{ act: 'create' }, grant(right('bodega')), { act: 'enable' }]
  const requestsDuring = async (act: () => Promise<unknown>) => {
    const { requests } = harness.server
    const from = requests.length
    await act()
    return requests.slice(from)
  }
  const groupNamed = (name: string) => {
    const found = [...store.groups.values()].find(group => group.displayName === name)
    if (found === undefined) throw new Error('no such group')
    return found
  }

  describe('a user', () => {
    it('is made inactive, marked with our person and the national id, and without a password', async () => {
      const { sample } = await bring(harness.connector, samplePerson(harness), [{ act: 'create' }])
      expect(harness.stored(sample)).toMatchObject({
        active: false,
        externalId: sample.account.personId,
        [enterprise]: { employeeNumber: sample.account.nationalId },
      })
      expect(harness.stored(sample).password).toBeUndefined()
    })

    it('is found by the national id, under whatever name and however it is written', async () => {
      const sample = samplePerson(harness)
      const employeeNumber = sample.account.nationalId.replace(/\B(?=(\d{3})+-)/g, '.')
      const old = harness.plant(`old-${sample.account.name}`, { [enterprise]: { employeeNumber } })
      expect(await observeOne(harness.connector, sample.account)).toMatchObject({
        state: 'enabled',
        accountId: old.id,
      })
    })

    it('is a conflict where two bear the same national id, or one of them somebody else’s mark', async () => {
      for (const marks of [{}, { externalId: '0f6e2a52-8c1b-4c55-9a41-000000000000' }]) {
        const sample = samplePerson(harness)
        const employeeNumber = sample.account.nationalId
        harness.plant(`one-${sample.account.name}`, { [enterprise]: { employeeNumber }, ...marks })
        if (Object.keys(marks).length === 0)
          harness.plant(`two-${sample.account.name}`, { [enterprise]: { employeeNumber } })
        expect(errorOf((await harness.connector.observe([sample.account]))[0])).toMatchObject({
          kind: 'conflict',
          retryable: true,
        })
      }
    })

    it('is adopted by its key, and bears both marks from then on', async () => {
      const sample = samplePerson(harness)
      const there = harness.plant(sample.account.name)
      const account = { ...sample.account, accountId: there.id, adopted: true }
      expect(await observeOne(harness.connector, account)).toMatchObject({ state: 'enabled', unmarked: true })
      const { observed } = await bring(harness.connector, { ...sample, account }, [{ act: 'adopt' }])
      expect(observed.unmarked).toBeUndefined()
      expect(harness.stored(sample)).toMatchObject({
        externalId: sample.account.personId,
        displayName: 'Otra persona',
        active: true,
      })
    })

    it('is made once, also when two workers make it at the same time', async () => {
      const sample = samplePerson(harness)
      const plan = { ...sample, observed: absentAccount, steps: opening }
      const other = createScimConnector(scimSettings, harness.secretOf('first'))
      await Promise.all([harness.connector.apply([plan]), other.apply([plan])])
      await other.close()
      const { observed } = await bring(harness.connector, sample, opening)
      expect(observed.state).toBe('enabled')
      expect(await harness.look(sample.account.name)).toHaveLength(1)
    })

    it('whose name holds what a filter is made of is looked for, and nobody else is told', async () => {
      for (const name of ['x" or userName pr or userName eq "x', 'back\\slash', "o'higgins"]) {
        const [seen] = await harness.connector.observe([{ ...samplePerson(harness).account, name }])
        // SCIMMY does not take an escaped quote in a filter; what it must never do is take it for the text's end.
        if (seen?.ok) expect(seen.value.state, name).toBe('absent')
        else expect(seen?.error.kind, name).toBe('misconfigured')
      }
    })

    it('that was read is no longer written over when somebody else has changed it meanwhile', async () => {
      const { sample, observed } = await bring(harness.connector, samplePerson(harness), opening)
      harness.server.beforePatch = () => {
        const now = harness.stored(sample)
        store.users.set(now.id, { ...now, nickName: 'by another hand' })
      }
      const plan = { ...sample, observed, steps: [{ act: 'set-profile' }] as Step[] }
      expect(errorOf((await harness.connector.apply([plan]))[0])).toMatchObject({
        kind: 'conflict',
        retryable: true,
      })
      // Closing insists on nothing.
      const closing = { ...sample, observed, steps: [{ act: 'disable' }] as Step[] }
      resultOf((await harness.connector.apply([closing]))[0])
      expect(harness.stored(sample).active).toBe(false)
    })
  })

  describe('rights', () => {
    it('are changed by difference, each group once for everybody, and no list is ever written', async () => {
      const samples = Array.from({ length: 9 }, () => samplePerson(harness))
      const plans = samples.map(sample => ({ ...sample, observed: absentAccount, steps: opening }))
      const asked = await requestsDuring(async () => {
        for (const outcome of await harness.connector.apply(plans)) resultOf(outcome)
      })
      expect(asked.filter(one => one.startsWith('PATCH /scim/Groups/'))).toHaveLength(1)
      expect(asked.filter(one => /^(PUT|DELETE) /.test(one))).toEqual([])
    })

    it('that others gave at the same time are kept: the group is read again and changed by difference', async () => {
      const { sample } = await bring(harness.connector, samplePerson(harness), [{ act: 'create' }])
      const other = harness.plant(samplePerson(harness).account.name)
      harness.server.beforePatch = path => {
        if (!path.startsWith('/scim/Groups/')) return
        harness.server.beforePatch = null
        const group = groupNamed('Bodega: consulta')
        store.groups.set(group.id, { ...group, members: [...group.members, { value: other.id }] })
      }
      const { observed } = await bring(harness.connector, sample, [grant(right('bodega'))])
      expect(observed.rights).toEqual([right('bodega')])
      expect(harness.groupsOf(other.id)).toEqual(['Bodega: consulta'])
    })

    it.each([
      ['a part of a module', { ...right('bodega'), specific: ['solo informes'] }],
      ['an end of its own', { ...right('bodega'), until: '2027-01-01T03:00:00.000Z' }],
      ['an operation whose group gives others as well', right('tesoreria', ['ingreso'])],
      ['an operation without a group', right('bodega', ['eliminacion'])],
      ['a module that the settings do not name', right('cementerios')],
    ])('are never widened: %s is left out, all the rest is done, and a human is told', async (_, given) => {
      const sample = samplePerson(harness)
      const steps = [{ act: 'create' }, grant(given), grant(right('contabilidad-gubernamental'))] as Step[]
      const plan = { ...sample, observed: absentAccount, steps: [...steps, { act: 'enable' } as const] }
      expect(errorOf((await harness.connector.apply([plan]))[0])).toMatchObject({
        kind: 'misconfigured',
        retryable: false,
      })
      expect(harness.groupsOf(harness.stored(sample).id)).toEqual(['Contabilidad: consulta'])
      expect(harness.stored(sample).active).toBe(true)
    })

    it('that are half there show as what they are, so that they are made good', async () => {
      const { sample } = await bring(harness.connector, samplePerson(harness), opening)
      const group = groupNamed('Tesorería: cajas')
      store.groups.set(group.id, { ...group, members: [{ value: harness.stored(sample).id }] })
      expect((await observeOne(harness.connector, sample.account)).rights).toEqual([
        right('bodega'),
        { ...right('tesoreria'), specific: ['incompleto'] },
      ])
    })

    it('are not touched while a group of the settings is missing', async () => {
      const group = groupNamed('Tesorería: cajas')
      store.groups.delete(group.id)
      try {
        const [outcome] = await harness.connector.observe([samplePerson(harness).account])
        expect(errorOf(outcome)).toMatchObject({ kind: 'misconfigured', retryable: true })
      } finally {
        store.groups.set(group.id, group)
      }
    })
  })

  describe('the service', () => {
    it('that asks to be left alone is: nothing more is sent until it may be', async () => {
      const connector = createScimConnector(scimSettings, harness.secretOf('first'))
      harness.server.throttle = '30'
      expect(errorOf((await connector.observe([samplePerson(harness).account]))[0])).toMatchObject({
        kind: 'throttled',
        retryable: true,
      })
      harness.server.throttle = null
      const meanwhile = await requestsDuring(async () => {
        expect(errorOf(await connector.list(null)).kind).toBe('throttled')
      })
      expect(meanwhile).toEqual([])
      await connector.close()
    })

    it('whose token is no longer taken is a matter of configuration, and tried again', async () => {
      const connector = createScimConnector(scimSettings, harness.secretOf('old'))
      expect(errorOf((await connector.observe([samplePerson(harness).account]))[0])).toMatchObject({
        kind: 'misconfigured',
        retryable: true,
      })
      await connector.close()
    })

    it('that passes over a filter proves nothing about anybody', async () => {
      harness.server.passesOverFilters = true
      const [outcome] = await harness.connector.observe([samplePerson(harness).account])
      expect(errorOf(outcome)).toMatchObject({ kind: 'misconfigured', retryable: true })
    })

    it('is entered over TLS alone, unless it is this machine', async () => {
      const connector = createScimConnector(scimSettings, { url: 'http://erp.example/scim', token: 'x' })
      const [outcome] = await connector.observe([samplePerson(harness).account])
      expect(errorOf(outcome)).toMatchObject({ kind: 'misconfigured', retryable: true })
    })
  })

  describe('the list of users', () => {
    it('is walked page by page to the total that the service names', async () => {
      for (let count = 0; count < 230; count++) harness.plant(`many${count}`)
      const ids: string[] = []
      let pages = 0
      for (let cursor: string | null = null; ; pages++) {
        const page: AccountPage = resultOf(await harness.connector.list(cursor))
        ids.push(...page.accounts.map(account => account.accountId))
        cursor = page.next
        if (cursor === null) break
      }
      expect(pages).toBeGreaterThan(1)
      expect(ids.sort()).toEqual([...store.users.keys()].sort())
    })

    it('that ends before the total it names is an error, and so is one without anybody', async () => {
      harness.server.truncates = true
      expect(errorOf(await harness.connector.list(null))).toMatchObject({
        kind: 'misconfigured',
        retryable: true,
      })
      harness.server.truncates = false
      const all = [...store.users]
      store.users.clear()
      try {
        expect(errorOf(await harness.connector.list(null)).kind).toBe('misconfigured')
      } finally {
        for (const [id, user] of all) store.users.set(id, user)
      }
    })
  })

  describe('a password', () => {
    it('is set for the person’s own user, and neither opens nor closes it', async () => {
      const { sample } = await bring(harness.connector, samplePerson(harness), [{ act: 'create' }])
      const set = (password: string) => harness.connector.setPassword?.(sample.account, password)
      expect(resultOf(await set('Lluvia-9-verde!'))).toEqual({ set: true })
      expect(harness.stored(sample)).toMatchObject({ password: 'Lluvia-9-verde!', active: false })
      expect(resultOf(await set('corta'))).toEqual({ set: false, why: 'policy' })
      expect(harness.stored(sample).password).toBe('Lluvia-9-verde!')
    })

    it('is nowhere in an error, and is not set for somebody else’s user', async () => {
      const sample = samplePerson(harness)
      await harness.plantForeign(sample.account.name)
      const error = errorOf(await harness.connector.setPassword?.(sample.account, 'Lluvia-9-verde!'))
      expect(error.kind).toBe('conflict')
      const { sample: own } = await bring(harness.connector, samplePerson(harness), opening)
      const reader = createScimConnector(scimSettings, harness.secretOf('reader'))
      const refused = errorOf(await reader.setPassword?.(own.account, 'Lluvia-9-verde!'))
      expect(refused).toMatchObject({ kind: 'refused', retryable: false })
      const told = JSON.stringify([refused.message, refused.cause])
      for (const secret of ['Lluvia', own.account.name, own.account.nationalId])
        expect(told).not.toContain(secret)
      await reader.close()
    })
  })
})
