import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { Answer } from '../../infra/local/client.ts'
import type { SamplePerson } from '../../infra/local/sample/body.ts'
import type { Laptop } from '../servers/laptop.ts'
import { account, form, inRole } from './personas.ts'

const SYSTEMS = ['directory', 'mail', 'erp'] as const

/** What the laptop's clock says. */
async function clock(laptop: Laptop): Promise<{ at: string; today: string }> {
  const { now } = (await laptop.client('GET', '/local/clock')).body
  return { at: now, today: new Date(Date.parse(now) - 3 * 3_600_000).toISOString().slice(0, 10) }
}

async function eventOf(laptop: Laptop, { nationalId }: SamplePerson, type: string) {
  const { at, today } = await clock(laptop)
  return { version: 1, id: randomUUID(), type, nationalId, effectiveOn: today, recordedAt: at }
}

async function shows(laptop: Laptop, person: SamplePerson, state: string): Promise<void> {
  await laptop.idle()
  for (const system of SYSTEMS) expect(await account(laptop, person, system), system).toMatchObject({ state })
}

/** A leave told over HTTP, as a file and through the bus, of somebody who has an account everywhere. */
export async function tellEvents(laptop: Laptop, person: SamplePerson): Promise<void> {
  const hr = inRole(laptop.organisation, 'hr')
  const overHttp = async (type: string) =>
    expect((await laptop.as(hr, 'POST', '/hr-events', await eventOf(laptop, person, type))).status).toBe(202)
  await overHttp('leave-started')
  await shows(laptop, person, 'disabled')
  await overHttp('leave-ended')
  await shows(laptop, person, 'enabled')

  const overBus = async (type: string) => {
    const body = {
      source: 'llavero.hr',
      'detail-type': 'HrEvent',
      detail: await eventOf(laptop, person, type),
    }
    expect((await laptop.client('POST', '/local/events', { body })).status).toBe(200)
  }
  await overBus('leave-started')
  await shows(laptop, person, 'disabled')
  await overBus('leave-ended')
  await shows(laptop, person, 'enabled')
}

/** The kill switch: pressed by security, read back by the answer, released by somebody else. */
export async function pressKillSwitch(laptop: Laptop, person: SamplePerson): Promise<void> {
  const path = `/people/${person.nationalId}/suspension`
  const as = (role: 'security' | 'it') => inRole(laptop.organisation, role)
  const pressed = await laptop.as(as('security'), 'POST', path, { reason: 'Credencial comprometida' })
  expect(pressed.status).toBe(200)
  await shows(laptop, person, 'disabled')
  expect((await laptop.as(person.nationalId, 'GET', '/me')).status).toBe(403)
  expect((await laptop.as(as('security'), 'DELETE', path)).status).toBe(403)
  expect((await laptop.as(as('it'), 'DELETE', path)).status).toBe(200)
  await shows(laptop, person, 'enabled')
}

const csvOf = async (laptop: Laptop, people: readonly SamplePerson[], type: string): Promise<string> => {
  const events = await Promise.all(people.map(person => eventOf(laptop, person, type)))
  const rows = events.map(({ id, nationalId, effectiveOn, recordedAt }) =>
    [id, type, nationalId, effectiveOn, recordedAt].join(','),
  )
  return ['id,type,nationalId,effectiveOn,recordedAt', ...rows].join('\n')
}

/** A file, a form and a list of personnel, each about more people than may lose access in an hour. */
export async function stopTooMany(laptop: Laptop, people: readonly SamplePerson[]): Promise<void> {
  const { organisation } = laptop
  const [hr, security, authority] = (['hr', 'security', 'authority'] as const).map(role =>
    inRole(organisation, role),
  ) as [string, string, string]
  expect(people.length).toBeGreaterThanOrEqual(24)
  const [away, ended] = [people.slice(0, 12), people.slice(12, 24)]
  const csv = { 'content-type': 'text/csv' }
  const sent = await laptop.as(hr, 'POST', '/hr-events', await csvOf(laptop, away, 'leave-started'), csv)
  expect(sent.body).toMatchObject({ applied: 12, faults: [] })
  // Others may have gone by a list within the hour: then fewer pass.
  expect(sent.body.stopped).toBeGreaterThanOrEqual(2)
  const deactivations = ended.map(({ nationalId }) => ({ nationalId, access: { system: 'all' } }))
  const filed = await laptop.as(hr, 'POST', '/requests', form(ended[0]?.unit ?? '', [], deactivations))
  expect(filed.status).toBe(201)
  const [{ contract, roles: _, ...named }] = [people[24] ?? people[23]] as [SamplePerson]
  const moved = { ...named, ...contract, otherType: contract.otherType ?? null, unit: 'archivo' }
  const listed = await laptop.as(hr, 'POST', '/people', [moved])
  expect(listed.body).toMatchObject({ applied: 1, stopped: 1 })
  await laptop.idle()

  const { body } = await laptop.as(security, 'GET', '/holds')
  type Held = { id: string; listHash: string; state: string; cause: { kind: string } }
  const batches = body.holds as Held[]
  expect(batches.map(({ cause, state }) => `${cause.kind} ${state}`).sort()).toEqual([
    'form held',
    'import held',
  ])
  for (const { id, listHash, cause } of batches) {
    const verdict = cause.kind === 'form' ? 'discard' : 'release'
    const answers: Answer[] = []
    for (const by of [security, authority])
      answers.push(await laptop.as(by, 'POST', `/holds/${id}/${verdict}`, { listHash }))
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(answers[1]?.body).toMatchObject({
      state: `${verdict}${verdict === 'release' ? 'd' : 'ed'}`,
      carriedOut: true,
    })
  }
  await laptop.idle()
  const states = async (some: readonly SamplePerson[]) =>
    (await Promise.all(some.map(person => account(laptop, person, 'directory')))).map(({ state }) => state)
  expect((await states(away)).filter(state => state === 'enabled')).toEqual([])
  expect((await states(ended)).filter(state => state === 'enabled').length).toBeGreaterThanOrEqual(2)
  const mails = (await laptop.client('GET', '/local/mail')).body as { subject: string }[]
  expect(mails.filter(({ subject }) => subject.startsWith('Detenido')).length).toBeGreaterThanOrEqual(2)
}
