import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SamplePerson } from '../../infra/local/sample/body.ts'
import { type Laptop, startLaptop } from '../servers/laptop.ts'
import { account, activation, file, form, headOf, inRole } from './personas.ts'

let laptop: Laptop
beforeAll(async () => {
  laptop = await startLaptop()
})
afterAll(() => laptop.discard())

const oldHost = () => laptop.organisation.targets.find(({ id }) => id === 'erp')?.url ?? ''
const named = (database: string, login?: { user: string; password: string }) => {
  const url = new URL(oldHost())
  url.pathname = `/${database}`
  if (login !== undefined) Object.assign(url, { username: login.user, password: login.password })
  return url.href
}

async function query(url: string, sql: string, values: unknown[] = []) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql, values)).rows
  } finally {
    await client.end()
  }
}

/** Everything an ERP holds about people: users with their permissions. */
const whole = (url: string) =>
  query(
    url,
    `SELECT u.id_usuario, u.login, u.rut, u.vigente, u.vigente_hasta,
            (SELECT json_agg(p ORDER BY p.modulo) FROM permisos p WHERE p.id_usuario = u.id_usuario) AS permisos
       FROM usuarios u ORDER BY u.id_usuario`,
  )

/** What the new host shows of somebody: null for nobody. */
async function user(url: string, person: SamplePerson) {
  const digits = person.nationalId.replaceAll('.', '')
  const [found, ...more] = await query(
    url,
    `SELECT u.vigente, (SELECT json_agg(p.modulo ORDER BY p.modulo) FROM permisos p WHERE p.id_usuario = u.id_usuario) AS modulos
       FROM usuarios u WHERE replace(u.rut, '.', '') = $1`,
    [digits],
  )
  expect(more).toEqual([])
  return found ?? null
}

/** As the vendor carries users and permissions over: the same keys, and not without mistakes. */
async function carryOver(database: string, login: { user: string; password: string }): Promise<string> {
  await query(oldHost(), `CREATE DATABASE ${database}`)
  await query(oldHost(), `CREATE ROLE ${login.user} LOGIN PASSWORD '${login.password}' IN ROLE llavero`)
  const url = named(database)
  await query(
    url,
    readFileSync(new URL('../../infra/local/postgres/erp.sql', import.meta.url), 'utf8').replace(
      /^INSERT .*$/gm,
      '',
    ),
  )
  for (const table of ['usuarios', 'permisos']) {
    const rows = await query(oldHost(), `SELECT json_agg(t) AS all FROM ${table} t`)
    await query(url, `INSERT INTO ${table} SELECT * FROM json_populate_recordset(NULL::${table}, $1)`, [
      JSON.stringify(rows[0].all),
    ])
  }
  await query(
    url,
    `SELECT setval(pg_get_serial_sequence('usuarios', 'id_usuario'), (SELECT max(id_usuario) FROM usuarios))`,
  )
  return url
}

describe('the move of the ERP to another host (R19)', () => {
  it('loses nothing that was asked for meanwhile, and leaves both hosts as they should be', async () => {
    const { organisation } = laptop
    const unit = organisation.units[0]?.id ?? ''
    const operator = inRole(organisation, 'it')
    const [first = '', second = ''] = organisation.modules.flatMap(({ id, sensitive }) =>
      sensitive ? [] : [id],
    )
    const consulta = (module: string) => ({ system: 'erp', module, type: 'consulta' })
    const [stays, missing, more, less, leaver, newcomer] = organisation.people.filter(
      ({ nationalId, unit: of, contract }) =>
        of === unit && contract.type !== 'honorarios' && nationalId !== headOf(organisation, unit),
    ) as [SamplePerson, SamplePerson, SamplePerson, SamplePerson, SamplePerson, SamplePerson]
    expect(newcomer).toBeDefined()
    const before = [stays, missing, more, less, leaver]
    const filed = await file(
      laptop,
      form(
        unit,
        before.map(person => activation(person, consulta(first))),
      ),
    )
    expect(filed.body.lines.map(({ status }: { status: string }) => status)).toEqual(
      before.map(() => 'accepted'),
    )
    await laptop.idle()
    for (const person of before) expect(await user(oldHost(), person)).toMatchObject({ vigente: 'S' })

    // Services stop.
    const pause = await laptop.as(operator, 'PUT', '/targets/erp', {
      mode: 'paused',
      reason: 'Traslado del ERP',
    })
    expect(pause).toMatchObject({ status: 200, body: { mode: 'paused', depth: 0, urgent: 0 } })
    await laptop.idle()
    const oldAtPause = await whole(oldHost())

    // Users and permissions are carried over, with a user missing, one permission more and one less.
    const login = { user: 'llavero_nuevo', password: randomBytes(12).toString('hex') }
    const url = await carryOver('erp_nuevo', login)
    const idOf = `(SELECT id_usuario FROM usuarios WHERE replace(rut, '.', '') = $1)`
    const digits = ({ nationalId }: SamplePerson) => nationalId.replaceAll('.', '')
    await query(url, `DELETE FROM permisos WHERE id_usuario = ${idOf}`, [digits(missing)])
    await query(url, `DELETE FROM usuarios WHERE replace(rut, '.', '') = $1`, [digits(missing)])
    await query(url, `DELETE FROM permisos WHERE id_usuario = ${idOf}`, [digits(less)])
    await query(url, `INSERT INTO permisos (id_usuario, modulo, consulta) VALUES (${idOf}, $2, 'S')`, [
      digits(more),
      second,
    ])

    // Meanwhile work goes on: forms are filed and answered as ever.
    const asked = await file(laptop, form(unit, [activation(newcomer, consulta(second))]))
    expect(asked.status).toBe(201)
    const closing = await file(
      laptop,
      form(unit, [], [{ nationalId: leaver.nationalId, access: { system: 'erp' } }]),
    )
    expect(closing.status).toBe(201)
    await laptop.idle()
    expect(await account(laptop, newcomer, 'erp')).toMatchObject({ state: 'absent', converged: false })
    expect(await account(laptop, leaver, 'erp')).toMatchObject({ state: 'enabled', converged: false })
    const waiting = (await laptop.as(operator, 'GET', '/targets')).body.targets.find(
      ({ id }: { id: string }) => id === 'erp',
    )
    expect(waiting).toMatchObject({ mode: 'paused', depth: 2, urgent: 1, parked: 0 })

    // The switch: the operator points to the new host, and work is taken up again.
    const secret = { url: named('erp_nuevo', login) }
    const pointed = await laptop.client('PUT', '/local/secrets/llavero%2Ferp', { body: { secret } })
    expect(pointed.status).toBe(200)
    const resume = await laptop.as(operator, 'PUT', '/targets/erp', {
      mode: 'active',
      reason: 'ERP trasladado',
    })
    expect(resume.body).toMatchObject({ mode: 'active', walk: { woken: 0 } })
    await laptop.idle()

    expect(await whole(oldHost())).toEqual(oldAtPause)
    const expected = (await user(url, stays))?.modulos
    for (const person of [stays, missing, more, less])
      expect([person.position, await user(url, person)]).toEqual([
        person.position,
        { vigente: 'S', modulos: expected },
      ])
    expect(await user(url, newcomer)).toMatchObject({ vigente: 'S', modulos: [expect.any(String)] })
    expect(await user(url, leaver)).toMatchObject({ vigente: 'N', modulos: null })
    for (const person of [...before, newcomer])
      expect(await account(laptop, person, 'erp')).toMatchObject({ converged: true, parked: false })
    expect(
      (await laptop.as(operator, 'GET', '/targets')).body.targets.find(
        ({ id }: { id: string }) => id === 'erp',
      ),
    ).toMatchObject({ mode: 'active', depth: 0, oldestDue: null, walk: null })
    const verified = await laptop.as(inRole(organisation, 'security'), 'GET', '/audit/verification')
    expect(verified.body).toMatchObject({ ok: true, openIntents: 0 })
  })

  it('knows no secret that no target has', async () => {
    const answer = await laptop.client('PUT', '/local/secrets/llavero%2Fbadges', { body: { secret: null } })
    expect(answer.status).toBe(404)
  })
})
