import { readFileSync } from 'node:fs'
import { Attribute, Change, Client as Ldap } from 'ldapts'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import settings from '../../infra/settings/valle-claro.json' with { type: 'json' }
import { type Laptop, startLaptop } from '../servers/laptop.ts'
import { headOf, inRole } from './personas.ts'

let laptop: Laptop
beforeAll(async () => {
  laptop = await startLaptop()
})
afterAll(() => laptop.discard())

const rut = (number: number) => `${number}-${rutCheckDigit(String(number))}`
const member = (number: number, givenNames: string, surnames: string, more: object = {}) => ({
  nationalId: rut(number),
  givenNames,
  surnames,
  position: 'Administrativa',
  unit: unit(),
  type: 'planta',
  regime: 'municipal',
  startsOn: '2018-03-01',
  ...more,
})
const unit = () => laptop.organisation.units[0]?.id ?? ''
const people = () => ({
  clerk: member(38_100_001, 'Noelia', 'Quintriqueo Báez'),
  contractor: member(38_100_002, 'Darío', 'Ñuñoa Salas', {
    type: 'honorarios',
    endsOn: `${new Date().getFullYear() + 1}-06-30`,
  }),
})
const asIt = (method: string, path: string, body?: object) =>
  laptop.as(inRole(laptop.organisation, 'it'), method, path, body)
const target = (id: string) => laptop.organisation.targets.find(one => one.id === id)
const directorySettings = settings.targets.find(({ id }) => id === 'directory') as unknown as {
  activeOu: string
  groups: { internet: { libre: string }; entitlements: Record<string, string> }
}

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

const password = (text: string) => Buffer.from(`"${text}"`, 'utf16le')

/** What a town hall has before it begins: accounts that people made, in the body's own habit of naming. */
async function makeByHand(): Promise<void> {
  const dn = `CN=Noelia Quintriqueo,${directorySettings.activeOu}`
  await inDirectory(async client => {
    await client.add(dn, [
      new Attribute({ type: 'objectClass', values: ['user'] }),
      new Attribute({ type: 'sAMAccountName', values: ['nquintriqueo'] }),
      new Attribute({ type: 'displayName', values: ['Noelia Quintriqueo Báez'] }),
      new Attribute({ type: 'unicodePwd', values: [password('Antes.De-Todo.77')] }),
      new Attribute({ type: 'userAccountControl', values: ['512'] }),
    ])
    await client.add(`CN=Impresoras,${directorySettings.activeOu}`, {
      objectClass: ['user'],
      sAMAccountName: 'impresoras',
    })
    for (const group of [
      directorySettings.groups.internet.libre,
      directorySettings.groups.entitlements.vpn ?? '',
    ])
      await client.modify(
        group,
        new Change({ operation: 'add', modification: new Attribute({ type: 'member', values: [dn] }) }),
      )
  })
  await rows(
    'mail',
    `INSERT INTO mailbox (username, local_part, domain, name, active)
     VALUES ('nquintriqueo@valleclaro.example', 'nquintriqueo', 'valleclaro.example', 'Noelia Quintriqueo', true)`,
  )
  for (const [login, id, name] of [
    ['nquintri', people().clerk.nationalId, 'NOELIA QUINTRIQUEO'],
    ['dnunoa', people().contractor.nationalId, 'DARIO ÑUÑOA'],
  ])
    await rows(
      'erp',
      `WITH made AS (INSERT INTO usuarios (login, rut, nombre, vigente) VALUES ($1, $2, $3, 'S') RETURNING id_usuario)
       INSERT INTO permisos (id_usuario, modulo, consulta, ingreso) SELECT id_usuario, code, 'S', grade
       FROM made, (VALUES ('tesoreria', 'S'), ('adquisiciones', 'N')) AS given (code, grade)`,
      [login, id, name],
    )
}

const erpRights = async (login: string) =>
  (
    await rows(
      'erp',
      `SELECT p.modulo, p.consulta, p.ingreso, u.vigente FROM usuarios u LEFT JOIN permisos p USING (id_usuario)
       WHERE u.login = $1 ORDER BY p.modulo`,
      [login],
    )
  ).map(row => Object.values(row).join(' '))

async function groupsOf(login: string): Promise<string[]> {
  return inDirectory(async client => {
    const { searchEntries } = await client.search(target('directory')?.baseDn ?? '', {
      filter: `(sAMAccountName=${login})`,
      attributes: ['memberOf'],
    })
    return [searchEntries[0]?.memberOf ?? []].flat().map(String).sort()
  })
}

/** Binds as somebody with the password they had before: nobody's password is changed by an adoption. */
async function canStillWork(): Promise<boolean> {
  const { url = '', ca = '' } = target('directory') ?? {}
  const client = new Ldap({
    url,
    tlsOptions: { ca: readFileSync(ca) },
    timeout: 5_000,
    connectTimeout: 5_000,
  })
  const dn = await inDirectory(async admin => {
    const { searchEntries } = await admin.search(target('directory')?.baseDn ?? '', {
      filter: '(sAMAccountName=nquintriqueo)',
    })
    return searchEntries[0]?.dn ?? ''
  })
  try {
    await client.bind(dn, 'Antes.De-Todo.77')
    return true
  } catch {
    return false
  } finally {
    await client.unbind()
  }
}

async function reconciled(id: string, kind: string) {
  const found: { account: { accountId: string; name: string }; candidates: object[] }[] = []
  for (let cursor: string | null = null, first = true; first || cursor !== null; first = false) {
    const more = cursor === null ? '' : `&cursor=${cursor}`
    const { status, body } = await asIt('GET', `/reconciliation?target=${id}&kind=${kind}${more}`)
    expect(status).toBe(200)
    found.push(...body[kind])
    cursor = body.cursor
  }
  return found
}

const systems = ['directory', 'mail', 'erp'] as const
const modes = async (mode: string) => {
  for (const id of systems)
    expect((await asIt('PUT', `/targets/${id}`, { mode, reason: 'Puesta en marcha.' })).status).toBe(200)
}

describe('a body that already has accounts', () => {
  const adopted = new Map<string, { request: string | null }>()

  it('is read while it is only observed, and every account is somebody’s, a candidate’s or nobody’s', async () => {
    const { clerk, contractor } = people()
    await modes('observe-only')
    await laptop.as(inRole(laptop.organisation, 'hr'), 'POST', '/people', [clerk, contractor])
    await makeByHand()
    for (const id of systems)
      expect((await asIt('POST', '/reconciliation/readings', { target: id })).status).toBe(202)
    await laptop.idle()
    const mine = (found: Awaited<ReturnType<typeof reconciled>>, name: string) =>
      found.find(({ account }) => account.name === name)
    for (const [id, name, because] of [
      ['directory', 'nquintriqueo', 'login'],
      ['mail', 'nquintriqueo@valleclaro.example', 'login'],
      ['erp', 'nquintri', 'national-id'],
    ] as const) {
      const one = mine(await reconciled(id, 'unmanaged'), name)
      expect([id, one?.candidates]).toMatchObject([id, [{ person: { nationalId: clerk.nationalId } }]])
      expect(one?.candidates[0]).toMatchObject({ because: expect.arrayContaining([because]) })
    }
    const strangers = await reconciled('directory', 'unmanaged')
    expect(mine(strangers, 'impresoras')?.candidates).toEqual([])
    expect(mine(strangers, 'krbtgt')).toMatchObject({ untouchable: true })
    for (const id of systems) expect(await reconciled(id, 'orphans')).toEqual([])
  })

  it('adopts what a human has confirmed; nobody loses or gains anything, and nobody gets a second account', async () => {
    const { clerk, contractor } = people()
    const before = { groups: await groupsOf('nquintriqueo'), erp: await erpRights('nquintri') }
    for (const id of systems) {
      const found = (await reconciled(id, 'unmanaged')).find(({ account }) =>
        account.name.startsWith('nquintri'),
      )
      const adoptions = [{ accountId: found?.account.accountId ?? '', nationalId: clerk.nationalId }]
      const { status, body } = await asIt('POST', '/reconciliation/adoptions', { target: id, adoptions })
      expect([id, status, body.adoptions?.[0]?.adopted]).toEqual([id, 200, true])
      adopted.set(id, body.adoptions[0])
    }
    const refused = (await reconciled('erp', 'unmanaged')).find(({ account }) => account.name === 'dnunoa')
    const { body } = await asIt('POST', '/reconciliation/adoptions', {
      target: 'erp',
      adoptions: [{ accountId: refused?.account.accountId ?? '', nationalId: contractor.nationalId }],
    })
    expect(body.adoptions[0]).toMatchObject({ adopted: false, violations: [{ rule: 'R2' }] })
    await modes('active')
    await laptop.idle()
    const { body: seen } = await laptop.as(
      inRole(laptop.organisation, 'security'),
      'GET',
      `/people/${clerk.nationalId}`,
    )
    for (const system of systems)
      expect(seen.accounts).toContainEqual(
        expect.objectContaining({ system, state: 'enabled', converged: true, parked: false }),
      )
    expect(await groupsOf('nquintriqueo')).toEqual(before.groups)
    expect(await erpRights('nquintri')).toEqual(before.erp)
    expect(await erpRights('dnunoa')).toEqual(before.erp)
    expect(await canStillWork()).toBe(true)
    expect(await rows('erp', 'SELECT 1 FROM usuarios WHERE rut = $1', [clerk.nationalId])).toHaveLength(1)
    expect(await rows('mail', "SELECT 1 FROM mailbox WHERE username LIKE '%quintriqueo%'")).toHaveLength(1)
  })

  it('shows the head what is to be certified; one is certified by form, another ended', async () => {
    const { clerk } = people()
    const head = headOf(laptop.organisation, unit())
    const number = adopted.get('erp')?.request ?? ''
    const listed = (await laptop.as(head, 'GET', `/requests?unit=${unit()}`)).body.requests
    expect(listed.find((one: { number: string }) => one.number === number)).toMatchObject({
      kind: 'adoption',
      signer: { capacity: 'it' },
      status: 'done',
    })
    const view = async () => (await laptop.as(head, 'GET', `/people/${clerk.nationalId}`)).body.grants
    const open = async () =>
      (await view())
        .filter(({ toCertify }: { toCertify: boolean }) => toCertify)
        .map(({ atom }: { atom: string }) => atom)
    expect(await open()).toEqual(
      expect.arrayContaining([
        'account',
        'internet',
        'entitlement:vpn',
        'mail',
        'erp:tesoreria',
        'erp:adquisiciones',
      ]),
    )
    const { unit: place, type, regime, startsOn, ...person } = clerk
    const filed = await laptop.as(head, 'POST', '/requests', {
      unit: place,
      activations: [
        {
          person,
          contract: { type, regime, startsOn, endsOn: null },
          access: { system: 'erp', module: 'adquisiciones', type: 'consulta' },
          until: null,
        },
      ],
      deactivations: [{ nationalId: clerk.nationalId, access: { system: 'erp', module: 'tesoreria' } }],
      declaration: true,
    })
    expect(filed.body.lines.map(({ status }: { status: string }) => status)).toEqual(['accepted', 'accepted'])
    await laptop.idle()
    expect(await open()).not.toContain('erp:adquisiciones')
    expect(await open()).not.toContain('erp:tesoreria')
    expect(await erpRights('nquintri')).toEqual(['adquisiciones S N S'])
    const verified = await laptop.as(inRole(laptop.organisation, 'security'), 'GET', '/audit/verification')
    expect(verified.body).toMatchObject({ ok: true, openIntents: 0 })
  })
})
