import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Laptop, startLaptop } from '../servers/laptop.ts'
import { activation, file, form, headOf, inRole, staff } from './personas.ts'

let laptop: Laptop
beforeAll(async () => {
  laptop = await startLaptop()
})
afterAll(() => laptop.discard())

const unit = () => laptop.organisation.units[0]?.id ?? ''
const head = () => headOf(laptop.organisation, unit())
const freeModule = () => laptop.organisation.modules.find(module => !module.sensitive)?.id ?? ''
const consulta = (module = freeModule()) => ({ system: 'erp', module, type: 'consulta' })
const statuses = (answer: { body: { lines: { status: string }[] } }) =>
  answer.body.lines.map(line => line.status)

describe('who may call', () => {
  it('answers 401 without a token, with a forged one and with one of another key', async () => {
    for (const token of [undefined, 'x', 'eyJhbGciOiJub25lIn0.e30.', `${'a'.repeat(20)}.b.c`]) {
      const answer = await laptop.client('GET', '/me', token === undefined ? {} : { token })
      expect(answer.status).toBe(401)
    }
  })

  it('answers 403 where a role is missing', async () => {
    const plain = staff(laptop.organisation, 'planta').nationalId
    const it = inRole(laptop.organisation, 'it')
    expect(
      (await laptop.as(plain, 'GET', '/audit?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z')).status,
    ).toBe(403)
    expect((await laptop.as(it, 'GET', '/audit/verification')).status).toBe(403)
    expect((await laptop.as(plain, 'POST', '/people', [])).status).toBe(403)
    expect((await laptop.as(head(), 'POST', '/identities', { identities: [] })).status).toBe(403)
  })

  it('refuses a signer of another unit, of an unknown unit and a deputy whose days are not today with one answer', async () => {
    const person = staff(laptop.organisation, 'planta')
    const line = activation(person, consulta())
    const deputy = laptop.organisation.units[0]?.deputies[0]?.nationalId ?? ''
    const other = laptop.organisation.units[2]?.head.nationalId ?? ''
    const answers = await Promise.all([
      laptop.as(other, 'POST', '/requests', form(unit(), [line])),
      laptop.as(head(), 'POST', '/requests', form('no-existe', [line])),
      laptop.as(deputy, 'POST', '/requests', form(unit(), [line])),
      laptop.as(inRole(laptop.organisation, 'security'), 'POST', '/requests', form(unit(), [line])),
    ])
    expect(answers.map(answer => answer.status)).toEqual([403, 403, 403, 403])
    expect(new Set(answers.map(answer => JSON.stringify(answer.body))).size).toBe(1)
  })

  it('answers about people and requests of others with the 404 of the unknown, word by word', async () => {
    const stranger = laptop.organisation.units[2]?.head.nationalId ?? ''
    const person = staff(laptop.organisation, 'planta')
    const filed = await file(laptop, form(unit(), [activation(person, consulta())]))
    const [known, unknown, theirs, none] = await Promise.all([
      laptop.as(stranger, 'GET', `/people/${person.nationalId}`),
      laptop.as(stranger, 'GET', '/people/39.999.001-7'),
      laptop.as(stranger, 'GET', `/requests/${filed.body.number}`),
      laptop.as(stranger, 'GET', '/requests/2020-999999'),
    ])
    expect([known, unknown, theirs, none].map(answer => answer.status)).toEqual([404, 404, 404, 404])
    expect(known.body).toEqual(unknown.body)
    expect(theirs.body).toEqual(none.body)
  })

  it('shows the person concerned their own record', async () => {
    const person = staff(laptop.organisation, 'planta')
    await laptop.idle()
    const me = await laptop.as(person.nationalId, 'GET', '/me')
    expect(me.status).toBe(200)
    expect(me.body.person.givenNames).toBe(person.givenNames)
    expect((await laptop.as(person.nationalId, 'GET', `/people/${person.nationalId}`)).body).toEqual(me.body)
  })

  it("gives no token for somebody who is not in the register, and none to another machine's name", async () => {
    const call = { body: { nationalId: '39.999.001-7' } }
    expect((await laptop.client('POST', '/local/token', call)).status).toBe(404)
    const status = await new Promise(resolve => {
      const { hostname, port } = new URL(laptop.base)
      const headers = { host: 'evil.example' }
      request({ hostname, port, path: '/local/organisation', headers }, answer => {
        answer.resume()
        resolve(answer.statusCode)
      }).end()
    })
    expect(status).toBe(403)
  })
})

describe('how a line is decided', () => {
  it('rejects the ERP for honorarios, and a line about oneself', async () => {
    const own = laptop.organisation.people.find(person => person.nationalId === head())
    if (own === undefined) throw new Error('the head is not among the people')
    const answer = await file(
      laptop,
      form(unit(), [
        activation(staff(laptop.organisation, 'honorarios'), consulta()),
        activation(own, { system: 'mail' }),
      ]),
    )
    expect(statuses(answer)).toEqual(['rejected', 'rejected'])
    const rules = answer.body.lines.map((line: { reasons: { rule: string }[] }) =>
      line.reasons.map(({ rule }) => rule),
    )
    expect(rules[0]).toContain('R2')
    expect(rules[1]).toContain('R1')
  })

  it('observes a contrata without end, somebody of another unit and somebody unknown, the last two in the same words', async () => {
    const contrata = staff(laptop.organisation, 'contrata')
    const elsewhere = laptop.organisation.people.find(
      ({ unit: theirs, roles, contract }) =>
        theirs !== unit() && roles.length === 0 && contract.type === 'planta',
    )
    if (elsewhere === undefined) throw new Error('nobody of planta works elsewhere')
    const unknown = { ...elsewhere, nationalId: '39.999.001-7' }
    const answer = await file(
      laptop,
      form(unit(), [
        activation(contrata, consulta(), null),
        activation(elsewhere, consulta()),
        activation(unknown, consulta()),
      ]),
    )
    expect(statuses(answer)).toEqual(['observed', 'observed', 'observed'])
    expect(answer.body.lines[1].reasons).toEqual(answer.body.lines[2].reasons)
    expect(answer.body.status).toBe('observed')
  })

  it('rejects an end past the year and an end before the start', async () => {
    const person = staff(laptop.organisation, 'contrata')
    const year = Number(person.contract.startsOn.slice(0, 4))
    const lines = [
      activation(person, consulta(), `${year + 1}-01-01`),
      { ...activation(person, consulta(), `${year}-12-30`), from: `${year}-12-31` },
    ]
    expect(statuses(await file(laptop, form(unit(), lines)))).toEqual(['rejected', 'rejected'])
  })

  it('lets sensitive modules, the data centre and superusuario wait for approval', async () => {
    const person = staff(laptop.organisation, 'planta', 1)
    const sensitive = laptop.organisation.modules.find(module => module.sensitive)?.id ?? ''
    const answer = await file(
      laptop,
      form(unit(), [
        activation(person, consulta(sensitive)),
        activation(person, { system: 'data-centre', doors: [laptop.organisation.doors[0]?.serial] }),
        activation(person, { system: 'directory', internetProfile: 'superusuario' }),
      ]),
    )
    expect(statuses(answer)).toEqual(['awaiting-approval', 'awaiting-approval', 'awaiting-approval'])
  })
})

describe('bad input', () => {
  const line = () => activation(staff(laptop.organisation, 'planta'), consulta())
  const post = (body: unknown, headers?: Record<string, string>) =>
    laptop.as(head(), 'POST', '/requests', body, headers)

  it('names every fault at once, each with its JSON pointer', async () => {
    const good = line()
    const answer = await post({
      ...form(unit(), [
        { ...good, person: { ...good.person, nationalId: '33.855.587-4' } },
        { ...good, access: consulta('no-existe') },
        { ...good, until: '2026-02-30' },
      ]),
      declaration: false,
      surprise: 1,
    })
    expect(answer.status).toBe(400)
    const pointers = answer.body.faults.map((fault: { pointer: string }) => fault.pointer)
    expect(pointers).toEqual(
      expect.arrayContaining([
        '/activations/0/person/nationalId',
        '/activations/1/access/module',
        '/activations/2/until',
        '/declaration',
      ]),
    )
    expect(pointers.some((pointer: string) => pointer === '/surprise' || pointer === '')).toBe(true)
  })

  it('never becomes a 500', async () => {
    const good = line()
    const strange = [
      '{"unit":',
      '',
      'null',
      '[]',
      '"form"',
      '{"unit":"dideco","unit":"obras"}',
      JSON.stringify({ unit: 7, activations: 'x', deactivations: {}, declaration: 'yes' }),
      `{"__proto__":{"unit":"dideco"},"declaration":true}`,
      '['.repeat(50_000),
    ]
    for (const body of strange) {
      const answer = await post(body, { 'content-type': 'application/json' })
      expect([answer.status, body.slice(0, 30)]).toEqual([400, body.slice(0, 30)])
    }
    const injections = [
      "'; drop table mailbox; --",
      '*)(uid=*',
      'Juan\u0000',
      'Ana\u202Egnp',
      '=cmd|calc',
      '<b>x</b>',
      '\ud800',
    ]
    for (const text of injections) {
      const named = { ...good, person: { ...good.person, givenNames: text } }
      const answer = await post(form(unit(), [named]))
      expect([400, 201]).toContain(answer.status)
      const worded = { ...good, access: { ...good.access, specific: [text] } }
      expect([400, 201]).toContain((await post(form(unit(), [worded]))).status)
    }
    const paths = [
      '/people/%00',
      '/people/..%2f..%2fetc',
      '/people/%E0%A4%A',
      "/requests/' or 1=1",
      '/units/%ff',
      '/audit?from=x&to=y',
      '/requests?cursor=%7b%7d',
      '/requests?unit[]=1',
    ]
    for (const path of paths) {
      const answer = await laptop.as(inRole(laptop.organisation, 'security'), 'GET', path)
      expect(answer.status, path).toBeGreaterThanOrEqual(400)
      expect(answer.status, path).toBeLessThan(500)
    }
  })

  it('answers 413 to ten megabytes and 400 to 201 lines', async () => {
    const good = line()
    expect((await post('x'.repeat(10_000_000))).status).toBe(413)
    expect((await post(form(unit(), Array(201).fill(good)))).status).toBe(400)
  })

  it('takes 200 lines', async () => {
    const good = line()
    const answer = await post(form(unit(), Array(200).fill(good)))
    expect(answer.status).toBe(201)
    expect(answer.body.lines).toHaveLength(200)
  })
})

describe('what is logged', () => {
  it('holds no national id, no name, no address and no password', async () => {
    await laptop.idle()
    const logs = ['functions.log', 'access.log'].map(name =>
      readFileSync(join(laptop.dataDir, 'cloud', name), 'utf8'),
    )
    expect(logs.every(log => log.length > 1_000)).toBe(true)
    const printed = laptop.output()
    const everything = [printed, ...logs].join('\n')
    for (const person of laptop.organisation.people) {
      expect(everything).not.toContain(person.nationalId.slice(0, 8))
      expect(everything).not.toContain(person.surnames)
    }
    for (const target of laptop.organisation.targets) {
      const password = target.password ?? new URL(target.url).password
      expect(everything).not.toContain(password)
    }
    // The tables of the first boot show the sample form's addresses on purpose; nothing else does.
    expect(logs.join('\n')).not.toMatch(/@valleclaro|[a-z]+\.nancupil/)
  })
})
