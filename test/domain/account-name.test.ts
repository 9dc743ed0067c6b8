import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accountNameCandidates } from '../../functions/domain/account-name.ts'

const first = (givenNames: string, surnames: string, count: number, longest = 20): string[] => {
  const names: string[] = []
  for (const name of accountNameCandidates({ givenNames, surnames }, longest)) {
    names.push(name)
    if (names.length === count) break
  }
  return names
}

describe('R5: the name of an account', () => {
  it.each([
    ['María José', 'Muñoz Peña', 'maria.munoz'],
    ['Juan', 'Pérez', 'juan.perez'],
    ['Tomás', 'de la Fuente Ibáñez', 'tomas.delafuente'],
    ['Pedro', 'San Martín Lobos', 'pedro.sanmartin'],
    ['Ana', 'Van Dyke Soto', 'ana.vandyke'],
    ['Otto', 'Von der Heyde', 'otto.vonderheyde'],
    ['Ofelia', 'Del Río Cárdenas', 'ofelia.delrio'],
    ['José', 'Ortega y Gasset', 'jose.ortega'],
    ['María de los Ángeles', 'Ñíguez', 'maria.niguez'],
    ['Iván', 'Pérez-Cotapos Ruz', 'ivan.perez-cotapos'],
    ['Laura', "O'Ryan Véliz", 'laura.oryan'],
    ['Bernardo', 'O’Higgins', 'bernardo.ohiggins'],
    ['Günther', 'Weiß', 'gunther.weiss'],
    ['Søren', 'Łukasz', 'soren.lukasz'],
    ['E.', 'Soto', 'e.soto'],
    ['Mª Paz', 'Soto', 'ma.soto'],
  ])('of %s %s is nombre.apellido: %s', (givenNames, surnames, name) => {
    expect(first(givenNames, surnames, 1)).toEqual([name])
  })

  it('takes the second surname, then numbers, for those of the same name', () => {
    expect(first('Juan', 'Pérez Soto', 5)).toEqual([
      'juan.perez',
      'juan.perez.soto',
      'juan.perez2',
      'juan.perez3',
      'juan.perez4',
    ])
    expect(first('Juan', 'Pérez', 3)).toEqual(['juan.perez', 'juan.perez2', 'juan.perez3'])
    expect(first('José', 'Ortega y Gasset', 2)[1]).toBe('jose.ortega.gasset')
  })

  it('cuts a long name, never its number, and never ends in a dot or hyphen', () => {
    const names = first('Maximiliano', 'Echeverría-Undurraga', 12)
    expect(names[0]).toBe('maximiliano.echeverr')
    expect(names.at(-1)).toBe('maximiliano.echeve12')
    expect(first('Maximilianoalejandra', 'Soto', 2)).toEqual(['maximilianoalejandra', 'maximilianoalejandr2'])
    expect(first('Maximilianoalejandr', 'Soto', 1)).toEqual(['maximilianoalejandr'])
  })

  it('is never a built-in one, nor empty, for letters that are not Latin', () => {
    expect(first('李', '王', 2)).toEqual(['persona.persona', 'persona.persona2'])
    expect(first('Root', '王', 1)).toEqual(['root.persona'])
    expect(first('Ольга', 'Soto', 1)).toEqual(['persona.soto'])
  })

  it('keeps to its letters and its length, and never repeats, whoever it is', () => {
    const anyName = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc
        .array(
          fc.constantFrom('de', 'la', 'San', 'y', 'Muñoz', 'ß', "O'", '-', '.', 'Ñu', '２', 'Ⅳ', 'von'),
          {
            maxLength: 8,
          },
        )
        .map(words => words.join(' ')),
    )
    fc.assert(
      fc.property(anyName, anyName, fc.constantFrom(12, 20, 64), (givenNames, surnames, longest) => {
        const names = first(givenNames, surnames, 40, longest)
        expect(new Set(names).size).toBe(40)
        const wrong = names.filter(
          name =>
            name.length > longest || !/^[a-z]([a-z0-9.-]*[a-z0-9])?$/.test(name) || /\.\.|--/.test(name),
        )
        expect(wrong).toEqual([])
      }),
      { numRuns: 3000 },
    )
  })

  it('of many people with one name collides for none of them', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            givenNames: fc.constantFrom('Juan', 'Juan Carlos', 'María'),
            surnames: fc.constantFrom('Pérez', 'Perez', 'Pérez Soto', 'Péres'),
          }),
          { maxLength: 40 },
        ),
        people => {
          const taken = new Set<string>()
          for (const person of people) {
            for (const name of accountNameCandidates(person, 20)) {
              if (taken.has(name)) continue
              taken.add(name)
              break
            }
          }
          expect(taken.size).toBe(people.length)
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('is not asked for where no name fits', () => {
    expect(() => first('Juan', 'Pérez', 1, 11)).toThrow(RangeError)
  })
})
