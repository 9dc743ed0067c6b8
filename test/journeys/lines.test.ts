import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SamplePerson } from '../../infra/local/sample/body.ts'
import { type Laptop, startLaptop } from '../servers/laptop.ts'
import { account, activation, file, form, headOf, inRole, staff } from './personas.ts'

let laptop: Laptop
let person: SamplePerson
beforeAll(async () => {
  laptop = await startLaptop()
  person = staff(laptop.organisation, 'contrata')
})
afterAll(() => laptop.discard())

const unit = () => laptop.organisation.units[0]?.id ?? ''
const lineOf = async (as: string, number: string) => {
  const { body } = await laptop.as(as, 'GET', `/requests/${number}`)
  return { request: body.status, ...body.lines[0] }
}

it('a form that lacks its end: observed, completed, done, contested, mended, acknowledged, in one request', async () => {
  const { organisation } = laptop
  const module = organisation.modules.find(({ sensitive }) => !sensitive)?.id
  const access = { system: 'erp', module, type: 'consulta' }
  const filed = await file(laptop, form(unit(), [activation(person, access, null)]))
  const { number } = filed.body
  expect(filed.body.status).toBe('observed')
  const [head, it1] = [headOf(organisation, unit()), inRole(organisation, 'it')]
  const me = person.nationalId
  const waiting = await laptop.as(head, 'GET', '/requests?status=observed')
  expect(waiting.body.requests.map((one: { number: string }) => one.number)).toEqual([number])

  const path = `/requests/${number}/lines/A1`
  const until = person.contract.endsOn
  const completed = await laptop.as(head, 'PUT', path, { until }, { 'if-match': filed.body.lines[0].hash })
  expect([completed.status, completed.body.status]).toEqual([200, 'accepted'])
  await laptop.idle()
  expect(await account(laptop, person, 'erp')).toMatchObject({ state: 'enabled', converged: true })
  const done = await lineOf(me, number)
  expect([done.request, done.status, done.hash]).toEqual(['done', 'done', completed.body.hash])

  const say = (body: object, hash: string) =>
    laptop.as(me, 'POST', `${path}/acknowledgement`, body, { 'if-match': hash })
  const contested = await say({ correct: false, comment: 'Falta el módulo que pedimos.' }, done.hash)
  expect([contested.status, contested.body.status]).toEqual([200, 'contested'])
  expect(await lineOf(head, number)).toMatchObject({ request: 'in-progress', status: 'in-progress' })
  await laptop.idle()
  const { tasks } = (await laptop.as(it1, 'GET', '/tasks?open=true')).body
  expect(tasks).toMatchObject([{ kind: 'contested', request: number, line: 'A1', target: 'erp' }])
  const mails = (await laptop.client('GET', '/local/mail')).body
  expect(mails.filter(({ text }: { text: string }) => text.includes(tasks[0].id))).toHaveLength(1)

  const evidence = { done: true, evidence: 'Se revisó con la persona.' }
  expect((await laptop.as(it1, 'POST', `/tasks/${tasks[0].id}/completion`, evidence)).status).toBe(200)
  await laptop.idle()
  const again = await lineOf(me, number)
  expect(again).toMatchObject({ request: 'done', status: 'done', hash: contested.body.hash })
  expect((await say({ correct: true }, done.hash)).status).toBe(412)
  expect((await say({ correct: true }, again.hash)).body.status).toBe('acknowledged')
  expect(await lineOf(head, number)).toMatchObject({ request: 'done', status: 'acknowledged' })

  const security = inRole(organisation, 'security')
  const audit = (await laptop.as(security, 'GET', `/audit?request=${number}`)).body.entries
  expect(audit.map(({ act }: { act: string }) => act)).toEqual(
    expect.arrayContaining([
      'line-completed',
      'line-contested',
      'task-opened',
      'task-completed',
      'line-acknowledged',
    ]),
  )
  expect((await laptop.as(security, 'GET', '/audit/verification')).body).toMatchObject({
    ok: true,
    faults: [],
  })
})
