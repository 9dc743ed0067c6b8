import { afterAll, beforeAll, expect, it } from 'vitest'
import { FiledRequest, PersonView, WholeRequest } from '../../schemas/api.ts'
import type { HttpApp } from './http-app.ts'
import { activation, closeSoundly, openSmallBody, people } from './small-body.ts'

let app: HttpApp
beforeAll(async () => {
  app = await openSmallBody(settings => ({ ...settings, personnelRegister: 'declared' }))
})
afterAll(() => closeSoundly(app))

it('names what another unit still grants, in the answer and ever after', async () => {
  const newcomer = { ...people.clerk, nationalId: '20.347.878-K' }
  const mail = { system: 'mail' }
  const file = async (unit: string, as: string, lines: object) => {
    const body = { unit, declaration: true, ...lines }
    const answer = await app.call('POST', '/requests', { as, body })
    expect([answer.status, answer.body.faults]).toEqual([201, undefined])
    return FiledRequest.parse(answer.body)
  }
  const dideco = people.headOfDideco.nationalId
  await file('dideco', dideco, { activations: [activation(newcomer, mail)] })
  const seen = await app.call('GET', '/people/20347878-k', { as: 'hr' })
  expect(seen.status).toBe(403)
  await file('obras', people.headOfObras.nationalId, { activations: [activation(newcomer, mail)] })
  const ended = await file('dideco', dideco, {
    deactivations: [{ nationalId: newcomer.nationalId, access: mail }],
  })
  const left = [{ atom: 'mail', unit: 'obras' }]
  expect(ended.lines).toMatchObject([{ line: 'C1', status: 'accepted', stillGranted: left }])
  const request = await app.call('GET', `/requests/${ended.number}`, { as: dideco })
  expect(WholeRequest.parse(request.body).lines[0]?.stillGranted).toEqual(left)
  const me = await app.call('GET', `/people/${newcomer.nationalId}`, {
    as: app.settings.bootstrap.find(({ roles }) => roles.includes('hr'))?.subject ?? '',
  })
  expect(
    PersonView.parse(me.body)
      .grants.map(({ unit, status }) => `${unit} ${status}`)
      .sort(),
  ).toEqual(['dideco ended', 'obras live'])
})
