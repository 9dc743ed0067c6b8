import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keys } from '../../functions/stores/keys.ts'
import { PersonView, Verification } from '../../schemas/api.ts'
import { IssuedCode } from '../../schemas/api-operations.ts'
import { Problem } from '../../schemas/problem.ts'
import type { HttpApp } from './http-app.ts'
import { activation, closeSoundly, form, openSmallBody, people, subjectWith } from './small-body.ts'

let app: HttpApp
let desk: string
const password = 'Tralihue-9-fogón-invierno'
const me = people.clerk.nationalId

beforeAll(async () => {
  app = await openSmallBody()
  desk = subjectWith(app, 'it')
  await app.call('POST', '/requests', {
    as: people.headOfDideco.nationalId,
    body: form([activation(people.clerk, { system: 'mail' })]),
  })
})
afterAll(() => closeSoundly(app))

const codeFor = (nationalId: string, as = desk) =>
  app.call('POST', `/people/${nationalId}/one-time-code`, { as })
const set = (body: object, headers = {}) =>
  app.call('POST', '/me/credentials/mail', { as: me, body, headers })

/** As a worker would leave it once the account stands in the mail system. */
async function accountStands(as = me) {
  const { body } = await app.call('GET', '/me', { as })
  const { personId } = PersonView.parse(body).person
  const observed = {
    state: 'enabled',
    accountId: 'elena.nancucheo@valleclaro.example',
    name: 'elena.nancucheo@valleclaro.example',
    expiresAt: null,
    rights: [],
    retired: false,
    profileHash: null,
  }
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(app.client))
  await client.send(
    new UpdateCommand({
      TableName: 'state',
      Key: keys.target(personId, 'mail'),
      UpdateExpression:
        'SET observed = :observed, accountId = :id, #state = :state, appliedVersion = desiredVersion',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: { ':observed': observed, ':id': observed.accountId, ':state': 'converged' },
    }),
  )
  client.destroy()
}

describe('the help desk’s one-time code', () => {
  it('is told once, to the help desk, for somebody else', async () => {
    const answer = await codeFor(me)
    const { code, expiresAt } = IssuedCode.parse(answer.body)
    expect(answer.status).toBe(201)
    expect(answer.headers['cache-control']).toBe('no-store')
    const hours = (Date.parse(expiresAt) - Date.now()) / 3_600_000
    expect(hours).toBeGreaterThan(71.9)
    expect(hours).toBeLessThanOrEqual(72)
    expect(JSON.stringify(await app.snapshot())).not.toContain(code)
    expect(app.logs.join('\n')).not.toContain(code)
  })

  it('is not given to whoever is not the help desk, nor for themselves, nor for nobody', async () => {
    for (const role of ['hr', 'security', 'authority'])
      expect((await codeFor(me, subjectWith(app, role))).status).toBe(403)
    expect((await codeFor(me, people.headOfDideco.nationalId)).status).toBe(403)
    const [own] = app.settings.bootstrap.filter(({ roles }) => roles.includes('it'))
    expect((await codeFor(own?.person.nationalId ?? '')).status).toBe(403)
    expect((await codeFor('76.086.428-5')).status).toBe(404)
    expect((await codeFor('76.086.428-4')).status).toBe(404)
  })

  it('is a new one under the same idempotency key: it cannot be told again', async () => {
    const send = () =>
      app.call('POST', `/people/${me}/one-time-code`, { as: desk, headers: { 'idempotency-key': 'k-1' } })
    expect((await send()).body.code).not.toBe((await send()).body.code)
  })
})

describe('setting one’s own password over HTTP', () => {
  it('is refused in words while there is no account to set it for', async () => {
    const answer = await set({ password })
    expect([answer.status, answer.body.detail]).toEqual([
      409,
      'Su cuenta en este sistema todavía no está creada; intente de nuevo en unos minutos.',
    ])
    const other = await app.call('POST', '/me/credentials/directory', { as: me, body: { password } })
    expect([other.status, other.body.detail]).toEqual([409, 'Usted no tiene una cuenta en este sistema.'])
  })

  it('tells what is wrong with the call without quoting it', async () => {
    for (const body of [
      {},
      { password: '' },
      { password: `${password}\n` },
      { password: `${password}${'x'.repeat(256)}` },
      { password, clave: password },
      { password: [password] },
    ]) {
      const answer = await set(body)
      expect([answer.status, Problem.parse(answer.body).faults?.length]).toEqual([400, 1])
      expect(JSON.stringify(answer)).not.toContain('Tralihue')
    }
  })

  it('says when to come again while the mail system is away', async () => {
    await accountStands()
    const answer = await set({ password })
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '30'])
    expect(answer.body.detail).toContain('La contraseña no ha cambiado')
  })

  it('refuses a wrong code, and ends after ten calls in an hour', async () => {
    const wrong = await set({ password, code: 'AAAA-BBBB-CCCC' })
    expect([wrong.status, wrong.body.type]).toEqual([422, 'urn:llavero:problem:code-refused'])
    const statuses: number[] = []
    for (let call = 0; call < 9; call++) statuses.push((await set({ password })).status)
    expect(statuses).toEqual([...Array(8).fill(503), 429])
    const last = await set({ password })
    expect(Number(last.headers['retry-after'])).toBeGreaterThan(3500)
  })

  it('leaves the ledger verifiable when calls of somebody were only counted', async () => {
    const as = people.deputy.nationalId
    await app.call('POST', '/requests', {
      as: people.headOfDideco.nationalId,
      body: form([activation(people.deputy, { system: 'mail' })]),
    })
    await accountStands(as)
    const body = { password, code: 'AAAA-BBBB-CCCC' }
    expect((await app.call('POST', '/me/credentials/mail', { as, body })).status).toBe(422)
    const verified = await app.call('GET', '/audit/verification', { as: subjectWith(app, 'security') })
    expect(verified.status).toBe(200)
    expect(Verification.parse(verified.body)).toMatchObject({ ok: true, faults: [] })
  })

  it('is for nobody whose token is linked to no person', async () => {
    const answer = await app.call('POST', '/me/credentials/mail', { as: 'nobody', body: { password } })
    expect([answer.status, answer.body.detail]).toEqual([
      403,
      'Su identidad no está vinculada a ninguna persona; Recursos Humanos o Seguridad puede vincularla.',
    ])
  })

  it('leaves the password in no log line and in no item, under an idempotency key either', async () => {
    await set({ password }, { 'idempotency-key': 'password-1' })
    expect(JSON.stringify(await app.snapshot())).not.toContain('Tralihue')
    expect(app.logs.join('\n')).not.toContain('Tralihue')
    expect(app.logs.join('\n')).not.toContain(me)
  })
})
