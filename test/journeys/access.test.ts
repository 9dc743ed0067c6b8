import { readFileSync } from 'node:fs'
import { Client as Ldap } from 'ldapts'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Laptop, startLaptop } from '../servers/laptop.ts'
import { account, activation, file, form, headOf, inRole, staff } from './personas.ts'

let laptop: Laptop
beforeAll(async () => {
  laptop = await startLaptop()
})
afterAll(() => laptop.discard())

const unit = () => laptop.organisation.units[0]?.id ?? ''
const freeModule = () => laptop.organisation.modules.find(module => !module.sensitive)?.id ?? ''
const target = (id: string) => laptop.organisation.targets.find(one => one.id === id)

async function inDirectory<T>(work: (client: Ldap) => Promise<T>): Promise<T> {
  const { url = '', ca = '', bindDn = '', password = '' } = target('directory') ?? {}
  const client = new Ldap({
    url,
    tlsOptions: { ca: readFileSync(ca) },
    timeout: 5_000,
    connectTimeout: 5_000,
  })
  try {
    await client.bind(bindDn, password)
    return await work(client)
  } finally {
    await client.unbind()
  }
}

async function rows(id: string, sql: string, values: unknown[] = []) {
  const client = new pg.Client({ connectionString: target(id)?.url })
  await client.connect()
  try {
    return (await client.query(sql, values)).rows
  } finally {
    await client.end()
  }
}

/** Binds as the person: 'ok', or the sub-code of 49. */
async function bind(name: string, password: string): Promise<string> {
  const { url = '', ca = '' } = target('directory') ?? {}
  const upn = await inDirectory(async client => {
    const { searchEntries } = await client.search(target('directory')?.baseDn ?? '', {
      filter: `(sAMAccountName=${name})`,
      attributes: ['userPrincipalName'],
    })
    return String(searchEntries[0]?.userPrincipalName)
  })
  const client = new Ldap({
    url,
    tlsOptions: { ca: readFileSync(ca) },
    timeout: 5_000,
    connectTimeout: 5_000,
  })
  try {
    await client.bind(upn, password)
    return 'ok'
  } catch (error) {
    return /data (\w+)/.exec((error as Error).message)?.[1] ?? (error as Error).message
  } finally {
    await client.unbind()
  }
}

async function setPassword(name: string, password: string): Promise<void> {
  await inDirectory(async client => {
    const { searchEntries } = await client.search(target('directory')?.baseDn ?? '', {
      filter: `(sAMAccountName=${name})`,
      attributes: ['distinguishedName'],
    })
    const { Attribute, Change } = await import('ldapts')
    const quoted = Buffer.from(`"${password}"`, 'utf16le')
    await client.modify(
      searchEntries[0]?.dn ?? '',
      new Change({
        operation: 'replace',
        modification: new Attribute({ type: 'unicodePwd', values: [quoted] }),
      }),
    )
  })
}

describe('a body after its first boot', () => {
  it("has two planta and one each of the other contracts among the first unit's people", () => {
    for (const type of ['planta', 'contrata', 'plazo-fijo', 'otra', 'honorarios'] as const)
      expect(staff(laptop.organisation, type).unit).toBe(unit())
    expect(staff(laptop.organisation, 'planta', 1).unit).toBe(unit())
  })

  it("has no head who holds a role, and no head who is another unit's deputy", () => {
    const { units, people } = laptop.organisation
    const heads = units.map(one => one.head.nationalId)
    expect(people.filter(person => heads.includes(person.nationalId) && person.roles.length > 0)).toEqual([])
    const deputies = units.flatMap(one => one.deputies.map(deputy => deputy.nationalId))
    expect(deputies.filter(deputy => heads.includes(deputy))).toEqual([])
    expect(people.filter(person => person.roles.includes('it'))).toHaveLength(2)
    for (const role of ['hr', 'security', 'authority'] as const)
      expect(people.filter(person => person.roles.includes(role))).toHaveLength(1)
  })

  it('gave everybody without a role a directory and a mail account that works', async () => {
    const plain = laptop.organisation.people.filter(person => person.roles.length === 0)
    expect(plain.length).toBeGreaterThanOrEqual(36)
    const security = inRole(laptop.organisation, 'security')
    for (const person of plain) {
      const { body } = await laptop.as(security, 'GET', `/people/${person.nationalId}`)
      for (const system of ['directory', 'mail'])
        expect(body.accounts).toContainEqual(
          expect.objectContaining({ system, state: 'enabled', converged: true, parked: false }),
        )
    }
  })

  it('finds every chain of its ledger whole', async () => {
    const { body } = await laptop.as(inRole(laptop.organisation, 'security'), 'GET', '/audit/verification')
    expect(body).toMatchObject({ ok: true, openIntents: 0, faults: [], anchors: 0 })
    expect(body.entries).toBeGreaterThan(100)
  })

  it('lists the official module catalogue with its 25 modules', () => {
    expect(laptop.organisation.modules).toHaveLength(25)
    expect(laptop.organisation.modules[0]?.sensitive).toBe(false)
  })
})

describe('an activation signed by the head', () => {
  const password = 'Copihue-2026-rojo!'

  it('opens an ERP module and a directory account the person can sign in with', async () => {
    const person = staff(laptop.organisation, 'planta')
    const filed = await file(
      laptop,
      form(unit(), [
        activation(person, {
          system: 'erp',
          module: freeModule(),
          type: 'actualizacion',
          operations: ['ingreso'],
          specific: ['solo ingresos propios'],
        }),
        activation(person, { system: 'directory', internetProfile: 'libre', entitlements: ['vpn'] }),
      ]),
    )
    expect(filed.status).toBe(201)
    expect(filed.body.lines.map((line: { status: string }) => line.status)).toEqual(['accepted', 'accepted'])
    expect(filed.body.number).toMatch(/^\d{4}-\d{6,}$/)
    await laptop.idle()

    const whole = await laptop.as(
      headOf(laptop.organisation, unit()),
      'GET',
      `/requests/${filed.body.number}`,
    )
    expect(whole.body.status).toBe('done')

    const erp = await account(laptop, person, 'erp')
    expect(erp).toMatchObject({ state: 'enabled', converged: true })
    const tables = await rows(
      'erp',
      "select table_schema, table_name from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema')",
    )
    expect(tables.length).toBeGreaterThan(1)

    const directory = await account(laptop, person, 'directory')
    await setPassword(directory.name, password)
    expect(await bind(directory.name, password)).toBe('ok')
    expect(await bind(directory.name, `${password}x`)).toBe('52e')
  })

  it('closes one access and leaves the rest', async () => {
    const person = staff(laptop.organisation, 'planta')
    const access = { system: 'erp', module: freeModule() }
    const filed = await file(laptop, form(unit(), [], [{ nationalId: person.nationalId, access }]))
    expect(filed.body.lines).toEqual([expect.objectContaining({ line: 'C1', status: 'accepted' })])
    await laptop.idle()
    expect(await account(laptop, person, 'erp')).toMatchObject({ state: 'disabled', converged: true })
    expect(await account(laptop, person, 'directory')).toMatchObject({ state: 'enabled' })
  })

  it("closes everything, and gives the very same accounts back with the person's own password", async () => {
    const person = staff(laptop.organisation, 'planta')
    const before = await account(laptop, person, 'directory')
    await file(laptop, form(unit(), [], [{ nationalId: person.nationalId, access: { system: 'all' } }]))
    await laptop.idle()
    for (const system of ['directory', 'mail', 'erp'])
      expect(await account(laptop, person, system)).toMatchObject({ state: 'disabled', converged: true })
    expect(await bind(before.name, password)).toBe('533')

    await file(
      laptop,
      form(unit(), [
        activation(person, { system: 'directory', internetProfile: 'controlado' }),
        activation(person, { system: 'mail' }),
      ]),
    )
    await laptop.idle()
    const after = await account(laptop, person, 'directory')
    expect(after).toMatchObject({ state: 'enabled', accountId: before.accountId, name: before.name })
    expect(await account(laptop, person, 'mail')).toMatchObject({ state: 'enabled' })
    expect(await account(laptop, person, 'erp')).toMatchObject({ state: 'disabled' })
    expect(await bind(before.name, password)).toBe('ok')
  })

  it('closes a whole system and nothing else', async () => {
    const person = staff(laptop.organisation, 'planta', 1)
    const ended = { nationalId: person.nationalId, access: { system: 'mail' } }
    await file(laptop, form(unit(), [], [ended]))
    await laptop.idle()
    expect(await account(laptop, person, 'mail')).toMatchObject({ state: 'disabled' })
    expect(await account(laptop, person, 'directory')).toMatchObject({ state: 'enabled' })
  })
})

describe('a form that is only tried out', () => {
  it('tells decisions and plan, and files nothing', async () => {
    const person = staff(laptop.organisation, 'contrata')
    const head = headOf(laptop.organisation, unit())
    const before = await laptop.as(head, 'GET', '/requests')
    const body = form(unit(), [
      activation(person, { system: 'erp', module: freeModule(), type: 'consulta' }),
      activation(staff(laptop.organisation, 'honorarios'), {
        system: 'erp',
        module: freeModule(),
        type: 'consulta',
      }),
    ])
    const tried = await laptop.as(head, 'POST', '/requests?dryRun=true', body)
    expect(tried.status).toBe(200)
    expect(tried.body.lines.map((line: { status: string }) => line.status)).toEqual(['accepted', 'rejected'])
    expect(tried.body.lines[1].reasons).toContainEqual(expect.objectContaining({ rule: 'R2' }))
    expect(tried.body.plan).toContainEqual(expect.objectContaining({ line: 'A1', system: 'erp' }))
    const after = await laptop.as(head, 'GET', '/requests')
    expect(after.body).toEqual(before.body)
    expect(await account(laptop, person, 'erp')).toBeUndefined()
  })
})

describe('the same form sent again', () => {
  it('is filed once under one key, and refused under the key of another form', async () => {
    const person = staff(laptop.organisation, 'otra')
    const body = form(unit(), [activation(person, { system: 'erp', module: freeModule(), type: 'consulta' })])
    const headers = { 'idempotency-key': 'journey-same-form' }
    const first = await file(laptop, body, headers)
    const second = await file(laptop, body, headers)
    expect(first.status).toBe(201)
    expect(second).toEqual(first)
    const other = form(unit(), [activation(person, { system: 'mail' })])
    expect((await file(laptop, other, headers)).status).toBe(422)
  })

  it('fifty times at once for one person leaves one account, one mailbox and an unbroken chain', async () => {
    const person = staff(laptop.organisation, 'plazo-fijo')
    const body = (n: number) =>
      form(unit(), [
        activation(person, { system: 'directory', internetProfile: n % 2 ? 'libre' : 'controlado' }),
        activation(person, { system: 'mail' }),
        activation(person, { system: 'erp', module: freeModule(), type: 'consulta' }),
      ])
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => file(laptop, body(n))))
    expect(answers.map(answer => answer.status)).toEqual(Array(50).fill(201))
    expect(new Set(answers.map(answer => answer.body.number)).size).toBe(50)
    await laptop.idle()
    const { name } = await account(laptop, person, 'directory')
    const found = await inDirectory(client =>
      client.search(target('directory')?.baseDn ?? '', { filter: `(sAMAccountName=${name})` }),
    )
    expect(found.searchEntries).toHaveLength(1)
    const mail = await account(laptop, person, 'mail')
    expect(await rows('mail', 'select username from mailbox where username = $1', [mail.name])).toHaveLength(
      1,
    )
    expect(await account(laptop, person, 'erp')).toMatchObject({ state: 'enabled', converged: true })
    const { body: verdict } = await laptop.as(
      inRole(laptop.organisation, 'security'),
      'GET',
      '/audit/verification',
    )
    expect(verdict).toMatchObject({ ok: true, openIntents: 0, faults: [] })
  })
})
