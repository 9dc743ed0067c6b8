import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DecidedLine, FiledRequest, PersonView, WholeRequest } from '../../schemas/api.ts'
import type { HttpApp } from './http-app.ts'
import { activation, closeSoundly, form, openSmallBody, people, subjectWith } from './small-body.ts'

let app: HttpApp
const head = people.headOfDideco.nationalId
const deputy = people.deputy.nationalId
const endOfYear = people.yearly.endsOn ?? ''
const mail = { system: 'mail' }

beforeAll(async () => {
  app = await openSmallBody()
})
afterAll(() => closeSoundly(app))

type Someone = (typeof people)[keyof typeof people]
interface Line {
  readonly number: string
  readonly hash: string
  readonly line: string
}

async function file(body: object, as = head, headers = {}) {
  const answer = await app.call('POST', '/requests', { as, body, headers })
  expect([answer.status, answer.body.faults]).toEqual([201, undefined])
  return FiledRequest.parse(answer.body)
}

/** A form of one line, which is observed. */
async function observed(line: object, more: object = {}, as = head): Promise<Line> {
  const filed = await file(form([line], more), as)
  expect(filed.status).toBe('observed')
  return { number: filed.number, line: 'A1', hash: filed.lines[0]?.hash ?? '' }
}
/** Somebody yearly without an end: it is missing (R3). */
const withoutEnd = (access: object = mail) => observed(activation(people.yearly, access))

const complete = (
  { number, hash, line }: Omit<Line, 'hash'> & { hash: string | null },
  body: object,
  { as = head, headers = {} }: { as?: string; headers?: object } = {},
) =>
  app.call('PUT', `/requests/${number}/lines/${line}`, {
    as,
    body,
    headers: { ...(hash !== null && { 'if-match': `"${hash}"` }), ...headers },
  })
const read = async (number: string, as = head) =>
  WholeRequest.parse((await app.call('GET', `/requests/${number}`, { as })).body)
const grantsOf = async (someone: { nationalId: string }, number: string) =>
  PersonView.parse(
    (await app.call('GET', `/people/${someone.nationalId}`, { as: subjectWith(app, 'hr') })).body,
  ).grants.filter(({ request }) => request === number)
const pointers = (answer: { body: { faults?: { pointer: string }[] } }) =>
  (answer.body.faults ?? []).map(({ pointer }) => pointer)
const person = ({ nationalId, givenNames, surnames, position }: Someone) => ({
  nationalId,
  givenNames,
  surnames,
  position,
})
/** What personnel knows of somebody who is new. */
const hire = async (row: object) => {
  const told = await app.call('POST', '/people', { as: subjectWith(app, 'hr'), body: [row] })
  expect([told.status, told.body.faults]).toEqual([200, []])
}

describe('an observed line', () => {
  it('continues where it stood once what was missing is sent, in the same request', async () => {
    const asked = await withoutEnd()
    app.rung.splice(0)
    const answer = await complete(asked, { until: endOfYear })
    expect([answer.status, answer.body]).toEqual([
      200,
      { line: 'A1', status: 'accepted', reasons: [], hash: expect.not.stringMatching(asked.hash) },
    ])
    const request = await read(asked.number)
    expect(request).toMatchObject({
      status: 'in-progress',
      lines: [
        {
          status: 'in-progress',
          decision: 'accepted',
          hash: answer.body.hash,
          filed: { until: endOfYear },
          completions: [
            {
              by: { person: { nationalId: head }, capacity: 'head', onBehalfOf: null },
              was: { decision: 'observed', filed: { until: null } },
            },
          ],
        },
      ],
    })
    expect(await grantsOf(people.yearly, asked.number)).toMatchObject([
      { line: 'A1', atom: 'mail', until: endOfYear, status: 'live' },
    ])
    expect(app.rung.join()).toContain('"target":"mail"')
    expect(request.history.map(({ act }) => act)).toEqual([
      'request-filed',
      'line-completed',
      'lines-applied',
    ])
    expect(request.history[1]).toMatchObject({
      actor: { role: 'head' },
      before: { decision: 'observed', hash: asked.hash },
      after: { line: 'A1', changed: ['/until'], decision: 'accepted', rules: [], hash: answer.body.hash },
    })
    expect(JSON.stringify(request.history[1]?.after)).not.toContain(endOfYear)
  })

  it('may be sent whole again, as long as the rest is what was filed', async () => {
    const asked = await withoutEnd()
    const plain = people.yearly.nationalId.replaceAll('.', '').toLowerCase()
    const again = activation(people.yearly, mail, endOfYear)
    const sent = { ...again, person: { ...again.person, nationalId: plain }, from: undefined }
    expect((await complete(asked, sent)).body.status).toBe('accepted')
    const [line] = (await read(asked.number)).lines
    expect(line?.filed).toMatchObject({ person: { nationalId: people.yearly.nationalId } })
  })

  it('takes no other change, and says of every one where it is', async () => {
    const asked = await withoutEnd()
    const { contract } = activation(people.yearly, mail)
    const wrong = {
      person: { ...person(people.yearly), nationalId: people.clerk.nationalId, position: 'Jefa' },
      contract: { ...contract, type: 'plazo-fijo' },
      access: { system: 'directory' },
      from: endOfYear,
      until: endOfYear,
    }
    const answer = await complete(asked, wrong)
    expect([answer.status, pointers(answer).sort()]).toEqual([
      400,
      ['/access/system', '/contract/type', '/from', '/person/nationalId', '/person/position'],
    ])
    expect(answer.body.faults[0].message).toBe('Esto no fue observado: debe quedar como se presentó.')
    expect(pointers(await complete(asked, { untill: endOfYear }))).toEqual(['/untill'])
    expect(pointers(await complete(asked, { until: '2026-02-30' }))).toEqual(['/until'])
    expect((await read(asked.number)).lines[0]).toMatchObject({ status: 'observed', hash: asked.hash })
  })

  it('is decided by every rule anew: an end past the year rejects it', async () => {
    const asked = await withoutEnd()
    const until = `${Number(endOfYear.slice(0, 4)) + 1}-01-31`
    const answer = await complete(asked, { until })
    expect([answer.status, answer.body.status]).toEqual([200, 'rejected'])
    expect(answer.body.reasons.map(({ rule }: { rule: string }) => rule)).toContain('R3')
    expect((await read(asked.number)).status).toBe('rejected')
  })

  it('waits for the authority where its module is sensitive', async () => {
    const module = app.settings.erpModules.find(({ sensitive }) => sensitive)?.id
    const asked = await withoutEnd({ system: 'erp', module, type: 'consulta' })
    const { body } = await complete(asked, { until: endOfYear })
    expect(body.status).toBe('awaiting-approval')
    const decided = await app.call('POST', `/requests/${asked.number}/lines/A1/decision`, {
      as: subjectWith(app, 'authority'),
      body: { decision: 'approve' },
      headers: { 'if-match': body.hash },
    })
    expect([decided.status, decided.body.status]).toEqual([200, 'accepted'])
    expect(await grantsOf(people.yearly, asked.number)).toMatchObject([{ atom: `erp:${module}` }])
  })

  it('whose contract differed takes the register’s, and no other', async () => {
    const line = activation(people.clerk, mail)
    const asked = await observed({ ...line, contract: { ...line.contract, startsOn: '2015-04-01' } })
    const guess = await complete(asked, { contract: { ...line.contract, startsOn: '2015-05-01' } })
    expect([guess.status, guess.body.status]).toEqual([200, 'observed'])
    const right = await complete({ ...asked, hash: guess.body.hash }, { contract: line.contract })
    expect([right.status, right.body.status]).toEqual([200, 'accepted'])
    const [whole] = (await read(asked.number)).lines
    expect(whole?.completions?.map(({ was }) => was.filed)).toMatchObject([
      { contract: { startsOn: '2015-04-01' } },
      { contract: { startsOn: '2015-05-01' } },
    ])
  })

  it('about somebody whom personnel had not entered is judged again by an empty body, once they are', async () => {
    const newcomer = { ...people.clerk, nationalId: '20.347.878-K', surnames: 'Ñandú Órdenes' }
    const asked = await observed(activation(newcomer as Someone, mail))
    const early = await complete(asked, {})
    expect([early.status, early.body.status, early.body.hash]).toEqual([200, 'observed', asked.hash])
    expect((await read(asked.number)).lines[0]?.completions).toBeUndefined()
    await hire(newcomer)
    expect((await complete(asked, {})).body.status).toBe('accepted')
    expect(await grantsOf(newcomer, asked.number)).toMatchObject([{ atom: 'mail', status: 'live' }])
  })

  it('about somebody whom personnel had not entered may get other names and another contract', async () => {
    const newcomer = { ...people.clerk, nationalId: '39.999.001-7', surnames: 'Ñirre Cuevas' }
    const asked = await observed(activation({ ...newcomer, surnames: 'Nirre' } as Someone, mail))
    await hire({ ...newcomer, startsOn: '2020-01-01' })
    const { contract } = activation(people.clerk, mail)
    const sent = { person: person(newcomer as Someone), contract: { ...contract, startsOn: '2020-01-01' } }
    expect(pointers(await complete(asked, { ...sent, until: endOfYear }))).toEqual(['/until'])
    expect((await complete(asked, sent)).body.status).toBe('accepted')
  })

  it('that the authority observed may change in its details, and needs the approval anew', async () => {
    const [module, other] = app.settings.erpModules.filter(({ sensitive }) => sensitive).map(({ id }) => id)
    const access = { system: 'erp', module, type: 'consulta' }
    const filed = await file(form([activation(people.clerk, access)]))
    const decide = (hash: string, body: object) =>
      app.call('POST', `/requests/${filed.number}/lines/A1/decision`, {
        as: subjectWith(app, 'authority'),
        body,
        headers: { 'if-match': hash },
      })
    const comment = 'Indique hasta cuándo.'
    const { hash } = (await decide(filed.lines[0]?.hash ?? '', { decision: 'observe', comment })).body
    const asked = { number: filed.number, line: 'A1', hash }
    expect(pointers(await complete(asked, { access: { ...access, module: other } }))).toEqual([
      '/access/module',
    ])
    const until = `${endOfYear.slice(0, 4)}-12-15`
    const details = { until, access: { ...access, specific: ['solo informes'] } }
    const again = DecidedLine.parse((await complete(asked, details)).body)
    expect(again.status).toBe('awaiting-approval')
    expect((await decide(again.hash, { decision: 'approve' })).body.status).toBe('accepted')
    expect(await grantsOf(people.clerk, filed.number)).toMatchObject([
      { access: { specific: ['solo informes'] }, until },
    ])
  })
})

describe('completing a line', () => {
  it('rests on what was seen: 428 without its hash, 412 with another, 409 once it is not observed', async () => {
    const asked = await withoutEnd()
    const body = { until: endOfYear }
    expect((await complete({ ...asked, hash: null }, body)).status).toBe(428)
    expect((await complete({ ...asked, hash: 'f'.repeat(64) }, body)).status).toBe(412)
    const { hash } = (await complete(asked, body)).body
    expect((await complete(asked, body)).status).toBe(412)
    const late = await complete({ ...asked, hash }, body)
    expect([late.status, late.body.detail]).toEqual([
      409,
      'La línea no está observada: no hay nada que completar.',
    ])
  })

  it('is done once of two that come at once', async () => {
    const asked = await withoutEnd()
    const days = [endOfYear, `${endOfYear.slice(0, 4)}-12-30`]
    const answers = await Promise.all(days.map(until => complete(asked, { until })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412])
    expect((await read(asked.number)).lines[0]?.completions).toHaveLength(1)
  })

  it('is answered alike under the same idempotency key; another body under it is refused', async () => {
    const asked = await withoutEnd()
    const headers = { 'idempotency-key': `completion-${asked.number}` }
    const first = await complete(asked, { until: endOfYear }, { headers })
    const again = await complete(asked, { until: endOfYear }, { headers })
    expect([first.status, again.status, again.body]).toEqual([200, 200, first.body])
    expect((await complete(asked, {}, { headers })).status).toBe(422)
  })

  it('leaves the answer to the filing as it was', async () => {
    const headers = { 'idempotency-key': 'observed-once' }
    const lines = form([activation(people.yearly, mail)])
    const first = await file(lines, head, headers)
    await complete(
      { number: first.number, line: 'A1', hash: first.lines[0]?.hash ?? '' },
      { until: endOfYear },
    )
    expect(await file(lines, head, headers)).toEqual(first)
  })

  it('is the deputy’s too, and both names stand in it (R1)', async () => {
    const asked = await withoutEnd()
    expect((await complete(asked, { until: endOfYear }, { as: deputy })).status).toBe(200)
    const request = await read(asked.number)
    expect(request.lines[0]?.completions).toMatchObject([
      { by: { person: { nationalId: deputy }, capacity: 'deputy', onBehalfOf: { nationalId: head } } },
    ])
    const mine = request.history.filter(({ act }) => act !== 'request-filed')
    expect(mine.map(({ actor }) => [actor.nationalId, actor.role, actor.onBehalfOf !== undefined])).toEqual([
      [deputy, 'deputy', true],
      [deputy, 'deputy', true],
    ])
  })

  it('is nobody else’s: forbidden to those who see the request, unknown to everybody else', async () => {
    const asked = await withoutEnd()
    const body = { until: endOfYear }
    const roles = ['hr', 'it', 'security'].map(role => subjectWith(app, role))
    for (const as of [people.yearly.nationalId, ...roles])
      expect((await complete(asked, body, { as })).status).toBe(403)
    const unknown = await complete({ ...asked, number: '2020-000001' }, body, { as: people.mayor.nationalId })
    for (const as of [people.mayor, people.headOfObras, people.stranger].map(one => one.nationalId)) {
      const hidden = await complete(asked, body, { as })
      expect([hidden.status, hidden.body]).toEqual([404, unknown.body])
    }
    expect((await complete({ ...asked, line: 'A2' }, body)).status).toBe(404)
    expect((await complete({ ...asked, line: 'Z1' }, body)).status).toBe(400)
  })

  it('is nobody’s about themselves, and leaves the line to whoever may (R1)', async () => {
    const line = activation(people.deputy, mail)
    const asked = await observed({ ...line, contract: { ...line.contract, startsOn: '2015-04-01' } })
    const own = await complete(asked, { contract: line.contract }, { as: deputy })
    expect([own.status, own.body.detail]).toEqual([
      403,
      'Nadie puede pedir accesos para sí mismo ni quitárselos.',
    ])
    expect((await complete(asked, { contract: line.contract })).body.status).toBe('accepted')
  })

  it('is the superior’s where the line is about the head', async () => {
    const line = activation(people.headOfDideco, mail)
    const wrong = { ...line, contract: { ...line.contract, startsOn: '2015-04-01' } }
    const asked = await observed(wrong, {}, people.mayor.nationalId)
    expect((await complete(asked, { contract: line.contract }, { as: deputy })).status).toBe(403)
    expect((await complete(asked, { contract: line.contract })).status).toBe(403)
    const done = await complete(asked, { contract: line.contract }, { as: people.mayor.nationalId })
    expect([done.status, done.body.status]).toEqual([200, 'accepted'])
  })

  it('of a deactivation by human resources is theirs alone, and ends everything (R9)', async () => {
    const hr = subjectWith(app, 'hr')
    const leaver = { ...people.clerk, nationalId: '39.999.002-5', surnames: 'Ñiquén Rozas' }
    const goes = { nationalId: leaver.nationalId, access: { system: 'all' } }
    const filed = await file(form([], { deactivations: [goes] }), hr)
    const asked = { number: filed.number, line: 'C1', hash: filed.lines[0]?.hash ?? '' }
    expect(filed.status).toBe('observed')
    await hire(leaver)
    const given = await file(form([activation(leaver as Someone, mail)]))
    expect((await complete(asked, {})).status).toBe(403)
    expect(pointers(await complete(asked, { until: null }, { as: hr }))).toEqual(['/until'])
    const other = { access: { system: 'mail' } }
    expect(pointers(await complete(asked, other, { as: hr }))).toEqual(['/access/system'])
    expect((await complete(asked, goes, { as: hr })).body.status).toBe('accepted')
    expect(await grantsOf(leaver, given.number)).toMatchObject([{ status: 'ended' }])
  })
})
