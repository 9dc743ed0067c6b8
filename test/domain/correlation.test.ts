import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accountNameCandidates } from '../../functions/domain/account-name.ts'
import { correlator, nameLine, readNameLine } from '../../functions/domain/correlation.ts'

const known = (personId: string, givenNames: string, surnames: string) =>
  readNameLine(personId, nameLine({ givenNames, surnames }))
const body = [
  known('maria', 'María José', 'Muñoz Peña'),
  known('sister', 'Carmen Gloria', 'Muñoz Peña'),
  known('juan', 'Juan', 'de la Fuente Soto'),
  known('perez', 'Juan Carlos', 'Pérez Rojas'),
  known('other-perez', 'Juan', 'Pérez Soto'),
  known('foreign', 'Jean', 'Baptiste'),
]
const find = correlator(body)
const account = (name: string, shownName: string | null = null, mail: string | null = null) => ({
  name,
  shownName,
  mail,
})
const scores = (of: Parameters<typeof find>[0]) =>
  Object.fromEntries(find(of).map(({ personId, score }) => [personId, score]))

describe('whose an account may be', () => {
  it('is told by the full name, whatever its accents, case and order', () => {
    for (const shown of ['María José Muñoz Peña', 'MUNOZ PENA, MARIA JOSE', 'muñoz peña maría'])
      expect(find(account('x1', shown))[0]).toMatchObject({ personId: 'maria', score: 0.95 })
  })

  it('is told by nombre.apellido, by a first letter and a surname, and by what stands before the @', () => {
    for (const name of [
      'maria.munoz',
      'mmunoz',
      'maria.munoz2',
      'mmunozp',
      'munoz.maria',
      'maria.munoz.pena',
    ])
      expect([name, find(account(name))[0]?.personId]).toEqual([name, 'maria'])
    expect(find(account('u0017', null, 'maria.munoz@valleclaro.cl'))[0]).toMatchObject({
      personId: 'maria',
      because: ['mail'],
    })
  })

  it('sees through particles', () => {
    for (const [name, shown] of [
      ['juan.delafuente', null],
      ['jfuente', 'Juan de la Fuente'],
      ['x9', 'FUENTE SOTO JUAN'],
    ] as const)
      expect([name, find(account(name, shown))[0]?.personId]).toEqual([name, 'juan'])
  })

  it('names everybody whose it may be where two compete, and is certain of neither', () => {
    const both = scores(account('juan.perez'))
    expect(both.perez).toBeGreaterThan(0.5)
    expect(both['other-perez']).toBe(both.perez)
    const [first, second] = find(account('juan.perez', 'Juan Pérez Soto'))
    expect(first?.personId).toBe('other-perez')
    expect((first?.score ?? 0) - (second?.score ?? 0)).toBeGreaterThan(0.3)
  })

  it('does not take a sister for the person, nor somebody who only shares a surname', () => {
    const found = scores(account('x', 'María José Muñoz Peña'))
    expect(found.sister ?? 0).toBeLessThan(0.5)
    expect(find(account('pmunoz', 'Pedro Muñoz Lara'))).toEqual([])
  })

  it('trusts a login less when the shown name is somebody else’s', () => {
    const [found] = find(account('maria.munoz', 'Marcela Munizaga Torres'))
    expect(found?.score ?? 0).toBeLessThanOrEqual(0.4)
  })

  it('finds nobody for a service account', () => {
    for (const name of ['administrador', 'krbtgt', 'backup', 'svc-impresoras', ''])
      expect([name, find(account(name))]).toEqual([name, []])
  })

  const name = fc.stringMatching(/^[A-ZÁÉÍÓÚÑ][a-záéíóúñ]{2,9}$/)
  const person = fc.record({
    givenNames: fc.array(name, { minLength: 1, maxLength: 2 }).map(all => all.join(' ')),
    surnames: fc
      .tuple(
        fc.constantFrom('', 'de ', 'de la ', 'San ', 'Von '),
        fc.array(name, { minLength: 1, maxLength: 2 }),
      )
      .map(([particle, all]) => particle + all.join(' ')),
  })
  const runs = { numRuns: 500 }

  it('always includes the person whose account this system would have made', () => {
    fc.assert(
      fc.property(person, fc.array(person, { maxLength: 8 }), fc.nat(2), (one, others, which) => {
        const names = accountNameCandidates(one, 20)
        let login = String(names.next().value)
        for (let next = 0; next < which; next++) login = String(names.next().value)
        const all = [one, ...others].map((each, index) =>
          known(String(index), each.givenNames, each.surnames),
        )
        const found = correlator(all)(account(login, `${one.givenNames} ${one.surnames}`), all.length)
        expect(found.map(({ personId }) => personId)).toContain('0')
        expect(found.find(({ personId }) => personId === '0')?.score).toBeGreaterThanOrEqual(0.75)
      }),
      runs,
    )
  })

  it('stays between 0.3 and 0.99, best first, the same whoever else is in the register', () => {
    fc.assert(
      fc.property(
        fc.array(person, { minLength: 1, maxLength: 6 }),
        person,
        fc.string({ maxLength: 20 }),
        (people, shown, login) => {
          const all = people.map((each, index) => known(String(index), each.givenNames, each.surnames))
          const of = account(login, `${shown.givenNames} ${shown.surnames}`, `${login}@example.cl`)
          const found = correlator(all)(of, 99)
          const sorted = found.map(({ score }) => score)
          expect(sorted).toEqual([...sorted].sort((one, other) => other - one))
          for (const { personId, score } of found) {
            expect(score).toBeGreaterThanOrEqual(0.3)
            expect(score).toBeLessThanOrEqual(0.99)
            const alone = correlator(all.filter(each => each.personId === personId))(of, 99)
            expect(alone[0]?.score).toBe(score)
          }
        },
      ),
      runs,
    )
  })

  it('is found among twenty thousand people in no time', () => {
    const surnames = ['González', 'Muñoz', 'Rojas', 'Díaz', 'Pérez', 'Soto', 'Silva', 'Contreras']
    const many = Array.from({ length: 20_000 }, (_, index) =>
      known(
        String(index),
        `${String.fromCodePoint(97 + (index % 26))}ombre${index % 97}`.replace(
          /\d/g,
          digit => 'abcdefghij'[Number(digit)] ?? '',
        ),
        `${surnames[index % 8]} ${surnames[(index >> 3) % 8]}`,
      ),
    )
    const started = performance.now()
    const search = correlator(many)
    for (let index = 0; index < 200; index++) search(account(`user${index}`, `Nombre ${surnames[index % 8]}`))
    expect(performance.now() - started).toBeLessThan(8_000)
  })
})
