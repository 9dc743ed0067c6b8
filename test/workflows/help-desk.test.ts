import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callHelpDesk } from '../../functions/handlers/help-desk.ts'
import { sendNotice } from '../../functions/workflows/send-notice.ts'
import { sweepDue } from '../../functions/workflows/sweep-due.ts'
import sample from '../../infra/settings/valle-claro.json' with { type: 'json' }
import { Settings, WebhookSettings } from '../../schemas/settings.ts'
import { activation, consulta, form, hour, later, type Office, openOffice } from './office.ts'

const key = 'k'.repeat(64)

/** A help desk's program on loopback: what it was sent, and what it answers. */
interface HelpDesk {
  readonly url: string
  readonly taken: { readonly headers: IncomingHttpHeaders; readonly body: string }[]
  /** A status; `never`: it takes the call and does not answer. */
  answer: number | 'never'
  readonly server: Server
}

async function openHelpDesk(): Promise<HelpDesk> {
  const taken: HelpDesk['taken'] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    taken.push({ headers: request.headers, body })
    if (desk.answer === 'never') return
    response.writeHead(desk.answer, { location: `${desk.url}/elsewhere` }).end('{"ok":true}')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tickets`
  const desk: HelpDesk = { url, taken, answer: 204, server }
  return desk
}

let desk: HelpDesk
let office: Office
beforeAll(async () => {
  desk = await openHelpDesk()
  const { notices } = Settings.parse(sample)
  office = await openOffice({
    notices: { ...notices, webhook: { url: desk.url, secret: 'llavero/help-desk' } },
  })
  const { post } = office.world
  Object.assign(post, {
    call: (body: string, milliseconds: number) =>
      callHelpDesk({ url: desk.url, key }, body, milliseconds, 300),
  })
})
afterAll(async () => {
  desk.server.closeAllConnections()
  desk.server.close()
  await office.world.close()
})

/** Files a form about oneself, which is rejected: one fact, one mail, one call. */
const file = async () => {
  const { world, head } = office
  await later(world, hour)
  desk.taken.splice(0)
  world.mails.splice(0)
  const filed = await world.submit(head.personId, form([activation(head, consulta)]))
  return 'filed' in filed && 'row' in filed.filed ? filed.filed.row.number : ''
}

describe('the help desk’s program', () => {
  it('is told of a form once, by ids alone, under a signature that it can check', async () => {
    const { world } = office
    desk.answer = 204
    const number = await file()
    for (const time of [0, hour, hour]) await later(world, time)
    expect(desk.taken).toHaveLength(1)
    const [{ headers, body }] = desk.taken as [HelpDesk['taken'][number]]
    expect(JSON.parse(body)).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      template: 'request-filed',
      at: expect.stringMatching(/Z$/),
      about: { personId: null, request: number, task: null, target: null },
      subject: `Solicitud ${number}: 0 de 1 líneas aceptadas`,
    })
    const [, t = '', v1 = ''] =
      /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-llavero-signature'])) ?? []
    expect(v1).toBe(createHmac('sha256', key).update(`${t}.${body}`).digest('hex'))
    expect(Number(t) * 1000).toBeGreaterThan(Date.parse(JSON.parse(body).at) - 1000)
    expect(world.mails).toHaveLength(1)
  })

  it('is told of what became of it, too', async () => {
    const { world, head, hire } = office
    const clerk = await hire('Elena', 'Ñancucheo Díaz', 'dideco')
    await later(world, hour)
    desk.taken.splice(0)
    await world.submit(head.personId, form([activation(clerk, consulta)]))
    for (const time of [0, hour, hour]) await later(world, time)
    expect(desk.taken.map(({ body }) => JSON.parse(body).template)).toEqual([
      'request-filed',
      'request-settled',
    ])
    expect(desk.taken.map(({ body }) => body).join()).not.toMatch(/Ñancucheo|elena/)
  })

  it.each([500, 404, 302, 'never'] as const)(
    'is tried again under the same id where it answers %s',
    async answer => {
      const { world } = office
      desk.answer = answer
      await file()
      await later(world, 0)
      expect(desk.taken).toHaveLength(1)
      await later(world, 30_000)
      expect(desk.taken).toHaveLength(1)
      await later(world, 31_000)
      expect(desk.taken).toHaveLength(2)
      desk.answer = 200
      await later(world, 301_000)
      for (const time of [hour, hour]) await later(world, time)
      expect(desk.taken).toHaveLength(3)
      expect(new Set(desk.taken.map(({ body }) => body)).size).toBe(1)
      // No mail waited for it.
      expect(world.mails).toHaveLength(1)
    },
  )

  it('that is away for long is called once a day, and the call counts as parked', async () => {
    const { world } = office
    desk.answer = 503
    await file()
    world.logged.splice(0)
    for (let hours = 0; hours < 9; hours++) await later(world, hour)
    expect(world.logged).toContain('notice-parked')
    const tries = desk.taken.length
    await later(world, hour)
    expect(desk.taken).toHaveLength(tries)
    desk.answer = 204
    await later(world, 24 * hour)
    await later(world, 24 * hour)
    expect(desk.taken).toHaveLength(tries + 1)
  })

  it('is called once by two that come at once', async () => {
    const { world } = office
    desk.answer = 204
    await file()
    world.notices.splice(0)
    await sweepDue(world.engine, new Date(world.time.now).toISOString())
    const ids = [...new Set(world.notices.splice(0))]
    await Promise.all([...ids, ...ids].map(id => sendNotice(world.post, id)))
    expect(desk.taken).toHaveLength(1)
  })

  it('is told only of the events that the settings name', async () => {
    const { notices } = Settings.parse(sample)
    const webhook = { url: desk.url, secret: 'llavero/help-desk', events: ['request-settled' as const] }
    const own = await openOffice({ notices: { ...notices, webhook } })
    const clerk = await own.hire('Elena', 'Ñancucheo Díaz', 'dideco')
    await own.world.submit(own.head.personId, form([activation(clerk, consulta)]))
    for (const time of [0, hour]) await later(own.world, time)
    expect(own.world.calls.map(({ body }) => JSON.parse(body).template)).toEqual(['request-settled'])
    await own.world.close()
  })
})

it('is called over https, or without it on the same machine only', () => {
  const secret = 'llavero/help-desk'
  const parses = (url: string) => WebhookSettings.safeParse({ url, secret }).success
  expect(parses('https://mesa.valleclaro.example/tickets')).toBe(true)
  expect(parses('http://127.0.0.1:8080/tickets')).toBe(true)
  expect(parses('http://mesa.valleclaro.example/tickets')).toBe(false)
  expect(parses('http://127.0.0.1.example/tickets')).toBe(false)
  expect(parses('ftp://127.0.0.1/tickets')).toBe(false)
  expect(parses('mesa')).toBe(false)
})
