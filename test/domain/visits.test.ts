import { describe, expect, it } from 'vitest'
import { prohibitions } from '../../functions/domain/prohibitions.ts'
import { say } from '../../functions/domain/texts/index.ts'
import {
  asShown,
  exitAsKnown,
  faultsOfPlan,
  isOverdue,
  isSettled,
  mayEnterOn,
  stateOn,
  timeOfVisit,
  withoutNames,
} from '../../functions/domain/visits.ts'
import sample from '../../infra/settings/valle-claro.json' with { type: 'json' }
import { Settings } from '../../schemas/settings.ts'
import type { VisitExit, VisitRow } from '../../schemas/visit.ts'

const settings = Settings.parse({ ...sample, dataCentre: { visitHours: 12, visitDays: 10 } })
const by = '0199d3f0-0000-7000-8000-000000000001'
const visit = (more: Partial<VisitRow> = {}): VisitRow => ({
  version: 1,
  id: '0199d3f0-0000-7000-8000-000000000002',
  state: 'expected',
  recordedAt: '2026-11-20T15:00:00.000Z',
  recordedBy: by,
  planned: null,
  visitor: {
    givenNames: 'Teresa',
    surnames: 'Ulloa',
    nationalId: '12345678-5',
    passport: null,
    company: 'Aguas Zeta',
  },
  reason: 'Mantención',
  escort: by,
  emergency: null,
  approval: null,
  entry: null,
  exits: [],
  overdueAt: null,
  forgottenAt: null,
  head: { sequence: 1, hash: '' },
  ...more,
})
const entry = { at: '2026-11-20T16:00:00.000Z', by, escorted: true, prohibitions: '1' }
const exit = (more: Partial<VisitExit> = {}): VisitExit => ({
  leftAt: '2026-11-20T18:00:00.000Z',
  recordedAt: '2026-11-20T18:00:00.000Z',
  by,
  corrected: false,
  reason: null,
  ...more,
})
const inside = visit({ state: 'inside', entry })

describe('a visit', () => {
  it('that came on the spot may enter on its day in the body’s zone, and no other', () => {
    // 23:30 of the 20th in Santiago is the 21st in UTC.
    const late = visit({ recordedAt: '2026-11-21T02:30:00.000Z' })
    expect([19, 20, 21].map(day => mayEnterOn(late, `2026-11-${day}`, settings))).toEqual([
      false,
      true,
      false,
    ])
  })

  it('that was announced may enter on each of its days, at whatever hour', () => {
    const announced = visit({
      planned: { from: '2026-11-23T20:00:00.000Z', until: '2026-11-25T13:00:00.000Z' },
    })
    expect([22, 23, 24, 25, 26].map(day => mayEnterOn(announced, `2026-11-${day}`, settings))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ])
    expect(stateOn(announced, '2026-11-25', settings)).toBe('expected')
    expect(stateOn(announced, '2026-11-26', settings)).toBe('lapsed')
    expect(timeOfVisit(announced)).toBe('2026-11-23T20:00:00.000Z')
  })

  it('is announced for a month at most, and not for the past', () => {
    const faults = (from: string, until: string) =>
      faultsOfPlan({ from, until }, '2026-11-20T15:00:00.000Z', settings).map(({ code }) => code)
    expect(faults('2026-11-20T14:00:00.000Z', '2026-11-20T16:00:00.000Z')).toEqual([])
    expect(faults('2026-11-01T15:00:00.000Z', '2026-12-01T15:00:00.000Z')).toEqual([])
    expect(faults('2026-11-01T15:00:00.000Z', '2026-12-02T15:00:00.000Z')).toEqual(['visit.planned-too-long'])
    expect(faults('2026-11-20T14:00:00.000Z', '2026-11-20T14:59:59.999Z')).toEqual(['visit.planned-past'])
    expect(faults('2026-11-20T16:00:00.000Z', '2026-11-20T16:00:00.000Z')).toEqual([
      'visit.until-before-from',
    ])
  })

  it('is overdue once it lasts as long as visits may, and only while somebody is inside', () => {
    expect(isOverdue(inside, settings, '2026-11-21T03:59:59.999Z')).toBe(false)
    expect(isOverdue(inside, settings, '2026-11-21T04:00:00.000Z')).toBe(true)
    expect(
      isOverdue(visit({ state: 'left', entry, exits: [exit()] }), settings, '2027-01-01T00:00:00.000Z'),
    ).toBe(false)
  })

  it('is settled when nobody is inside or to come, and the authority has nothing to say', () => {
    const pending = { state: 'pending', decidedBy: null, decidedAt: null, comment: null } as const
    expect(
      [
        visit(),
        inside,
        visit({ state: 'left', approval: pending }),
        visit({ state: 'left', approval: { ...pending, state: 'rejected' } }),
        visit({ state: 'left' }),
        visit({ state: 'lapsed' }),
      ].map(isSettled),
    ).toEqual([false, false, false, true, true, true])
  })

  it('is known to be over only from when that was said, and a correction only from when it was made', () => {
    const corrected = exit({
      leftAt: '2026-11-20T17:00:00.000Z',
      recordedAt: '2026-11-22T12:00:00.000Z',
      corrected: true,
    })
    const left = visit({ state: 'left', entry, exits: [exit(), corrected] })
    expect(exitAsKnown(left, '2026-11-20T17:30:00.000Z')).toBeNull()
    expect(exitAsKnown(left, '2026-11-21T12:00:00.000Z')).toEqual(exit())
    expect(exitAsKnown(left, '2026-11-23T12:00:00.000Z')).toEqual(corrected)
  })

  it('tells of whom only as long as the settings say; whoever is still inside is told at any time', () => {
    const left = visit({ state: 'left', entry, exits: [exit({ reason: 'La vio Teresa' })] })
    expect(asShown(left, settings, '2026-11-30T16:00:00.000Z')).toEqual(left)
    const later = asShown(left, settings, '2026-11-30T16:00:00.001Z')
    expect(later).toEqual(withoutNames(left))
    expect(JSON.stringify(later)).not.toMatch(/Teresa|Ulloa|12345678|Zeta|Mantención/)
    expect(later).toMatchObject({ entry, escort: by })
    expect(asShown(inside, settings, '2027-11-30T16:00:00.000Z')).toEqual(inside)
  })
})

it('The prohibitions name food, smoking, photographs, media, connecting and the escort', () => {
  const text = prohibitions.texts.map(code => say('es-CL', code)).join(' ')
  for (const word of ['alimentos', 'fume', 'fotografías', 'medios de almacenamiento', 'conecte', 'escolta'])
    expect(text).toContain(word)
})
