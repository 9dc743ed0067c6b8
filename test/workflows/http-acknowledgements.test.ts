import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPeopleStore } from '../../functions/stores/people.ts'
import { openTables } from '../../functions/stores/tables.ts'
import { createTargetStore } from '../../functions/stores/targets.ts'
import { FiledRequest, WholeRequest } from '../../schemas/api.ts'
import type { HttpApp } from './http-app.ts'
import { activation, closeSoundly, form, openSmallBody, people, subjectWith } from './small-body.ts'

let app: HttpApp
let operator: string
const head = people.headOfDideco.nationalId
const clerk = people.clerk.nationalId
const mail = { system: 'mail' }

beforeAll(async () => {
  app = await openSmallBody()
  operator = subjectWith(app, 'it')
})
afterAll(() => closeSoundly(app))

type Someone = (typeof people)[keyof typeof people]
interface Line {
  readonly number: string
  readonly hash: string | null
  readonly line?: string
}

/** What a worker would leave, once the account is as it should be. */
async function converge(someone: Someone, target: 'mail' | 'directory'): Promise<void> {
  const tables = openTables(
    { state: 'state', ledger: 'ledger', doors: 'doors' },
    new DynamoDBClient(app.client),
  )
  const store = createPeopleStore(tables)
  const row = (await store.load((await store.idOf(someone.nationalId)) ?? ''))?.targets.get(target)
  if (row === undefined) throw new Error('no row')
  const now = new Date().toISOString()
  const { desiredVersion: appliedVersion } = row
  const done = { state: 'converged' as const, appliedVersion, dueAt: null, lastAsOf: now }
  expect(await createTargetStore(tables, app.settings).note(row, done, now)).toBe(true)
}

/** An access that was given. */
async function given(someone: Someone = people.clerk, lines = 1): Promise<Line & { hash: string }> {
  const body = form(Array.from({ length: lines }, () => activation(someone, mail)))
  const filed = FiledRequest.parse((await app.call('POST', '/requests', { as: head, body })).body)
  await converge(someone, 'mail')
  return { number: filed.number, hash: filed.lines.at(-1)?.hash ?? '', line: `A${lines}` }
}
const say = (
  { number, hash, line = 'A1' }: Line,
  body: object,
  { as = clerk, headers = {} }: { as?: string; headers?: object } = {},
) =>
  app.call('POST', `/requests/${number}/lines/${line}/acknowledgement`, {
    as,
    body,
    headers: { ...(hash !== null && { 'if-match': `"${hash}"` }), ...headers },
  })
const read = async (number: string, as = clerk) =>
  WholeRequest.parse((await app.call('GET', `/requests/${number}`, { as })).body)
const taskOf = async (number: string) =>
  (await app.call('GET', '/tasks', { as: operator })).body.tasks.find(
    (task: { request?: string; closedAt: string | null }) =>
      task.request === number && task.closedAt === null,
  )
const complete = (id: string, body: object) =>
  app.call('POST', `/tasks/${id}/completion`, { as: operator, body })
const yes = { correct: true }
const no = { correct: false, comment: 'No puedo enviar a casillas externas.' }

describe('an access that was given (R12)', () => {
  it('is acknowledged by the person, and the form is done', async () => {
    const asked = await given()
    expect((await read(asked.number)).lines[0]?.status).toBe('done')
    const answer = await say(asked, yes)
    expect([answer.status, answer.body]).toEqual([
      200,
      { line: 'A1', status: 'acknowledged', reasons: [], hash: expect.not.stringMatching(asked.hash) },
    ])
    const request = await read(asked.number)
    expect(request).toMatchObject({
      status: 'done',
      lines: [{ status: 'acknowledged', hash: answer.body.hash, answers: [{ correct: true }] }],
    })
    expect(request.history.at(-1)).toMatchObject({
      act: 'line-acknowledged',
      actor: { role: 'person', nationalId: clerk },
      before: { hash: asked.hash },
      after: { line: 'A1', correct: true, hash: answer.body.hash },
    })
  })

  it('is contested: a task for IT, in progress until it is done, and then the person is asked anew', async () => {
    const asked = await given()
    const answer = await say(asked, no)
    expect([answer.status, answer.body.status]).toEqual([200, 'contested'])
    const during = await read(asked.number)
    expect([during.status, during.lines[0]?.status]).toEqual(['in-progress', 'in-progress'])
    const task = await taskOf(asked.number)
    expect(task).toMatchObject({
      kind: 'contested',
      person: { nationalId: clerk },
      target: 'mail',
      line: 'A1',
      comment: no.comment,
      urgent: false,
    })
    const contested = during.history.find(({ act }) => act === 'line-contested')
    expect(contested).toMatchObject({
      after: { task: task.id },
      evidence: { textHash: expect.any(String) },
    })
    expect(JSON.stringify(during.history)).not.toContain('casillas')
    expect((await say({ ...asked, hash: answer.body.hash }, yes)).status).toBe(409)

    app.rung.splice(0)
    expect((await complete(task.id, { done: true, evidence: 'Corregido.' })).status).toBe(200)
    expect(app.rung.map(text => JSON.parse(text))).toEqual([
      { personId: task.person.personId, target: 'mail' },
    ])
    expect((await read(asked.number)).lines[0]?.status).toBe('done')
    const last = await say({ ...asked, hash: answer.body.hash }, yes)
    expect([last.status, last.body.status]).toEqual([200, 'acknowledged'])
    expect((await read(asked.number)).lines[0]?.answers).toMatchObject([
      { correct: false },
      { correct: true },
    ])
  })

  it('stays contested where nothing could be done', async () => {
    const asked = await given()
    const { hash } = (await say(asked, no)).body
    app.rung.splice(0)
    const task = await taskOf(asked.number)
    const closed = await complete(task.id, { done: false, comment: 'El sistema no lo permite.' })
    expect([closed.status, closed.body.outcome, app.rung]).toEqual([200, 'not-done', []])
    const request = await read(asked.number)
    expect([request.status, request.lines[0]?.status]).toEqual(['in-progress', 'contested'])
    expect((await say({ ...asked, hash }, yes)).status).toBe(409)
  })

  it('is answered line by line, where two lines give the same', async () => {
    const asked = await given(people.deputy, 2)
    const earlier = await read(asked.number, head)
    // The later line with the same key has taken over from the first.
    expect(earlier.lines.map(({ status }) => status)).toEqual(['ended', 'done'])
    const as = people.deputy.nationalId
    expect(
      (await say({ ...asked, line: 'A1', hash: earlier.lines[0]?.hash ?? '' }, yes, { as })).status,
    ).toBe(409)
    expect((await say(asked, yes, { as })).status).toBe(200)
  })

  it('cannot be answered before it is there, nor once it has ended', async () => {
    const body = form([activation(people.clerk, { system: 'directory', internetProfile: 'libre' })])
    const filed = FiledRequest.parse((await app.call('POST', '/requests', { as: head, body })).body)
    const asked = { number: filed.number, hash: filed.lines[0]?.hash ?? '' }
    const early = await say(asked, yes)
    expect([early.status, early.body.detail]).toEqual([
      409,
      'Solo se confirma u objeta un acceso entregado y vigente.',
    ])
    const ended = form([], { deactivations: [{ nationalId: clerk, access: { system: 'directory' } }] })
    const out = FiledRequest.parse((await app.call('POST', '/requests', { as: head, body: ended })).body)
    await converge(people.clerk, 'directory')
    expect((await read(filed.number)).lines[0]?.status).toBe('ended')
    expect((await say(asked, yes)).status).toBe(409)
    const removal = { number: out.number, line: 'C1', hash: out.lines[0]?.hash ?? '' }
    expect((await read(out.number)).lines[0]?.status).toBe('done')
    expect((await say(removal, yes)).status).toBe(409)
  })
})

describe('acknowledging', () => {
  it('rests on what was seen: 428 without its hash, 412 with another', async () => {
    const asked = await given()
    expect((await say({ ...asked, hash: null }, yes)).status).toBe(428)
    expect((await say({ ...asked, hash: 'f'.repeat(64) }, yes)).status).toBe(412)
    const [one, other] = await Promise.all([say(asked, yes), say(asked, no)])
    expect([one.status, other.status].sort()).toEqual([200, 412])
  })

  it('needs words for a “no”', async () => {
    const asked = await given()
    for (const body of [{ correct: false }, { correct: false, comment: '  ' }, { ...no, correct: true }]) {
      const answer = await say(asked, body)
      expect([answer.status, answer.body.faults[0].pointer]).toEqual([400, '/comment'])
    }
  })

  it('is answered alike under the same idempotency key, and opens one task', async () => {
    const asked = await given()
    const headers = { 'idempotency-key': `answer-${asked.number}` }
    const first = await say(asked, no, { headers })
    expect((await say(asked, no, { headers })).body).toEqual(first.body)
    expect((await say(asked, yes, { headers })).status).toBe(422)
    const { tasks } = (await app.call('GET', '/tasks?open=true', { as: operator })).body
    expect(tasks.filter(({ request }: { request: string }) => request === asked.number)).toHaveLength(1)
  })

  it('leaves the answer to the filing as it was', async () => {
    const body = form([activation(people.clerk, mail)])
    const headers = { 'idempotency-key': 'given-once' }
    const first = await app.call('POST', '/requests', { as: head, body, headers })
    await converge(people.clerk, 'mail')
    const { number, lines } = FiledRequest.parse(first.body)
    expect((await say({ number, hash: lines[0]?.hash ?? '' }, yes)).status).toBe(200)
    expect((await app.call('POST', '/requests', { as: head, body, headers })).body).toEqual(first.body)
  })

  it('is for the person concerned alone: forbidden to those who see the request, unknown to everybody else', async () => {
    const asked = await given()
    const seeing = [head, people.deputy.nationalId, operator, subjectWith(app, 'hr')]
    for (const as of seeing) expect((await say(asked, yes, { as })).status).toBe(403)
    const { nationalId: as } = people.stranger
    const unknown = await say({ ...asked, number: '2020-000001' }, yes, { as })
    const hidden = await say(asked, yes, { as })
    expect([hidden.status, hidden.body]).toEqual([404, unknown.body])
    const two = form([activation(people.clerk, mail), activation(people.deputy, mail)])
    const filed = FiledRequest.parse((await app.call('POST', '/requests', { as: head, body: two })).body)
    const others = await say({ number: filed.number, line: 'A2', hash: filed.lines[1]?.hash ?? '' }, yes)
    expect([others.status, others.body]).toEqual([404, unknown.body])
  })
})
