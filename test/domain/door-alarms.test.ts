import { describe, expect, it } from 'vitest'
import { alarmKinds, countAlarms, type KnownUser } from '../../functions/domain/door-alarms.ts'
import type { DoorRecord } from '../../functions/domain/door-events.ts'

const at = '2026-11-20T15:00:00.000Z'
const record = (event: number, more: Partial<DoorRecord> = {}): DoorRecord => ({
  index: 1,
  at,
  timeOfDay: '12:00',
  event,
  door: 1,
  pin: '1000001',
  card: null,
  way: 'in',
  verified: 1,
  ...more,
})
const user = (present: boolean, wishedAt = '2026-11-01T00:00:00.000Z'): KnownUser => ({
  personId: '0199a3c4-5b7e-7c11-8d22-9f0a1b2c3d4e',
  wish: { present, card: null, until: null },
  wishedAt,
  knownSince: '2026-10-01T00:00:00.000Z',
})
const badge = { user: user(true), lostCard: false }
const withdrawn = { user: user(false), lostCard: false }
const neverThere = { user: { ...user(false), knownSince: null }, lostCard: false }
const nobody = { user: null, lostCard: false }
const office = { from: '07:00', until: '20:00' }
const night = { from: '22:00', until: '06:00' }

describe('an event at a door', () => {
  it.each([
    ['a badge that opens in time', record(0), badge, []],
    ['a withdrawn badge', record(23), withdrawn, ['withdrawn-badge']],
    [
      'a withdrawn badge that the device takes for an expired one',
      record(29),
      withdrawn,
      ['withdrawn-badge'],
    ],
    ['a withdrawn badge that opens all the same', record(0), withdrawn, ['withdrawn-badge']],
    ['a badge refused for another reason', record(23), badge, []],
    ['a badge whose end has come', record(29), badge, ['expired-badge']],
    ['a card that nobody has', record(27, { pin: null, card: '777' }), nobody, ['unknown-card']],
    [
      'a card whose badge was taken off the device',
      record(27, { pin: null }),
      withdrawn,
      ['withdrawn-badge'],
    ],
    ['a card whose badge never was on this device', record(27, { pin: null }), neverThere, ['unknown-card']],
    ['a card that has yet to be brought to the device', record(27, { pin: null }), badge, ['unknown-card']],
    [
      'a card reported lost that the device no longer knows',
      record(27),
      { ...nobody, lostCard: true },
      ['lost-card'],
    ],
    ['a card reported lost that still opens', record(0), { ...badge, lostCard: true }, ['lost-card']],
    ['a card the device itself has as lost', record(38), badge, ['lost-card']],
    ['a card on the device’s black list', record(39), badge, ['lost-card']],
    ['a forced door', record(102), nobody, ['forced-door']],
    ['a door held open', record(28), nobody, ['held-open']],
    ['a tampered device', record(100), nobody, ['tamper']],
    ['duress', record(101), badge, ['duress']],
    ['a badge refused for its hours', record(21), badge, ['outside-hours']],
    ['an opening by somebody nobody put there', record(0), nobody, ['stranger-on-device']],
    ['the exit button', record(202, { pin: null }), nobody, []],
    ['a code that means nothing here', record(4711), badge, []],
  ] as const)('raises what follows from it: %s', (_, one, facts, kinds) => {
    expect(alarmKinds(one, facts, office)).toEqual(kinds)
  })

  it('is not held against a badge that was withdrawn only afterwards', () => {
    expect(
      alarmKinds(record(0), { user: user(false, '2026-11-20T15:00:01.000Z'), lostCard: false }, office),
    ).toEqual([])
  })

  it.each([
    [office, '06:59', true],
    [office, '07:00', false],
    [office, '19:59', false],
    [office, '20:00', true],
    [night, '21:59', true],
    [night, '22:00', false],
    [night, '05:59', false],
    [night, '06:00', true],
    [undefined, '03:00', false],
  ])('is outside of the hours or not: %o, %s', (hours, timeOfDay, outside) => {
    expect(alarmKinds(record(0, { timeOfDay }), badge, hours)).toEqual(outside ? ['outside-hours'] : [])
  })

  it('counts within an upload, by kind and badge', () => {
    const alarm = { kind: 'forced-door', serial: 'A1', pin: null, personId: null, visit: null } as const
    const later = '2026-11-20T15:00:09.000Z'
    expect(
      countAlarms([
        { ...alarm, at: later },
        { ...alarm, at },
        { ...alarm, pin: '7', at },
      ]),
    ).toEqual([
      { alarm: { ...alarm, at }, times: 2, lastAt: later },
      { alarm: { ...alarm, pin: '7', at }, times: 1, lastAt: at },
    ])
  })
})
