import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPeopleStore } from '../../functions/stores/people.ts'
import { openTables } from '../../functions/stores/tables.ts'
import { createTargetStore } from '../../functions/stores/targets.ts'
import type { HttpApp } from './http-app.ts'
import { activation, closeSoundly, form, openSmallBody, people, subjectWith } from './small-body.ts'

let app: HttpApp
let it1: string
beforeAll(async () => {
  app = await openSmallBody()
  it1 = subjectWith(app, 'it')
})
afterAll(() => closeSoundly(app))

const access = { system: 'erp', module: 'contabilidad-gubernamental', type: 'consulta' }

/** Somebody's ERP account, parked as a worker would. */
async function park(someone: (typeof people)[keyof typeof people]): Promise<string> {
  await app.call('POST', '/requests', {
    as: people.headOfDideco.nationalId,
    body: form([activation(someone, access)]),
  })
  const tables = openTables(
    { state: 'state', ledger: 'ledger', doors: 'doors' },
    new DynamoDBClient(app.client),
  )
  const store = createPeopleStore(tables)
  const personId = (await store.idOf(someone.nationalId)) ?? ''
  const row = (await store.load(personId))?.targets.get('erp')
  if (row === undefined) throw new Error('no row')
  const now = new Date().toISOString()
  const done = await createTargetStore(tables, app.settings).note(
    row,
    { state: 'parked', fault: 'refused', dueAt: now },
    now,
  )
  expect(done).toBe(true)
  const { body } = await app.call('GET', '/tasks?open=true', { as: it1 })
  return body.tasks.find((task: { person: { personId: string } }) => task.person.personId === personId).id
}

describe('GET /tasks', () => {
  it('is for it alone', async () => {
    for (const role of ['hr', 'security', 'authority'])
      expect((await app.call('GET', '/tasks', { as: subjectWith(app, role) })).status).toBe(403)
    expect((await app.call('GET', '/tasks', { as: people.headOfDideco.nationalId })).status).toBe(403)
    expect((await app.call('GET', '/tasks')).status).toBe(401)
  })

  it('tells what, for whom and until when, and moves what is closed to the other list', async () => {
    const id = await park(people.clerk)
    const [task] = (await app.call('GET', '/tasks', { as: it1 })).body.tasks
    expect(task).toMatchObject({
      id,
      kind: 'parked',
      target: 'erp',
      person: { nationalId: people.clerk.nationalId, name: 'Elena Ñancucheo Díaz' },
      fault: 'refused',
      outcome: null,
      closedBy: null,
    })
    expect(task.what).toHaveLength(1)
    expect(Date.parse(task.dueBy) - Date.parse(task.openedAt)).toBe(3 * 86_400_000)
    app.rung.splice(0)
    const closed = await app.call('POST', `/tasks/${id}/completion`, {
      as: it1,
      body: { done: true, evidence: 'Corregido.\nTicket 14.' },
    })
    expect(closed).toMatchObject({
      status: 200,
      body: { id, outcome: 'done', evidence: 'Corregido.\nTicket 14.' },
    })
    expect(app.rung.map(text => JSON.parse(text))).toEqual([
      { personId: task.person.personId, target: 'erp' },
    ])
    expect((await app.call('GET', '/tasks?open=true', { as: it1 })).body.tasks).toEqual([])
    expect((await app.call('GET', '/tasks?open=false', { as: it1 })).body.tasks).toEqual([closed.body])
    expect((await app.call('GET', '/tasks', { as: it1 })).body).toEqual({
      tasks: [closed.body],
      cursor: null,
    })
  })

  it('takes no place that it did not give', async () => {
    for (const query of ['cursor=x', 'open=maybe', 'colour=red'])
      expect((await app.call('GET', `/tasks?${query}`, { as: it1 })).status).toBe(400)
  })
})

describe('POST /tasks/{id}/completion', () => {
  it('answers the same to the same key, and 409 to a second completion', async () => {
    const id = await park(people.deputy)
    const path = `/tasks/${id}/completion`
    const sent = { as: it1, body: { done: true, evidence: 'Hecho.' }, headers: { 'idempotency-key': 'one' } }
    const first = await app.call('POST', path, sent)
    expect(first.status).toBe(200)
    expect((await app.call('POST', path, sent)).body).toEqual(first.body)
    expect((await app.call('POST', path, { ...sent, body: { done: true, evidence: 'Otra.' } })).status).toBe(
      422,
    )
    expect((await app.call('POST', path, { ...sent, headers: {} })).status).toBe(409)
  })

  it('knows only its own tasks, and wants evidence', async () => {
    const body = { done: true, evidence: 'Hecho.' }
    expect(
      (await app.call('POST', `/tasks/${crypto.randomUUID()}/completion`, { as: it1, body })).status,
    ).toBe(404)
    expect((await app.call('POST', '/tasks/seven/completion', { as: it1, body })).status).toBe(400)
    const id = await park(people.clerk)
    for (const wrong of [{}, { done: true }, { done: true, evidence: ' ' }, { done: false, evidence: 'No.' }])
      expect((await app.call('POST', `/tasks/${id}/completion`, { as: it1, body: wrong })).status).toBe(400)
    expect(
      (await app.call('POST', `/tasks/${id}/completion`, { as: subjectWith(app, 'hr'), body })).status,
    ).toBe(403)
  })
})
