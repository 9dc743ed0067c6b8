import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HttpApp } from './http-app.ts'
import { closeSoundly, openSmallBody, people, subjectWith } from './small-body.ts'

let app: HttpApp
beforeAll(async () => {
  app = await openSmallBody()
})
afterAll(() => closeSoundly(app))

const hr = () => subjectWith(app, 'hr')
const post = (body: unknown, headers: Record<string, string> = {}, as = hr()) =>
  app.call('POST', '/units', { as, body, headers })
const csv = (text: string, as?: string) => post(text, { 'content-type': 'text/csv' }, as)
const unit = async (id: string) => (await app.call('GET', `/units/${id}`, { as: hr() })).body
const faults = (answer: { body: { faults: { row: number; pointer: string }[] } }) => [
  ...new Set(answer.body.faults.map(({ row, pointer }) => `${row} ${pointer}`)),
]

describe('a list of units', () => {
  it('is taken in whatever order its rows stand, and says nothing new the second time', async () => {
    const list = [
      'parent,id,name,head',
      `seccion-aseo,cuadrilla-norte,Cuadrilla Norte,${people.driver.nationalId}`,
      'obras,seccion-aseo,"Sección de Aseo, Ornato y Áridos",',
      ',gabinete,Gabinete,',
    ].join('\r\n')
    expect((await csv(list)).body).toEqual({ applied: 3, faults: [] })
    expect(await unit('cuadrilla-norte')).toMatchObject({
      parent: 'seccion-aseo',
      head: { nationalId: people.driver.nationalId },
    })
    expect(await unit('seccion-aseo')).toMatchObject({ name: 'Sección de Aseo, Ornato y Áridos', head: null })
    expect((await csv(list)).body).toEqual({ applied: 0, faults: [] })
  })

  it('leaves a unit its head where the row names none, and its deputies', async () => {
    const before = await unit('dideco')
    expect(before.deputies).toHaveLength(1)
    const renamed = [{ id: 'dideco', name: 'Dirección de Desarrollo Comunitario', parent: 'alcaldia' }]
    expect((await post(renamed)).body).toEqual({ applied: 1, faults: [] })
    expect(await unit('dideco')).toEqual({ ...before, name: 'Dirección de Desarrollo Comunitario' })
  })

  it('turns a tree around: what hung below may stand above', async () => {
    await post([
      { id: 'arriba', name: 'Arriba' },
      { id: 'abajo', name: 'Abajo', parent: 'arriba' },
    ])
    const turned = [
      { id: 'arriba', name: 'Arriba', parent: 'abajo' },
      { id: 'abajo', name: 'Abajo' },
    ]
    expect((await post(turned)).body).toEqual({ applied: 2, faults: [] })
    expect(await unit('arriba')).toMatchObject({ parent: 'abajo' })
  })

  it('is refused whole with every fault, each with its row and its reason', async () => {
    const answer = await post([
      { id: 'nueva', name: 'Nueva', parent: 'obras' },
      { id: 'Mal Escrita', name: '' },
      { id: 'huerfana', name: 'Huérfana', parent: 'ninguna' },
      { id: 'obras', name: 'Obras', parent: 'gira' },
      { id: 'gira', name: 'Gira', parent: 'obras' },
      { id: 'nueva', name: 'Nueva otra vez', parent: 'obras' },
      { id: 'sin-jefe', name: 'Sin jefe', head: '12.345.678-5' },
      { id: 'digito', name: 'Dígito', head: '12.345.678-4' },
      'una línea',
    ])
    expect(answer.status).toBe(200)
    expect(answer.body.applied).toBe(0)
    expect(faults(answer)).toEqual([
      '1 /parent',
      '2 /id',
      '2 /name',
      '3 /parent',
      '4 /parent',
      '5 /parent',
      '6 /id',
      '6 /parent',
      '7 /head',
      '8 /head',
      '9 ',
    ])
    for (const { message } of answer.body.faults) expect(message).toMatch(/[.]$/)
    expect((await app.call('GET', '/units/nueva', { as: hr() })).status).toBe(404)
  })

  it('that is no list, or no table, is told so', async () => {
    expect((await post({ id: 'obras' })).status).toBe(400)
    expect((await csv('id,name,boss\nx,y,z')).status).toBe(400)
    expect((await csv('id,name\n"x,y')).status).toBe(400)
  })

  it('is human resources’ to bring', async () => {
    for (const as of [people.headOfDideco.nationalId, subjectWith(app, 'it'), subjectWith(app, 'security')])
      expect((await post([], {}, as)).status).toBe(403)
  })

  it('of three thousand units is recorded in one call, each with its entry', async () => {
    const many = Array.from({ length: 3_000 }, (_, number) => ({
      id: `u-${number}`,
      name: `Unidad ${number}`,
      parent: number === 0 ? null : `u-${Math.floor((number - 1) / 8)}`,
    })).reverse()
    const started = performance.now()
    expect((await post(many)).body).toEqual({ applied: 3_000, faults: [] })
    expect(performance.now() - started).toBeLessThan(60_000)
    expect(await unit('u-2999')).toMatchObject({ parent: `u-${Math.floor(2_998 / 8)}` })
    const verified = await app.call('GET', '/audit/verification', { as: subjectWith(app, 'security') })
    expect(verified.body).toMatchObject({ ok: true, faults: [] })
  })
})
