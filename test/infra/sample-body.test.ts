import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseNationalId } from '../../functions/domain/national-id.ts'
import { inYear, readSample } from '../../infra/local/sample/body.ts'
import { Contract } from '../../schemas/contract.ts'
import { NamedPerson } from '../../schemas/person.ts'
import { Form } from '../../schemas/request.ts'
import { Settings } from '../../schemas/settings.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const settings = Settings.parse(JSON.parse(read('infra/settings/valle-claro.json')))
const sample = readSample(2028, settings)
const [first] = sample.units

describe('the sample body', () => {
  it('names people and contracts as the form takes them, with national ids whose check digit is right', () => {
    for (const { nationalId, givenNames, surnames, position, contract } of sample.people) {
      expect(NamedPerson.parse({ nationalId, givenNames, surnames, position }).surnames).toBe(surnames)
      expect(Contract.parse(contract)).toEqual(contract)
      expect(parseNationalId('rut', nationalId)).toEqual({ ok: true, value: nationalId })
    }
    expect(new Set(sample.people.map(person => person.nationalId)).size).toBe(sample.people.length)
  })

  it('names its founders in the settings as in its register', () => {
    for (const { person } of settings.bootstrap)
      expect(sample.people).toContainEqual(expect.objectContaining(person))
  })

  it('has a unit with every kind of contract, a head, and a deputy whose days are not this year', () => {
    const apart = [first?.head.nationalId, ...(first?.deputies ?? []).map(deputy => deputy.nationalId)]
    const types = sample.people
      .filter(person => person.unit === first?.id && !apart.includes(person.nationalId))
      .map(person => person.contract.type)
    expect(types.filter(type => type === 'planta').length).toBeGreaterThanOrEqual(2)
    for (const type of ['contrata', 'plazo-fijo', 'otra', 'honorarios']) expect(types).toContain(type)
    expect(first?.deputies[0]?.from).toBe('2029-02-01')
  })

  it('gives roles to nobody who heads a unit: two for it, one for each other', () => {
    const heads = sample.units.map(unit => unit.head.nationalId)
    const deputies = sample.units.flatMap(unit => unit.deputies.map(deputy => deputy.nationalId))
    const roles = sample.people.flatMap(person => person.roles)
    expect(roles.toSorted()).toEqual(['authority', 'hr', 'it', 'it', 'security'])
    expect(sample.people.filter(person => heads.includes(person.nationalId) && person.roles.length)).toEqual(
      [],
    )
    expect(deputies.filter(deputy => heads.includes(deputy))).toEqual([])
    expect(sample.people.filter(person => person.roles.length === 0).length).toBeGreaterThanOrEqual(36)
  })

  it('files forms that hold in any year', () => {
    for (const name of readdirSync(new URL('../../events/submit-request/', import.meta.url))) {
      const form = Form.parse(JSON.parse(inYear(read(`events/submit-request/${name}`), 2028)))
      for (const { person, contract } of form.activations) {
        const parsed = parseNationalId('rut', person.nationalId)
        const known = sample.people.find(one => parsed.ok && one.nationalId === parsed.value)
        expect(known).toMatchObject({ surnames: person.surnames, contract, unit: form.unit })
      }
    }
  })
})
