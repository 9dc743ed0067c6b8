import { describe, expect, it } from 'vitest'
import { withDeputy, withoutDeputy } from '../../functions/domain/deputies.ts'
import { holdsOn, leavesPost } from '../../functions/domain/holds.ts'
import { inOffice, isVacant } from '../../functions/domain/office.ts'
import { mayConcern, signerFor } from '../../functions/domain/signing.ts'
import type { HoldKind } from '../../schemas/hold.ts'
import { administracion, deputy, dideco, unit } from '../personas/body.ts'
import { bruno, dario, elena, maria, ofelia, today } from '../personas/people.ts'
import { at, event, hired, hold } from '../personas/record.ts'

const settings = {
  timeZone: 'America/Santiago',
  personnelRegister: 'required' as const,
  leaves: [{ id: 'feriado', name: 'Feriado legal', shuts: [] }],
}
const alone = unit('dideco', { parent: 'administracion', head: elena.personId })

/** The unit as it is led today, where these people are held so. */
const led = (given: typeof dideco, held: Record<string, HoldKind>) =>
  inOffice(given, today, personId => (personId in held ? [{ kind: held[personId] as HoldKind }] : []))

const signs = (someone: typeof elena, given: ReturnType<typeof led>, subject = maria) => {
  const signer = signerFor({
    unit: given,
    ancestors: [administracion],
    callerId: someone.personId,
    callerRoles: [],
    day: today,
    subjects: [subject.personId],
  })
  return signer !== null && mayConcern(signer, given, [administracion], subject.personId)
}

describe('which holds are in force', () => {
  const staff = [hired(elena, 'dideco')]
  const on = (instant: string, record: Partial<Parameters<typeof holdsOn>[0]>) =>
    holdsOn({ events: staff, holds: [], ...record }, instant, settings).map(({ kind }) => kind)

  it('a leave, unless the body’s settings let that kind of leave shut nothing', () => {
    const away = (leave?: string) => [
      ...staff,
      event({ type: 'leave-started', effectiveOn: '2026-11-20', ...(leave !== undefined && { leave }) }),
    ]
    expect(on('2026-11-21T12:00:00.000Z', { events: away() })).toEqual(['leave'])
    expect(on('2026-11-21T12:00:00.000Z', { events: away('permiso') })).toEqual(['leave'])
    expect(on('2026-11-21T12:00:00.000Z', { events: away('feriado') })).toEqual([])
  })

  it('a termination from its first day on, in the body’s own time', () => {
    const events = [...staff, event({ type: 'terminated', effectiveOn: '2026-11-20' })]
    expect(on('2026-11-20T02:59:59.999Z', { events })).toEqual([])
    expect(on('2026-11-20T03:00:00.000Z', { events })).toEqual(['termination'])
  })

  it('a suspension from its beginning to its end, or until somebody ends it', () => {
    const held = { since: at('2026-11-10'), kind: 'suspension' as const }
    const during = (more: object) => [
      on(at('2026-11-09'), { holds: [hold({ ...held, ...more })] }).length,
      on(at('2026-11-10'), { holds: [hold({ ...held, ...more })] }).length,
      on(at('2026-11-15'), { holds: [hold({ ...held, ...more })] }).length,
    ]
    expect(during({})).toEqual([0, 1, 1])
    expect(during({ until: at('2026-11-15') })).toEqual([0, 1, 0])
    expect(during({ ended: { at: at('2026-11-15') } })).toEqual([0, 1, 0])
  })

  it('none on whom the register does not know', () => {
    expect(on(at(today), { events: [] })).toEqual([])
  })
})

describe('a post', () => {
  it('is vacant by a termination, a suspension or a sanction, not by a leave', () => {
    const vacant = (kind: HoldKind) => isVacant(dideco, [{ kind }])
    expect((['termination', 'suspension', 'sanction', 'leave'] as const).map(vacant)).toEqual([
      true,
      true,
      true,
      false,
    ])
    expect(leavesPost([{ kind: 'leave' }, { kind: 'sanction' }])).toBe(true)
    expect(isVacant(unit('dideco'), [])).toBe(true)
    expect(isVacant(dideco, [])).toBe(false)
  })

  it.each(['termination', 'suspension', 'sanction'] as const)(
    'left by a %s: the deputy in force signs, in the name of whoever is recorded',
    kind => {
      const given = led(dideco, { [elena.personId]: kind })
      expect(given).toMatchObject({ head: null, away: elena.personId })
      expect(signs(bruno, given)).toBe(true)
      const signer = signerFor({
        unit: given,
        ancestors: [],
        callerId: bruno.personId,
        callerRoles: [],
        day: today,
      })
      expect(signer).toMatchObject({ capacity: 'deputy', onBehalfOf: elena.personId })
    },
  )

  it('left vacant is no occasion for the deputy to ask for the head', () => {
    expect(signs(bruno, led(dideco, { [elena.personId]: 'suspension' }), elena)).toBe(false)
  })

  it('without a deputy: the nearest superior signs, for everybody of the unit', () => {
    expect(signs(ofelia, alone)).toBe(false)
    const given = led(alone, { [elena.personId]: 'termination' })
    expect(signs(ofelia, given)).toBe(true)
    expect(signs(dario, given)).toBe(true)
    expect(signs(elena, given)).toBe(false)
  })

  it('of a head on leave is kept: the deputy signs, and nobody from above but for the head', () => {
    const given = led(dideco, { [elena.personId]: 'leave' })
    expect(given.head).toBe(elena.personId)
    expect(signs(bruno, given)).toBe(true)
    expect(signs(ofelia, given)).toBe(false)
    expect(signs(ofelia, given, elena)).toBe(true)
  })

  it('of a head on leave whom nobody deputises is led from above meanwhile', () => {
    expect(signs(ofelia, led(alone, { [elena.personId]: 'leave' }))).toBe(true)
    const both = { [elena.personId]: 'leave', [bruno.personId]: 'leave' } as const
    expect(signs(ofelia, led(dideco, both))).toBe(true)
  })

  it.each(['termination', 'suspension', 'sanction', 'leave'] as const)(
    'is not deputised by somebody held by a %s',
    kind => {
      expect(signs(bruno, led(dideco, { [bruno.personId]: kind }))).toBe(false)
      expect(signs(elena, led(dideco, { [bruno.personId]: kind }))).toBe(true)
    },
  )

  it('above that nobody can act in is passed over for the next one up', () => {
    const middle = inOffice(unit('middle', { head: dario.personId }), today, () => [{ kind: 'termination' }])
    const signer = signerFor({
      unit: led(alone, { [elena.personId]: 'suspension' }),
      ancestors: [middle, administracion],
      callerId: ofelia.personId,
      callerRoles: [],
      day: today,
      subjects: [maria.personId],
    })
    expect(signer).toMatchObject({ capacity: 'parent-head' })
  })
})

describe('deputies', () => {
  const days = (from: string, until: string) => deputy(bruno.personId, from, until)

  it('are named by periods that add up, whatever was named before', () => {
    const week = [days('2026-11-16', '2026-11-20')]
    expect(withDeputy(week, days('2026-11-18', '2026-11-27'))).toEqual([days('2026-11-16', '2026-11-27')])
    expect(withDeputy(week, days('2026-11-21', '2026-11-22'))).toEqual([days('2026-11-16', '2026-11-22')])
    expect(withDeputy(week, days('2026-11-17', '2026-11-18'))).toBe(week)
    expect(withDeputy(week, days('2026-11-23', '2026-11-27'))).toHaveLength(2)
    expect(withDeputy(week, deputy(dario.personId, '2026-11-16', '2026-11-20'))).toHaveLength(2)
  })

  it('are ended from a day on, and what was before stays', () => {
    const past = days('2026-10-01', '2026-10-05')
    const others = deputy(dario.personId, '2026-11-16', '2026-11-27')
    const given = [past, days('2026-11-16', '2026-11-27'), days('2026-12-14', '2026-12-18'), others]
    expect(withoutDeputy(given, bruno.personId, '2026-11-20')).toEqual([
      past,
      days('2026-11-16', '2026-11-19'),
      others,
    ])
    expect(withoutDeputy([past, others], bruno.personId, '2026-11-20')).toHaveLength(2)
    expect(withoutDeputy([days('2026-11-20', '2026-11-27')], bruno.personId, '2026-11-20')).toEqual([])
  })
})
