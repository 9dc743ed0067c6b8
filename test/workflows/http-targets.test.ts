import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HttpApp } from './http-app.ts'
import { activation, closeSoundly, form, openSmallBody, people, subjectWith, today } from './small-body.ts'

let app: HttpApp
beforeAll(async () => {
  app = await openSmallBody()
})
afterAll(() => closeSoundly(app))

const operator = () => subjectWith(app, 'it')
const targets = async () => (await app.call('GET', '/targets', { as: operator() })).body.targets
const put = (id: string, body: unknown, as = operator()) => app.call('PUT', `/targets/${id}`, { as, body })

describe('the targets of a body', () => {
  it('are shown with the mode that the settings give them, and the work before them', async () => {
    const clerk = people.clerk
    const directory = { system: 'directory', internetProfile: 'controlado' }
    const filed = await app.call('POST', '/requests', {
      as: people.headOfDideco.nationalId,
      body: form([activation(clerk, directory)]),
    })
    expect(filed.status).toBe(201)
    expect((await targets()).map(({ id }: { id: string }) => id)).toEqual([
      'directory',
      'mail',
      'erp',
      'data-centre',
    ])
    expect((await targets())[0]).toEqual({
      id: 'directory',
      kind: 'active-directory',
      mode: 'active',
      since: expect.any(String),
      depth: 1,
      urgent: 0,
      oldestDue: expect.any(String),
      parked: 0,
      accounts: 1,
      walk: null,
      outOfReachSince: null,
    })
  })

  it('change their mode at IT’s word, once, with who, when and why, and with an entry in the ledger', async () => {
    const pause = { mode: 'paused', reason: 'Traslado a otro servidor' }
    const first = await put('erp', pause)
    expect(first.status).toBe(200)
    expect(first.body).toMatchObject({ id: 'erp', ...pause, by: { nationalId: expect.any(String) } })
    expect(Date.parse(first.body.quietFrom) - Date.parse(first.body.since)).toBe(90_000)
    expect((await put('erp', pause)).body).toEqual(first.body)
    expect((await targets())[2]).toEqual(first.body)
    const told = await app.call('GET', `/audit?from=${today}&to=${today}&act=target-mode-changed`, {
      as: subjectWith(app, 'security'),
    })
    expect(told.body.entries).toHaveLength(1)
    expect(told.body.entries[0]).toMatchObject({
      system: 'erp',
      chain: 'system/erp',
      before: { mode: 'active' },
      after: pause,
      actor: { role: 'it' },
    })
    const verified = await app.call('GET', '/audit/verification', { as: subjectWith(app, 'security') })
    expect(verified.body).toMatchObject({ ok: true, faults: [] })
  })

  it('are nobody else’s to see or to change', async () => {
    for (const as of [people.headOfDideco.nationalId, subjectWith(app, 'hr'), subjectWith(app, 'security')]) {
      expect((await app.call('GET', '/targets', { as })).status).toBe(403)
      expect((await put('erp', { mode: 'active', reason: 'x' }, as)).status).toBe(403)
    }
  })

  it('refuse what is no mode, what has no reason, and what is no target', async () => {
    expect(await put('erp', { mode: 'off', reason: 'x' })).toMatchObject({
      status: 400,
      body: { faults: [{ pointer: '/mode', code: 'shape.invalid-value' }] },
    })
    for (const body of [
      { mode: 'paused' },
      { mode: 'paused', reason: '' },
      { mode: 'paused', reason: 'x', by: 'me' },
    ])
      expect((await put('erp', body)).status).toBe(400)
    for (const id of ['badges', 'ERP', 'constructor'])
      expect((await put(id, { mode: 'paused', reason: 'x' })).status).toBe(404)
  })
})

describe('a target that people keep by hand', () => {
  it('never works by itself, and the answer says why', async () => {
    const manual = await openSmallBody(settings => ({
      ...settings,
      targets: settings.targets.map(target =>
        target.id === 'erp' ? { id: 'erp', kind: 'manual', mode: 'manual' } : target,
      ),
    }))
    const as = subjectWith(manual, 'it')
    const answer = await manual.call('PUT', '/targets/erp', { as, body: { mode: 'active', reason: 'x' } })
    expect(answer).toMatchObject({ status: 409, body: { faults: [{ pointer: '/mode' }] } })
    expect(answer.body.faults[0].message).toContain('personas')
    const paused = { mode: 'paused', reason: 'vacaciones' }
    expect((await manual.call('PUT', '/targets/erp', { as, body: paused })).status).toBe(200)
    await closeSoundly(manual)
  })
})
