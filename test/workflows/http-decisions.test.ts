import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FiledRequest, PersonView, WholeRequest } from '../../schemas/api.ts'
import type { HttpApp } from './http-app.ts'
import { activation, closeSoundly, form, openSmallBody, people, subjectWith } from './small-body.ts'

let app: HttpApp
let authority: string
const head = people.headOfDideco.nationalId

beforeAll(async () => {
  app = await openSmallBody()
  authority = subjectWith(app, 'authority')
})
afterAll(() => closeSoundly(app))

const sensitive = () => ({
  system: 'erp',
  module: app.settings.erpModules.find(module => module.sensitive)?.id ?? '',
  type: 'consulta',
})
const mail = { system: 'mail' }

async function file(activations: readonly unknown[], more: object = {}, headers = {}) {
  const answer = await app.call('POST', '/requests', { as: head, body: form(activations, more), headers })
  expect([answer.status, answer.body.faults]).toEqual([201, undefined])
  return FiledRequest.parse(answer.body)
}

/** A request whose only line waits for the authority. */
async function waiting(someone: (typeof people)[keyof typeof people] = people.clerk) {
  const filed = await file([activation(someone, sensitive(), someone.endsOn ?? null)])
  expect(filed.status).toBe('awaiting-approval')
  return { number: filed.number, hash: filed.lines[0]?.hash ?? '' }
}

const decide = (
  { number, hash, line = 'A1' }: { number: string; hash: string | null; line?: string },
  body: object,
  more: { as?: string; headers?: Record<string, string> } = {},
) =>
  app.call('POST', `/requests/${number}/lines/${line}/decision`, {
    as: more.as ?? authority,
    body,
    headers: { ...(hash !== null && { 'if-match': `"${hash}"` }), ...more.headers },
  })

const read = async (number: string, as = head) =>
  WholeRequest.parse((await app.call('GET', `/requests/${number}`, { as })).body)
const grantsOf = async (someone: { nationalId: string }) =>
  PersonView.parse(
    (await app.call('GET', `/people/${someone.nationalId}`, { as: subjectWith(app, 'hr') })).body,
  ).grants

describe('a line that waits for the authority', () => {
  it('is applied once it is approved, like an accepted one, and says who approved it', async () => {
    const asked = await waiting()
    const answer = await decide(asked, { decision: 'approve', comment: 'Por la rendición de diciembre.' })
    expect([answer.status, answer.body.status]).toEqual([200, 'accepted'])
    expect(answer.body.hash).not.toBe(asked.hash)
    const request = await read(asked.number)
    expect(request.lines).toMatchObject([
      {
        status: 'in-progress',
        decision: 'accepted',
        hash: answer.body.hash,
        decisions: [{ decision: 'approve', comment: 'Por la rendición de diciembre.' }],
      },
    ])
    const grants = (await grantsOf(people.clerk)).filter(({ request: number }) => number === asked.number)
    expect(grants).toMatchObject([{ line: 'A1', status: 'live' }])
    const [entry] = request.history.filter(({ act }) => act === 'line-decided')
    expect(entry).toMatchObject({
      phase: 'recorded',
      actor: { role: 'authority' },
      before: { decision: 'awaiting-approval', hash: asked.hash },
      after: { line: 'A1', verdict: 'approve', decision: 'accepted', hash: answer.body.hash },
    })
    expect(JSON.stringify(entry)).not.toContain('rendición')
    expect(app.rung.join()).toContain('"target":"erp"')
  })

  it('is rejected or observed with a reason that the unit reads, and gives nothing', async () => {
    for (const [decision, status] of [
      ['reject', 'rejected'],
      ['observe', 'observed'],
    ] as const) {
      const asked = await waiting(people.deputy)
      for (const comment of [undefined, '', '  ']) {
        const answer = await decide(asked, { decision, comment })
        expect([answer.status, answer.body.faults[0].pointer]).toEqual([400, '/comment'])
      }
      const answer = await decide(asked, { decision, comment: 'Falta el decreto.' })
      expect([answer.status, answer.body.status]).toEqual([200, status])
      expect(answer.body.reasons[0].message).toContain('Falta el decreto.')
      expect((await read(asked.number)).status).toBe(status)
    }
    expect(await grantsOf(people.deputy)).toEqual([])
  })

  it('is decided on what the authority has seen: 428 without its hash, 412 with another, 409 once it is decided', async () => {
    const asked = await waiting()
    const approve = { decision: 'approve' }
    expect((await decide({ ...asked, hash: null }, approve)).status).toBe(428)
    expect((await decide({ ...asked, hash: 'f'.repeat(64) }, approve)).status).toBe(412)
    expect((await decide({ ...asked, hash: '*' }, approve)).status).toBe(412)
    const { hash } = (await decide(asked, approve)).body
    expect((await decide(asked, approve)).status).toBe(412)
    expect((await decide({ ...asked, hash }, approve)).status).toBe(409)
  })

  it('gets one decision of two that come at once', async () => {
    const asked = await waiting()
    const answers = await Promise.all([
      decide(asked, { decision: 'approve' }),
      decide(asked, { decision: 'reject', comment: 'No corresponde.' }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412])
    expect((await read(asked.number)).lines[0]?.decisions).toHaveLength(1)
  })

  it('is answered alike under the same idempotency key, and another decision under it is refused', async () => {
    const asked = await waiting()
    const headers = { 'idempotency-key': `decision-${asked.number}` }
    const first = await decide(asked, { decision: 'approve' }, { headers })
    const again = await decide(asked, { decision: 'approve' }, { headers })
    expect([first.status, again.status, again.body]).toEqual([200, 200, first.body])
    const other = await decide(asked, { decision: 'reject', comment: 'No.' }, { headers })
    expect(other.status).toBe(422)
  })

  it('leaves the answer to the filing as it was', async () => {
    const headers = { 'idempotency-key': 'filed-once' }
    const lines = [activation(people.clerk, sensitive())]
    const first = await file(lines, {}, headers)
    await decide({ number: first.number, hash: first.lines[0]?.hash ?? '' }, { decision: 'approve' })
    expect(await file(lines, {}, headers)).toEqual(first)
  })

  it('is one of several of a person, of which the others were applied before', async () => {
    const filed = await file([
      activation(people.clerk, mail),
      activation(people.clerk, sensitive()),
      activation(people.clerk, { system: 'directory', internetProfile: 'superusuario' }),
    ])
    expect(filed.lines.map(({ status }) => status)).toEqual([
      'accepted',
      'awaiting-approval',
      'awaiting-approval',
    ])
    for (const { line, hash } of filed.lines.slice(1))
      expect((await decide({ number: filed.number, hash, line }, { decision: 'approve' })).status).toBe(200)
    const granted = (await grantsOf(people.clerk)).filter(({ request }) => request === filed.number)
    expect([...new Set(granted.map(({ line }) => line))].sort()).toEqual(['A1', 'A2', 'A3'])
    expect((await app.call('GET', '/audit/verification', { as: subjectWith(app, 'security') })).body.ok).toBe(
      true,
    )
  })

  it('gives nothing back that the same form, or a later one, has taken away', async () => {
    const { nationalId } = people.clerk
    const away = { nationalId, access: { system: 'erp' } }
    const filed = await file([activation(people.clerk, sensitive())], { deactivations: [away] })
    await decide({ number: filed.number, hash: filed.lines[0]?.hash ?? '' }, { decision: 'approve' })
    const asked = await waiting()
    await file([], { deactivations: [away] })
    await decide(asked, { decision: 'approve' })
    const erp = (await grantsOf(people.clerk)).filter(({ atom }) => atom.startsWith('erp:'))
    expect(erp.filter(({ status }) => status !== 'ended')).toEqual([])
  })

  it('is rejected at the approval when the contract has ended meanwhile', async () => {
    const asked = await waiting(people.yearly)
    const day = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10)
    const told = await app.call('POST', '/people', {
      as: subjectWith(app, 'hr'),
      body: [{ ...people.yearly, endsOn: day }],
    })
    expect([told.status, told.body.faults]).toEqual([200, []])
    const answer = await decide(asked, { decision: 'approve' })
    expect([answer.status, answer.body.status]).toEqual([200, 'rejected'])
    expect(answer.body.reasons.map(({ rule }: { rule: string }) => rule)).toContain('R3')
    expect(await grantsOf(people.yearly)).toEqual([])
  })
})

describe('who may decide', () => {
  it('is an authority only, and sees what is to be decided', async () => {
    const asked = await waiting()
    for (const as of [head, ...(['hr', 'it', 'security'] as const).map(role => subjectWith(app, role))])
      expect((await decide(asked, { decision: 'approve' }, { as })).status).toBe(403)
    expect((await read(asked.number, authority)).lines).toHaveLength(1)
    const plain = await file([activation(people.clerk, mail)])
    expect((await app.call('GET', `/requests/${plain.number}`, { as: authority })).status).toBe(404)
    const listed = await app.call('GET', '/requests?status=awaiting-approval', { as: authority })
    expect(listed.body.requests.map(({ number }: { number: string }) => number)).toContain(asked.number)
  })

  it('is nobody about what does not exist, or waits for nothing', async () => {
    const asked = await waiting()
    for (const path of [
      { ...asked, number: '2026-999999' },
      { ...asked, line: 'A2' },
      { ...asked, line: 'C1' },
    ])
      expect((await decide(path, { decision: 'approve' })).status).toBe(404)
    const plain = await file([activation(people.clerk, mail)])
    const hash = plain.lines[0]?.hash ?? ''
    expect((await decide({ number: plain.number, hash }, { decision: 'approve' })).status).toBe(409)
  })

  it('is nobody about themselves', async () => {
    const [own] = app.settings.bootstrap.filter(({ roles }) => roles.includes('authority'))
    const them = {
      ...people.clerk,
      ...own?.person,
      nationalId: own?.person.nationalId ?? '',
    }
    await app.call('POST', '/people', { as: subjectWith(app, 'hr'), body: [them] })
    const filed = await file([activation(them as typeof people.clerk, sensitive())])
    const answer = await decide(
      { number: filed.number, hash: filed.lines[0]?.hash ?? '' },
      { decision: 'approve' },
    )
    expect([answer.status, answer.body.detail]).toEqual([
      403,
      'Nadie decide sobre una línea que le concierne o que firmó.',
    ])
  })
})
