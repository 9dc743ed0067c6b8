import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SamplePerson } from '../../infra/local/sample/body.ts'
import { type Laptop, startLaptop } from '../servers/laptop.ts'
import { account, activation, file, form, inRole, staff } from './personas.ts'

let laptop: Laptop
let technician: string
let person: SamplePerson
beforeAll(async () => {
  laptop = await startLaptop()
  technician = inRole(laptop.organisation, 'it')
  person = staff(laptop.organisation, 'planta')
  const change = { mode: 'manual', reason: 'El proveedor hace los cambios.' }
  expect((await laptop.as(technician, 'PUT', '/targets/erp', change)).status).toBe(200)
  await laptop.idle()
})
afterAll(() => laptop.discard())

const unit = () => laptop.organisation.units[0]?.id ?? ''
const consulta = () => ({
  system: 'erp',
  module: laptop.organisation.modules.find(module => !module.sensitive)?.id ?? '',
  type: 'consulta',
})

interface Task {
  readonly id: string
  readonly name: string
  readonly what: readonly string[]
  readonly urgent: boolean
  readonly dueBy: string
  readonly person: { readonly nationalId: string }
}
const openTasks = async (): Promise<Task[]> => {
  const { body } = await laptop.as(technician, 'GET', '/tasks?open=true')
  return body.tasks.filter((task: Task) => task.person.nationalId === plain(person.nationalId))
}
const plain = (nationalId: string) => nationalId.replaceAll('.', '')
/** Each mail once, for one whose answer was lost is sent again, a minute later where none was taken at all. */
const mailsAbout = async (id: string): Promise<{ to: string; subject: string }[]> => {
  for (let minute = 0; ; minute++) {
    const { body } = await laptop.client('GET', '/local/mail')
    const mails: { to: string; subject: string; text: string }[] = body
    const about = mails.filter(({ text }) => text.includes(id))
    if (about.length > 0 || minute > 3)
      return [...new Map(about.map(mail => [`${mail.to} ${mail.subject}`, mail])).values()]
    const { now } = (await laptop.client('GET', '/local/clock')).body
    const later = new Date(Date.parse(now) + 70_000).toISOString()
    await laptop.client('PUT', '/local/clock', { body: { now: later } })
    await laptop.idle()
  }
}
const complete = (id: string) =>
  laptop.as(technician, 'POST', `/tasks/${id}/completion`, { done: true, evidence: 'Ticket 77.' })

/** What the vendor does in the ERP's own tables. */
async function byVendor(statement: string, values: readonly unknown[]): Promise<void> {
  const client = new pg.Client({
    connectionString: laptop.organisation.targets.find(({ id }) => id === 'erp')?.url,
  })
  await client.connect()
  await client.query(statement, [...values])
  await client.end()
}

const evidence = async () => {
  const security = inRole(laptop.organisation, 'security')
  const { body } = await laptop.as(
    security,
    'GET',
    `/audit?subject=${person.nationalId}&system=erp&act=account-converged`,
  )
  return body.entries.map((entry: { phase: string; evidence: { kind?: string } | null }) => [
    entry.phase,
    entry.evidence?.kind ?? null,
  ])
}
const lineStatus = async (number: string) =>
  (await laptop.as(technician, 'GET', `/requests/${number}`)).body.lines[0].status

describe('an ERP that the vendor works by hand', () => {
  it('opens by a task: mail, the vendor’s work, completion, line done', async () => {
    const filed = await file(laptop, form(unit(), [activation(person, consulta())]))
    await laptop.idle()
    const [task, ...others] = await openTasks()
    expect(others).toEqual([])
    expect(task?.what[0]).toMatch(/^Cree la cuenta/)
    expect(await mailsAbout(task?.id ?? '')).toMatchObject([{ to: 'informatica@valleclaro.example' }])
    expect(await lineStatus(filed.body.number)).toBe('in-progress')
    await byVendor(`INSERT INTO usuarios (login, nombre, vigente, rut) VALUES ($1, $2, 'S', $3)`, [
      task?.name,
      `${person.givenNames} ${person.surnames}`,
      plain(person.nationalId),
    ])
    await byVendor(
      `INSERT INTO permisos (id_usuario, modulo, consulta, ingreso, modificacion, eliminacion)
       SELECT id_usuario, $2, 'S', 'N', 'N', 'N' FROM usuarios WHERE login = $1`,
      [task?.name, consulta().module],
    )
    expect((await complete(task?.id ?? '')).status).toBe(200)
    await laptop.idle()
    expect(await lineStatus(filed.body.number)).toBe('done')
    expect(await account(laptop, person, 'erp')).toMatchObject({ state: 'enabled', converged: true })
    expect(await evidence()).toEqual([
      ['intended', null],
      ['succeeded', 'manual'],
    ])
  })

  it('closes by an urgent task, which is brought up when it is overdue and believed when it is seen', async () => {
    const goes = { nationalId: person.nationalId, access: { system: 'erp', module: consulta().module } }
    const filed = await file(laptop, form(unit(), [], [goes]))
    await laptop.idle()
    const [task] = await openTasks()
    expect(task).toMatchObject({ urgent: true })
    const late = new Date(Date.parse(task?.dueBy ?? '') + 60_000).toISOString()
    await laptop.client('PUT', '/local/clock', { body: { now: late } })
    await laptop.idle()
    const told = await mailsAbout(task?.id ?? '')
    expect(told.map(({ to }) => to).sort()).toEqual([
      'informatica@valleclaro.example',
      'informatica@valleclaro.example',
      'secpla@valleclaro.example',
    ])
    await complete(task?.id ?? '')
    await laptop.idle()
    const [again] = await openTasks()
    expect(again?.id).not.toBe(task?.id)
    await byVendor(`UPDATE usuarios SET vigente = 'N' WHERE login = $1`, [task?.name])
    await byVendor(
      'DELETE FROM permisos WHERE id_usuario = (SELECT id_usuario FROM usuarios WHERE login = $1)',
      [task?.name],
    )
    await complete(again?.id ?? '')
    await laptop.idle()
    expect(await account(laptop, person, 'erp')).toMatchObject({ state: 'disabled', converged: true })
    expect(await lineStatus(filed.body.number)).toBe('done')
    expect(await openTasks()).toEqual([])
  })
})
