import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rut } from '../personas/people.ts'
import type { HttpApp } from './http-app.ts'
import {
  activation,
  closeSoundly,
  form,
  named,
  openSmallBody,
  people,
  subjectWith,
  today,
} from './small-body.ts'

let app: HttpApp
beforeAll(async () => {
  app = await openSmallBody(settings => ({
    ...settings,
    guard: { atLeast: 2, percent: 0 },
    leaves: [{ id: 'feriado', name: 'Feriado legal', shuts: [] }],
  }))
})
afterAll(() => closeSoundly(app))

const hr = () => subjectWith(app, 'hr')
const security = () => subjectWith(app, 'security')

// biome-ignore lint/suspicious/noExplicitAny: events are sent as any client may send them
const event = (parts: object): any => ({
  version: 1,
  id: crypto.randomUUID(),
  type: 'terminated',
  nationalId: people.stranger.nationalId,
  effectiveOn: today,
  recordedAt: new Date().toISOString(),
  ...parts,
})
const tell = (body: unknown, as = hr()) => app.call('POST', '/hr-events', { as, body })
const personOf = async (nationalId: string) =>
  (await app.call('GET', `/people/${nationalId}`, { as: security() })).body

describe('an HR event', () => {
  const newcomer = rut(41_000_050)
  const hiring = event({
    type: 'hired',
    nationalId: newcomer.toLowerCase().replace('41000050', '41.000.050'),
    person: { nationalId: newcomer, givenNames: 'Olga', surnames: 'Tapia Huenchu', position: 'Inspectora' },
    contract: { type: 'planta', regime: 'municipal', startsOn: '2020-01-01', endsOn: null },
    unit: 'obras',
  })

  it('is answered once the next request sees the person', async () => {
    const answer = await tell(hiring)
    expect([answer.status, answer.body]).toEqual([202, { id: hiring.id, status: 'recorded' }])
    expect(await personOf(newcomer)).toMatchObject({
      person: { surnames: 'Tapia Huenchu', unit: 'obras' },
      grants: [],
    })
  })

  it('is one event however often it comes, and no other under its id', async () => {
    expect((await tell(hiring)).status).toBe(202)
    const other = await tell({ ...hiring, unit: 'dideco' })
    expect([other.status, other.body.type]).toEqual([422, 'urn:llavero:problem:idempotency-key-reused'])
    const audit = await app.call('GET', `/audit?subject=${newcomer}`, { as: security() })
    expect(audit.body.entries.map(({ act }: { act: string }) => act)).toEqual(['hr-event-recorded'])
    expect(audit.body.entries[0]).toMatchObject({
      actor: { role: 'hr' },
      cause: { kind: 'hr-event', ref: hiring.id },
    })
    expect(JSON.stringify(audit.body.entries[0].after)).not.toContain('Tapia')
  })

  it('of somebody nobody knows is kept: a leaver may be told before the joiner', async () => {
    const nationalId = rut(41_000_051)
    expect((await tell(event({ nationalId, effectiveOn: '2026-02-01' }))).status).toBe(202)
    const hired = { ...hiring, id: crypto.randomUUID(), nationalId, effectiveOn: '2026-01-01' }
    expect((await tell({ ...hired, person: { ...hiring.person, nationalId } })).status).toBe(202)
    expect(await personOf(nationalId)).toMatchObject({
      holds: [{ kind: 'termination', since: '2026-02-01' }],
      contracts: [{ endedOn: '2026-02-01' }],
    })
  })

  it.each([
    [
      'recorded more than five minutes ahead',
      { recordedAt: new Date(Date.now() + 3_600_000).toISOString() },
      '/recordedAt',
    ],
    ['of an impossible day', { effectiveOn: '2026-02-30' }, '/effectiveOn'],
    ['of a national id that is none', { nationalId: '41000050-7' }, '/nationalId'],
    ['into a unit that is none', { type: 'transferred', unit: 'marina' }, '/unit'],
    ['of a leave that the body does not know', { type: 'leave-started', leave: 'sabático-x' }, '/leave'],
    ['of a leave kind on another event', { leave: 'feriado' }, '/leave'],
    ['with a member nobody knows', { mood: 'bueno' }, '/mood'],
    ['hired without a contract', { type: 'hired' }, '/contract'],
  ])('%s is refused, and nothing is kept of it', async (_, parts, pointer) => {
    const answer = await tell(event(parts))
    expect(answer.status).toBe(400)
    expect(answer.body.faults.map((fault: { pointer: string }) => fault.pointer)).toContain(pointer)
    expect(answer.body.faults.every(({ message }: { message: string }) => message.length > 10)).toBe(true)
  })

  it('is told by human resources only, and by nobody about themselves', async () => {
    expect((await tell(event({}), people.headOfDideco.nationalId)).status).toBe(403)
    expect((await tell(event({}), security())).status).toBe(403)
    const self = app.settings.bootstrap.find(({ roles }) => roles.includes('hr'))?.person.nationalId
    expect((await tell(event({ nationalId: self }))).status).toBe(403)
  })

  it('of a leave holds, and grants nothing back but what was there before', async () => {
    const { nationalId } = people.clerk
    await tell(event({ type: 'leave-started', nationalId }))
    expect((await personOf(nationalId)).holds).toMatchObject([{ kind: 'leave', since: today }])
    await tell(event({ type: 'leave-ended', nationalId }))
    expect((await personOf(nationalId)).holds).toEqual([])
  })
})

describe('a file of HR events', () => {
  const heading = 'id,type,nationalId,effectiveOn,recordedAt,contractType,regime,startsOn,endsOn'
  const send = (rows: readonly string[]) =>
    app.call('POST', '/hr-events', {
      as: hr(),
      body: [heading, ...rows].join('\n'),
      headers: { 'content-type': 'text/csv' },
    })
  const now = new Date().toISOString()
  const row = (id: string, nationalId: string, endsOn: string) =>
    [id, 'contract-renewed', nationalId, today, now, 'planta', 'municipal', '2015-03-01', endsOn].join(',')

  it('with one fault records nothing, and says which row', async () => {
    const id = crypto.randomUUID()
    const answer = await send([
      row(id, people.driver.nationalId, '2099-12-31'),
      row(id, people.driver.nationalId, '2099-12-31'),
      row(crypto.randomUUID(), '41000050-7', '2099-12-31'),
    ])
    expect([answer.status, answer.body.applied]).toEqual([200, 0])
    expect(
      answer.body.faults.map(({ row: at, pointer }: { row: number; pointer: string }) => [at, pointer]),
    ).toEqual([
      [2, '/id'],
      [3, '/nationalId'],
    ])
    expect((await personOf(people.driver.nationalId)).contracts[0].endsOn).toBeNull()
  })

  it('is recorded whole, and once', async () => {
    const rows = [row(crypto.randomUUID(), people.driver.nationalId, '2099-12-31')]
    expect((await send(rows)).body).toEqual({ applied: 1, faults: [] })
    expect((await send(rows)).body).toEqual({ applied: 0, faults: [] })
    expect((await personOf(people.driver.nationalId)).contracts[0].endsOn).toBe('2099-12-31')
  })
})

describe('a list of personnel as a snapshot', () => {
  const listed = Object.values(people)

  it('ends nobody who stands in it', async () => {
    const answer = await app.call('POST', '/people?mode=snapshot', { as: hr(), body: listed })
    expect(answer.status).toBe(200)
    expect((await personOf(people.clerk.nationalId)).holds).toEqual([])
  })

  it('ends nobody who comes with it', async () => {
    const entrant = { ...people.driver, nationalId: rut(41_000_060) }
    const answer = await app.call('POST', '/people?mode=snapshot', { as: hr(), body: [...listed, entrant] })
    expect(answer.body).toEqual({ applied: 1, faults: [] })
    expect((await personOf(entrant.nationalId)).holds).toEqual([])
    expect((await tell(event({ nationalId: entrant.nationalId }))).status).toBe(202)
  })

  it('terminates whoever is employed and does not', async () => {
    const without = listed.filter(({ nationalId }) => nationalId !== people.stranger.nationalId)
    const answer = await app.call('POST', '/people?mode=snapshot', { as: hr(), body: without })
    expect(answer.body).toEqual({ applied: 1, faults: [] })
    expect((await personOf(people.stranger.nationalId)).holds).toMatchObject([
      { kind: 'termination', since: today },
    ])
    // Sent once more, it says nothing new.
    expect((await app.call('POST', '/people?mode=snapshot', { as: hr(), body: without })).body.applied).toBe(
      0,
    )
  })
})

describe('the guard before a bad list', () => {
  it('lets a few go, stops the others, and is released by two people over HTTP', async () => {
    const staff = [people.clerk, people.yearly, people.contractor, people.deputy]
    const filed = await app.call('POST', '/requests', {
      as: people.headOfDideco.nationalId,
      body: form(
        staff.map(one => activation(one, { system: 'mail' }, 'endsOn' in one ? (one.endsOn ?? null) : null)),
      ),
    })
    expect(filed.body.status).toBe('accepted')
    const only = [people.mayor, people.headOfDideco, people.headOfObras, people.driver]
    const answer = await app.call('POST', '/people?mode=snapshot', { as: hr(), body: only })
    expect(answer.body).toMatchObject({ applied: 4, faults: [], stopped: 2 })
    const authority = subjectWith(app, 'authority')
    expect((await app.call('GET', '/holds', { as: hr() })).status).toBe(403)
    const { body } = await app.call('GET', '/holds', { as: security() })
    expect(body.holds).toMatchObject([
      { id: answer.body.holds[0], cause: { kind: 'import' }, limit: 2, state: 'held', releases: [] },
    ])
    const [{ id, listHash, losses }] = body.holds
    expect(losses).toHaveLength(2)
    for (const { person } of losses) expect((await personOf(person)).holds).toEqual([])
    const release = (as: string, hash = listHash) =>
      app.call('POST', `/holds/${id}/release`, { as, body: { listHash: hash } })
    expect((await release(security(), 'f'.repeat(64))).status).toBe(409)
    expect((await release(hr())).status).toBe(403)
    expect((await release(security())).body).toMatchObject({
      state: 'held',
      releases: [{ role: 'security' }],
    })
    expect((await release(authority)).body).toMatchObject({ state: 'released', carriedOut: true })
    for (const { person } of losses)
      expect((await personOf(person)).holds).toMatchObject([{ kind: 'termination' }])
    const verified = await app.call('GET', '/audit/verification', { as: security() })
    expect(verified.body).toMatchObject({ ok: true, faults: [] })
  })

  it('tells an event that waits in a batch, also when it comes again', async () => {
    const staff = [people.driver, people.headOfObras, people.mayor]
    const signers = { obras: people.headOfObras, alcaldia: people.mayor }
    await app.call('POST', '/requests', {
      as: signers.obras.nationalId,
      body: { ...form([activation(people.driver, { system: 'mail' })]), unit: 'obras' },
    })
    await app.call('POST', '/requests', {
      as: signers.alcaldia.nationalId,
      body: { ...form([activation(people.headOfObras, { system: 'mail' })]), unit: 'obras' },
    })
    await app.call('POST', '/requests', {
      as: subjectWith(app, 'authority'),
      body: { ...form([activation(people.mayor, { system: 'mail' })]), unit: 'alcaldia' },
    })
    const events = staff.map(({ nationalId }) => event({ type: 'leave-started', nationalId }))
    const told = []
    for (const one of events) told.push((await tell(one)).body)
    expect(told.map(({ status }) => status)).toEqual(['recorded', 'recorded', 'stopped'])
    expect((await tell(events[2])).body).toEqual(told[2])
  })
})

describe('the kill switch', () => {
  const path = `/people/${people.clerk.nationalId}/suspension`
  const it1 = () => app.settings.bootstrap.find(({ roles }) => roles.includes('it'))?.subject ?? ''
  const suspend = (as: string, body: object = { reason: 'Credencial comprometida' }, where = path) =>
    app.call('POST', where, { as, body })

  it('holds somebody at once, by it, security, human resources or the unit’s head, and answers per target', async () => {
    const rehired = event({
      type: 'hired',
      nationalId: people.clerk.nationalId,
      person: named(people.clerk),
      contract: { type: 'planta', regime: 'municipal', startsOn: '2026-01-01', endsOn: null },
      unit: 'dideco',
    })
    expect((await tell(rehired)).status).toBe(202)
    const answer = await suspend(people.headOfDideco.nationalId)
    expect([answer.status, answer.body.holds]).toMatchObject([200, [{ kind: 'suspension', until: null }]])
    expect(answer.body.targets).toMatchObject([{ system: 'mail', state: 'absent', settled: false }])
    expect((await personOf(people.clerk.nationalId)).holds).toMatchObject([{ kind: 'suspension' }])
    // Pressed again it is the same hold.
    expect((await suspend(people.headOfDideco.nationalId)).body.holds).toEqual(answer.body.holds)
  })

  it('is released by somebody else, never by whoever pressed it', async () => {
    const own = await app.call('DELETE', path, { as: people.headOfDideco.nationalId })
    expect([own.status, own.body.detail]).toEqual([403, expect.stringContaining('otra persona')])
    const released = await app.call('DELETE', path, { as: it1() })
    expect([released.status, released.body.holds]).toEqual([200, []])
    // Done again it changes nothing.
    expect((await app.call('DELETE', path, { as: it1() })).status).toBe(200)
    const audit = await app.call('GET', `/audit?subject=${people.clerk.nationalId}&act=hold-ended`, {
      as: security(),
    })
    expect(audit.body.entries).toHaveLength(1)
  })

  it('is nobody’s over themselves, and a person of another unit is as unknown', async () => {
    const self = app.settings.bootstrap.find(({ subject }) => subject === it1())?.person.nationalId
    expect((await suspend(it1(), undefined, `/people/${self}/suspension`)).status).toBe(403)
    const [foreign, unknown] = await Promise.all([
      suspend(people.headOfDideco.nationalId, undefined, `/people/${people.driver.nationalId}/suspension`),
      suspend(people.headOfDideco.nationalId, undefined, `/people/${rut(41_000_099)}/suspension`),
    ])
    expect([foreign.status, unknown.status]).toEqual([404, 404])
    expect(foreign.body).toEqual(unknown.body)
  })

  it('is also a sanction with a last day (R23), and says why only to the state, never to the ledger', async () => {
    const reason = 'Prestó su clave a un tercero'
    const answer = await suspend(security(), { reason, kind: 'sanction', until: '2099-01-31' })
    expect(answer.body.holds).toMatchObject([{ kind: 'sanction', until: '2099-02-01T03:00:00.000Z' }])
    const audit = await app.call('GET', `/audit?subject=${people.clerk.nationalId}&act=hold-placed`, {
      as: security(),
    })
    expect(JSON.stringify(audit.body)).not.toContain(reason)
    expect(app.logs.join('')).not.toContain(reason)
    const past = await suspend(security(), { reason, kind: 'sanction', until: '2020-01-01' })
    expect(past.status).toBe(400)
    expect((await suspend(security(), { reason, until: '2099-01-01' })).status).toBe(400)
  })
})
