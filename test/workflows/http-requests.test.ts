import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DryRun, FiledRequest, PersonView, RequestList, WholeRequest } from '../../schemas/api.ts'
import type { HttpApp } from './http-app.ts'
import { activation, closeSoundly, form, openSmallBody, people, subjectWith } from './small-body.ts'

let app: HttpApp
const head = people.headOfDideco.nationalId
const endOfYear = people.yearly.endsOn ?? null
const mail = { system: 'mail' }
const accounting = { system: 'erp', module: 'contabilidad-gubernamental', type: 'consulta' }

beforeAll(async () => {
  app = await openSmallBody()
})
afterAll(() => closeSoundly(app))

const file = (body: unknown, as: string = head, headers: Record<string, string> = {}) =>
  app.call('POST', '/requests', { as, body, headers })
const filed = async (body: unknown, as: string = head) => {
  const answer = await file(body, as)
  expect([answer.status, answer.body.faults]).toEqual([201, undefined])
  return FiledRequest.parse(answer.body)
}
const whole = async (number: string, as: string) =>
  WholeRequest.parse((await app.call('GET', `/requests/${number}`, { as })).body)

describe('filing a form', () => {
  it('answers with a number and what was decided of each line, in the order given', async () => {
    const answer = await file(
      form(
        [
          activation(people.clerk, mail),
          activation(people.contractor, accounting, endOfYear),
          activation(people.stranger, mail),
          activation(people.clerk, { ...accounting, module: 'tesoreria' }),
        ],
        { deactivations: [{ nationalId: people.clerk.nationalId, access: { system: 'all' } }] },
      ),
    )
    const { number, status, lines } = FiledRequest.parse(answer.body)
    expect(answer.headers.location).toBe(`/requests/${number}`)
    expect(lines.map(line => `${line.line} ${line.status}`)).toEqual([
      'A1 accepted',
      'A2 rejected',
      'A3 observed',
      'A4 awaiting-approval',
      'C1 accepted',
    ])
    expect(lines[1]?.reasons.map(({ rule }) => rule)).toContain('R2')
    expect(status).toBe('observed')
    expect(new Set(lines.map(({ hash }) => hash)).size).toBe(5)
  })

  it('shows the accounts to come from the 201 on', async () => {
    await filed(form([activation(people.yearly, mail, endOfYear)]))
    const answer = await app.call('GET', `/people/${people.yearly.nationalId}`, { as: head })
    const { accounts, grants } = PersonView.parse(answer.body)
    expect(accounts).toEqual([
      {
        system: 'mail',
        accountId: null,
        name: expect.stringMatching(/^rocio\.pincheira@/),
        state: 'absent',
        expiresAt: null,
        observedAt: null,
        converged: false,
        parked: false,
        credentialSetAt: null,
      },
    ])
    expect(grants).toMatchObject([
      { access: mail, unit: 'dideco', until: endOfYear, line: 'A1', status: 'live' },
    ])
  })

  it('only tells what would be done in a dry run', async () => {
    const before = (await app.call('GET', '/requests', { as: head })).body.requests.length
    const body = form([activation(people.deputy, { system: 'directory', internetProfile: 'libre' })])
    const answer = await app.call('POST', '/requests?dryRun=true', { as: head, body })
    const { lines, plan } = DryRun.parse(answer.body)
    expect([answer.status, lines[0]?.status]).toEqual([200, 'accepted'])
    expect(plan).toMatchObject([{ line: 'A1', person: people.deputy.nationalId, system: 'directory' }])
    expect(plan[0]?.steps.map(({ act }) => act)).toContain('enable')
    expect((await app.call('GET', '/requests', { as: head })).body.requests).toHaveLength(before)
  })

  it('answers the same to the same key and body, once filed, and 422 to another body', async () => {
    const body = form([activation(people.deputy, mail)])
    const key = { 'idempotency-key': 'form-17' }
    const answers = await Promise.all([file(body, head, key), file(body, head, key)])
    answers.push(await file({ declaration: true, activations: body.activations, unit: 'dideco' }, head, key))
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201])
    expect(new Set(answers.map(answer => JSON.stringify(answer.body))).size).toBe(1)
    expect((await file(form([activation(people.clerk, mail)]), head, key)).status).toBe(422)
    const other = await file(body, people.deputy.nationalId, key)
    expect(other.body.number).not.toBe(answers[0]?.body.number)
  })
})

describe('reading a request', () => {
  it('shows the whole to those entitled: signer, lines as filed, progress, history', async () => {
    const { number } = await filed(form([activation(people.clerk, accounting)]), people.deputy.nationalId)
    const roles = ['hr', 'it', 'security'].map(role => subjectWith(app, role))
    for (const as of [head, people.deputy.nationalId, ...roles]) {
      const request = await whole(number, as)
      expect(request).toMatchObject({
        number,
        unit: 'dideco',
        status: 'in-progress',
        signer: {
          capacity: 'deputy',
          person: { name: 'Ana Riquelme Soto' },
          onBehalfOf: { nationalId: head },
        },
        lines: [
          { line: 'A1', filed: { access: accounting }, progress: [{ target: 'erp', state: 'pending' }] },
        ],
      })
      expect(request.history.map(({ act }) => act)).toEqual(['request-filed', 'lines-applied'])
    }
  })

  it('shows the person concerned the lines about themselves, and nobody else’s', async () => {
    const { number } = await filed(
      form([activation(people.contractor, mail, endOfYear), activation(people.clerk, mail)]),
    )
    const request = await whole(number, people.clerk.nationalId)
    expect(request.lines.map(({ line }) => line)).toEqual(['A2'])
    expect(JSON.stringify(request)).not.toContain(people.contractor.nationalId)
    expect(request.history.map(({ act }) => act)).toEqual(['lines-applied'])
  })

  it('answers everybody else exactly as for what does not exist', async () => {
    const { number } = await filed(form([activation(people.clerk, mail)]))
    for (const as of [people.stranger, people.headOfObras, people.mayor].map(one => one.nationalId)) {
      const hidden = await app.call('GET', `/requests/${number}`, { as })
      const unknown = await app.call('GET', '/requests/2026-999999', { as })
      expect([hidden.status, hidden.body]).toEqual([404, unknown.body])
      expect((await app.call('GET', '/requests/whatever', { as })).body).toEqual(unknown.body)
    }
  })

  it('shows somebody who signed for a head what they signed', async () => {
    const { number } = await filed(form([activation(people.headOfDideco, mail)]), people.mayor.nationalId)
    expect((await whole(number, people.mayor.nationalId)).signer.capacity).toBe('parent-head')
    const { body } = await app.call('GET', '/requests', { as: people.mayor.nationalId })
    expect(body.requests.map((one: { number: string }) => one.number)).toContain(number)
  })
})

describe('the list of requests', () => {
  beforeAll(async () => {
    const body = { ...form([activation(people.driver, mail)]), unit: 'obras' }
    await filed(body, people.headOfObras.nationalId)
  })

  const list = async (as: string, query = '') =>
    RequestList.parse((await app.call('GET', `/requests${query}`, { as })).body)

  it('has, newest first, what the caller may see and nothing else', async () => {
    const all = (await list(subjectWith(app, 'hr'))).requests
    expect(all.map(({ number }) => number)).toEqual(
      all
        .map(({ number }) => number)
        .sort()
        .reverse(),
    )
    expect(new Set(all.map(({ unit }) => unit))).toEqual(new Set(['dideco', 'obras']))
    expect((await list(head)).requests.map(({ number }) => number)).toEqual(
      all.filter(({ unit }) => unit === 'dideco').map(({ number }) => number),
    )
    expect((await list(people.stranger.nationalId)).requests.length).toBeLessThanOrEqual(1)
    const own = (await list(people.contractor.nationalId)).requests
    expect(own.length).toBeGreaterThan(0)
    for (const request of own) expect(request.lines.length).toBeLessThan(3)
  })

  it('is filtered by unit and by status; a unit that is not theirs has none', async () => {
    const hr = subjectWith(app, 'hr')
    expect(new Set((await list(hr, '?unit=obras')).requests.map(({ unit }) => unit))).toEqual(
      new Set(['obras']),
    )
    expect((await list(hr, '?unit=no-such-unit')).requests).toEqual([])
    expect((await list(head, '?unit=obras')).requests).toEqual([])
    const observed = await list(hr, '?status=observed&unit=dideco')
    expect(observed.requests.map(({ status }) => status)).toEqual(['observed'])
  })

  it('comes in pages that neither repeat nor leave out', async () => {
    for (let more = 0; more < 30; more += 1) await filed(form([activation(people.clerk, mail)]))
    const seen: string[] = []
    let cursor: string | null = null
    let pages = 0
    do {
      const page: RequestList = await list(head, cursor === null ? '' : `?cursor=${cursor}`)
      seen.push(...page.requests.map(({ number }) => number))
      cursor = page.cursor
      pages += 1
    } while (cursor !== null)
    expect(pages).toBeGreaterThan(1)
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.length).toBeGreaterThan(35)
  })
})

describe('a person', () => {
  it('is shown to their unit’s head and deputy, to hr, it, security and to themselves', async () => {
    const { clerk, deputy } = people
    const roles = ['hr', 'it', 'security'].map(role => subjectWith(app, role))
    for (const as of [head, deputy.nationalId, clerk.nationalId, ...roles]) {
      const answer = await app.call('GET', `/people/${clerk.nationalId}`, { as })
      expect(PersonView.parse(answer.body).person).toMatchObject({ surnames: clerk.surnames, unit: 'dideco' })
    }
    const dotted = clerk.nationalId.replace(/^(\d\d)(\d{3})/, '$1.$2.')
    expect((await app.call('GET', `/people/${dotted}`, { as: head })).status).toBe(200)
    const me = await app.call('GET', '/me', { as: clerk.nationalId })
    expect(me.body.person.nationalId).toBe(clerk.nationalId)
  })

  it('is, for everybody else, as unknown as somebody who does not exist', async () => {
    const authority = subjectWith(app, 'authority')
    for (const as of [people.stranger.nationalId, people.headOfObras.nationalId, authority]) {
      const answers = await Promise.all(
        [people.clerk.nationalId, '76.086.428-5', '12.345.678-9', 'nobody', '%00'].map(id =>
          app.call('GET', `/people/${id}`, { as }),
        ),
      )
      expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404])
      expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    }
  })
})
