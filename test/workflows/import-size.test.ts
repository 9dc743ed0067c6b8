import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import type { HttpApp } from './http-app.ts'
import { closeSoundly, openSmallBody, subjectWith } from './small-body.ts'

let app: HttpApp
let hr: string
beforeAll(async () => {
  app = await openSmallBody()
  hr = subjectWith(app, 'hr')
})
afterAll(() => closeSoundly(app))

const rut = (number: number) => `${number}-${rutCheckDigit(String(number))}`
const heading = 'nationalId,givenNames,surnames,position,unit,type,regime,startsOn,endsOn,otherType'

/** What a list kept by hand has: one kind of fault after another, each with the cell where it stands. */
const spoils: readonly (readonly [column: number, cell: string, pointer: string])[] = [
  [0, '11.111.111-2', '/nationalId'],
  [1, '', '/givenNames'],
  [2, 'P3rez', '/surnames'],
  [4, 'no-such-unit', '/unit'],
  [5, 'eventual', '/type'],
  [7, '2026-02-30', '/startsOn'],
  [8, '2019-01-01', '/endsOn'],
  [0, rut(31_000_001), '/nationalId'],
]

describe('a list of five thousand people', () => {
  it('with three hundred faulty rows reports each with its number and its reason, and enters nobody', async () => {
    const expected = new Map<number, string>()
    const lines = Array.from({ length: 5_000 }, (_, index) => {
      const row = index + 1
      const cells = [
        rut(31_000_000 + row),
        'Ximena',
        'Yáñez Zúñiga',
        'Administrativa',
        'dideco',
        'contrata',
        'municipal',
        '2026-01-01',
        '2026-12-31',
        '',
      ]
      const spoil = row % 16 === 9 && expected.size < 300 ? spoils[expected.size % spoils.length] : undefined
      if (spoil !== undefined) {
        cells[spoil[0]] = spoil[1]
        expected.set(row, spoil[2])
      }
      return cells.join(',')
    })
    expect(expected.size).toBe(300)
    const headers = { 'content-type': 'text/csv' }
    const sent = (body: string) => app.call('POST', '/people', { as: hr, body, headers })
    const { status, body } = await sent([heading, ...lines].join('\n'))
    expect(status).toBe(200)
    expect(body.applied).toBe(0)
    const told = new Map(
      body.faults.map(({ row, pointer }: { row: number; pointer: string }) => [row, pointer]),
    )
    expect(told).toEqual(expected)
    for (const { message } of body.faults) expect(message.length).toBeGreaterThan(10)
    for (const number of [31_000_001, 31_002_500, 31_005_000])
      expect((await app.call('GET', `/people/${rut(number)}`, { as: hr })).status).toBe(404)
    const sound = lines.filter((_, index) => !expected.has(index + 1))
    expect((await sent([heading, ...sound].join('\n'))).body).toEqual({ applied: 4_700, faults: [] })
    expect((await app.call('GET', `/people/${rut(31_005_000)}`, { as: hr })).status).toBe(200)
  }, 120_000)
})
