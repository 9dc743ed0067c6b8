import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  expiresThen,
  guidText,
  instantOfTicks,
  profileValues,
  ticksOfInstant,
} from '../../functions/connectors/active-directory/attributes.ts'
import {
  canonicalName,
  childOf,
  isWithin,
  keyOf,
  ownRelativeName,
  relativeName,
} from '../../functions/connectors/active-directory/distinguished-name.ts'
import { type PasswordPolicy, refusalBy } from '../../functions/connectors/active-directory/password.ts'
import { awkwardProfiles } from './sample-people.ts'

const base = 'OU=Funcionarios,DC=muni,DC=test'
const profile = {
  nationalId: '12345678-5',
  givenNames: 'Rosa',
  surnames: 'Pizarro',
  position: 'Jefa',
  unit: 'Aseo',
}

describe('a distinguished name', () => {
  it('carries any value unharmed, and has no comma that a careless reader could split at', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), value => {
        const relative = relativeName('CN', value.trim() || 'x')
        expect(relative).not.toMatch(/[,;+"<>]/)
        expect(ownRelativeName(childOf(base, relative))).toBe(relative)
        expect(keyOf(childOf(base, relative))).toBe(keyOf(canonicalName(childOf(base, relative))))
      }),
    )
  })

  it.each([
    ['CN=Internet\\, libre,OU=A,DC=x', 'cn=Internet\\2C libre, ou = a , DC=X'],
    ['CN=\\C3\\91u\\C3\\B1oa,DC=x', 'CN=Ñuñoa,DC=x'],
    ['CN=a\\\\,DC=x', 'CN=a\\5C,DC=x'],
    ['CN=\\#uno,DC=x', 'CN=#uno,DC=x'],
    ['CN=n\u0303,DC=x', 'CN=ñ,DC=x'],
  ])('is the same however it is spelled: %s = %s', (one, other) => {
    expect(keyOf(one)).toBe(keyOf(other))
  })

  it('lies within an OU only by whole parts', () => {
    expect(isWithin(keyOf('CN=a,OU=Personas,DC=x'), keyOf('ou=personas, dc=x'))).toBe(true)
    expect(isWithin(keyOf('CN=a,OU=Otras Personas,DC=x'), keyOf('OU=Personas,DC=x'))).toBe(false)
    expect(isWithin(keyOf('CN=a\\,OU=Personas,DC=x'), keyOf('OU=Personas,DC=x'))).toBe(false)
  })
})

describe('accountExpires', () => {
  it.each([
    ['2027-01-01T03:00:00.000Z', '134432460000000000'],
    ['2026-09-06T04:00:00.000Z', '134331408000000000'],
  ])('counts 100 ns ticks since 1601: %s', (instant, ticks) => {
    expect(ticksOfInstant(instant)).toBe(ticks)
    expect(instantOfTicks(ticks)).toBe(instant)
  })

  it('means never in two spellings and in any year that no calendar of ours can write', () => {
    for (const ticks of ['0', '9223372036854775807', '9223372036854775806'])
      expect(instantOfTicks(ticks)).toBeNull()
    expect(ticksOfInstant(null)).toBe('9223372036854775807')
  })

  it('is never "never" for an instant', () => {
    const date = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    fc.assert(
      fc.property(date, day => {
        const ticks = ticksOfInstant(day.toISOString())
        expect(instantOfTicks(ticks)).not.toBeNull()
        if (day.getUTCFullYear() > 1601) expect(expiresThen(ticks, day.toISOString())).toBe(true)
      }),
    )
  })

  it('is compared as an instant, not as a text', () => {
    expect(expiresThen('134432460000000000', '2027-01-01T03:00:00Z')).toBe(true)
    expect(expiresThen('0', null)).toBe(true)
    expect(expiresThen('134432460000000000', null)).toBe(false)
    expect(expiresThen(null, null)).toBe(false)
  })
})

describe('a profile', () => {
  it('keeps within the directory’s limits, whole letters only', () => {
    for (const changes of awkwardProfiles) {
      const values = profileValues({ ...profile, ...changes })
      expect(values.title.length).toBeLessThanOrEqual(128)
      expect(values.department.length).toBeLessThanOrEqual(64)
      for (const value of Object.values(values)) {
        expect(value).toBe(value.trim())
        expect(value.isWellFormed()).toBe(true)
      }
    }
  })

  it('is the same in composed and decomposed letters', () => {
    expect(profileValues({ ...profile, surnames: 'Mun\u0303oz' })).toEqual(
      profileValues({ ...profile, surnames: 'Muñoz' }),
    )
  })
})

it('an objectGUID is written as RFC 4122 does, its first three groups turned round', () => {
  expect(guidText(Buffer.from('00112233445566778899aabbccddeeff', 'hex'))).toBe(
    '33221100-5544-7766-8899-aabbccddeeff',
  )
})

describe('a password that the directory refuses without saying why', () => {
  const policy: PasswordPolicy = { shortest: 8, complex: true, remembered: 24, youngest: 0n }
  const rosa = { name: 'rosa.pizarro', profile: profileValues(profile) }
  it.each([
    ['Cl4ve-7', policy, false, 'too-short'],
    ['cuatropalabras', policy, false, 'too-simple'],
    ['cuatropalabras', { ...policy, complex: false }, false, 'policy'],
    ['mi-PIZARRO-1', policy, false, 'contains-name'],
    ['mi-PIZARRO-1', { ...policy, complex: false }, true, 'used-before'],
    ['Ñandú-azulado', policy, true, 'used-before'],
    ['Ñandú-azulado', policy, false, 'policy'],
    ['a', null, false, 'policy'],
  ] as const)('is %s because of %o (history enforced: %s): %s', (password, known, obeyed, why) => {
    expect(refusalBy(known, password, rosa, obeyed)).toBe(why)
  })
})
