import { describe, expect, it } from 'vitest'
import { startOfDay } from '../../functions/domain/civil-time.ts'
import { follows } from '../../functions/domain/contract.ts'
import { desiredAccess, type PersonRecord } from '../../functions/domain/desired-access.ts'
import { endingWith, renewalLines } from '../../functions/domain/renewal.ts'
import { grantTimes, standingAt } from '../../functions/domain/standing.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { Grant } from '../../schemas/request.ts'
import { valleClaro } from '../personas/body.ts'
import { contrata, contrataOf, honorarios, maria, planta, withContract } from '../personas/people.ts'
import { at, event, grant, hired, record } from '../personas/record.ts'

const settings = valleClaro
const now = at('2026-11-20')
const end = '2027-01-01T03:00:00.000Z'
const nextEnd = '2028-01-01T03:00:00.000Z'
const longer: Contract = { ...contrata, endsOn: '2027-12-31' }

const given = (contract = contrata, more: Partial<Grant> = {}) =>
  grant(contract, { atom: 'mail', until: '2026-12-31', ...more })
const renewal = (contract = contrata, more: Partial<Grant> = {}) =>
  grant(contract, {
    atom: 'mail',
    origin: 'renewal',
    from: '2027-01-01',
    until: '2027-12-31',
    request: '2026-000900',
    recordedAt: at('2026-11-15'),
    ...more,
  })
const renewed = (contract: Contract, more: object = {}) =>
  event({ type: 'contract-renewed', effectiveOn: '2026-11-10', contract, ...more })
const yearly = [hired(maria, 'dideco')]
const mail = (events: PersonRecord['events'], grants: Grant[], asOf = now) =>
  desiredAccess(record({ events, grants }), 'mail', settings, asOf)

describe('a renewal needs the head and human resources, in whatever order', () => {
  const both = [given(), renewal()]

  it.each([
    ['moves the end of the contract', renewed(longer)],
    ['makes the contract of the next year today', renewed(contrataOf(2027))],
    ['makes it as of 1 January', renewed(contrataOf(2027), { effectiveOn: '2027-01-01', recordedAt: now })],
    ['promotes the person to planta', renewed({ ...planta, startsOn: '2027-01-01' })],
  ])('and human resources %s', (_, told) => {
    expect(mail([...yearly, told], both)).toMatchObject({
      enabled: true,
      expiresAt: nextEnd,
      changesAt: nextEnd,
    })
    expect(mail([...yearly, told], both, end).enabled).toBe(true)
    // Neither alone gives anything past 31 December.
    expect(mail([...yearly, told], [given()])).toMatchObject({ enabled: true, expiresAt: end })
    expect(mail([...yearly, told], [given()], end).enabled).toBe(false)
    expect(mail(yearly, both)).toMatchObject({ enabled: true, expiresAt: end })
    expect(mail(yearly, both, end).enabled).toBe(false)
  })

  it('and gives no more than either: the earlier end counts, and the later beginning', () => {
    const half = { ...contrataOf(2027), endsOn: '2027-06-30' }
    expect(mail([...yearly, renewed(half)], both).expiresAt).toBe('2027-07-01T04:00:00.000Z')
    const short = renewal(contrata, { until: '2027-03-31' })
    expect(mail([...yearly, renewed(longer)], [given(), short]).expiresAt).toBe('2027-04-01T03:00:00.000Z')
    const march = { ...contrataOf(2027), startsOn: '2027-03-01' }
    const late = [...yearly, renewed(march)]
    expect(mail(late, both)).toMatchObject({ expiresAt: end })
    expect(mail(late, both, '2027-03-01T03:00:00.000Z')).toMatchObject({ enabled: true, expiresAt: nextEnd })
  })

  it('not for another unit, nor into or out of honorarios, nor for a year that begins later', () => {
    for (const told of [
      renewed(contrataOf(2027), { unit: 'finanzas' }),
      renewed({ ...honorarios, startsOn: '2027-01-01', endsOn: '2027-12-31' }),
      renewed(contrataOf(2028)),
    ])
      expect(mail([...yearly, told], both).expiresAt).toBe(end)
    expect(follows(contrataOf(2027), contrata)).toBe(true)
    expect(follows(contrata, contrata)).toBe(false)
    expect(follows(contrata, { ...honorarios, startsOn: '2025-01-01' })).toBe(false)
  })

  it('a form is keyed by its own contract: the one that follows carries renewals only', () => {
    const formAhead = given(contrata, { from: '2027-01-01', until: '2027-12-31' })
    expect(mail([...yearly, renewed(contrataOf(2027))], [given(), formAhead]).expiresAt).toBe(end)
  })

  it('stands as yet to come until human resources has renewed, and is over once the person has left', () => {
    const [, waiting] = both
    const status = (events: PersonRecord['events'], asOf = now) =>
      grantTimes(record({ events, grants: both }), settings)
        .filter(({ grant }) => grant.id === waiting?.id)
        .map(times => standingAt(times, settings, asOf))[0]
    expect(status(yearly)).toEqual({ status: 'scheduled', startsAt: end, endsAt: nextEnd })
    expect(status(yearly, at('2027-01-04'))?.status).toBe('scheduled')
    expect(status(yearly, nextEnd)?.status).toBe('ended')
    const told = [...yearly, renewed(contrataOf(2027), { effectiveOn: '2027-01-04' })]
    expect(status(told, at('2027-01-05'))).toMatchObject({ status: 'live', endsAt: nextEnd })
    const ended = [
      ...yearly,
      event({ type: 'contract-ended', effectiveOn: '2027-01-01', contract: contrata }),
    ]
    expect(status(ended, at('2027-01-04'))?.status).toBe('scheduled')
    const gone = [...yearly, event({ type: 'terminated', effectiveOn: '2026-12-10' })]
    expect(status(gone)?.status).toBe('ended')
    const moved = [...yearly, event({ type: 'transferred', effectiveOn: '2026-12-10', unit: 'finanzas' })]
    expect(status(moved)?.status).toBe('ended')
  })
})

describe('what ends a contract ends what was renewed under it', () => {
  const both = [given(), renewal()]
  const next = renewed(contrataOf(2027))

  it('but the end of the old contract leaves what the following one carries', () => {
    const ended = event({
      type: 'contract-ended',
      effectiveOn: '2027-01-01',
      contract: contrata,
      recordedAt: now,
    })
    expect(mail([...yearly, next, ended], both).expiresAt).toBe(nextEnd)
    const early = event({ type: 'contract-ended', effectiveOn: '2026-12-15', contract: contrata })
    expect(mail([...yearly, next, early], both, at('2026-12-20')).enabled).toBe(false)
    expect(mail([...yearly, next, early], both, at('2027-01-02')).enabled).toBe(true)
  })

  it('the end of the following one ends it', () => {
    const ended = event({ type: 'contract-ended', effectiveOn: '2027-02-01', contract: contrataOf(2027) })
    expect(mail([...yearly, next, ended], both).expiresAt).toBe('2027-02-01T03:00:00.000Z')
  })

  it('a termination ends all of it, and who is hired again asks anew', () => {
    for (const effectiveOn of ['2026-12-10', '2027-02-10']) {
      const fired = event({ type: 'terminated', effectiveOn })
      const march = { ...contrataOf(2027), startsOn: '2027-03-01' }
      const again = hired(withContract(maria, march), 'dideco')
      for (const events of [
        [...yearly, next, fired, again],
        [...yearly, renewed(contrataOf(2027), { effectiveOn: '2027-01-01' }), fired, again],
      ])
        expect([effectiveOn, mail(events, both, at('2027-03-02')).enabled]).toEqual([effectiveOn, false])
    }
  })

  it('nor does it come back where the contract was ended and the person hired anew', () => {
    const ended = event({ type: 'contract-ended', effectiveOn: '2026-12-15', contract: contrata })
    const again = hired(withContract(maria, contrataOf(2027)), 'dideco')
    expect(mail([...yearly, ended, again], both, at('2027-01-02')).enabled).toBe(false)
  })

  it('R10: a move ends it with all that the old unit gave', () => {
    const moved = event({ type: 'transferred', effectiveOn: '2027-02-01', unit: 'finanzas' })
    expect(mail([...yearly, next, moved], both).expiresAt).toBe('2027-02-01T03:00:00.000Z')
  })

  it('a form under the contract that follows takes over from it, as one under the renewed contract does', () => {
    for (const contract of [contrata, contrataOf(2027)]) {
      const less = given(contract, {
        from: '2027-02-01',
        until: '2027-02-28',
        request: '2027-000001',
        recordedAt: at('2027-01-20'),
      })
      const events = contract === contrata ? [...yearly, renewed(longer)] : [...yearly, next]
      expect(mail(events, [...both, less], at('2027-02-10')).expiresAt).toBe('2027-03-01T03:00:00.000Z')
    }
  })
})

describe('the last instant of a year', () => {
  it.each([
    ['America/Santiago', '2026-12-31', '2027-01-01T03:00:00.000Z'],
    ['America/Punta_Arenas', '2026-12-31', '2027-01-01T03:00:00.000Z'],
    ['Pacific/Easter', '2026-12-31', '2027-01-01T05:00:00.000Z'],
    ['America/Guatemala', '2026-12-31', '2027-01-01T06:00:00.000Z'],
    // No midnight in Santiago; at the same moment the island goes from ten to eleven in the evening.
    ['America/Santiago', '2026-09-05', '2026-09-06T04:00:00.000Z'],
    ['America/Santiago', '2026-09-06', '2026-09-07T03:00:00.000Z'],
    ['America/Punta_Arenas', '2026-09-05', '2026-09-06T03:00:00.000Z'],
    ['Pacific/Easter', '2026-09-05', '2026-09-06T05:00:00.000Z'],
    ['America/Guatemala', '2026-09-05', '2026-09-06T06:00:00.000Z'],
    ['America/Santiago', '2028-02-29', '2028-03-01T03:00:00.000Z'],
    ['America/Guatemala', '2028-02-29', '2028-03-01T06:00:00.000Z'],
  ])('in %s the access of %s ends at %s, and a renewal goes on from there', (timeZone, day, instant) => {
    const there = { timeZone, personnelRegister: 'required' as const, leaves: [] }
    const contract: Contract = { ...contrata, startsOn: '2026-01-01', endsOn: day }
    const events = [hired(withContract(maria, contract), 'dideco')]
    const first = given(contract, { until: day })
    const wanted = (grants: Grant[], more: PersonRecord['events'] = []) =>
      desiredAccess(record({ events: [...events, ...more], grants }), 'mail', there, at('2026-03-01'))
    expect(wanted([first]).expiresAt).toBe(instant)
    const from = new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10)
    expect(startOfDay(from, timeZone)).toBe(instant)
    const next: Contract = { ...contract, startsOn: from, endsOn: `${from.slice(0, 4)}-12-31` }
    const goesOn = renewal(contract, { from, until: next.endsOn })
    expect(wanted([first, goesOn], [renewed(next, { effectiveOn: '2026-02-01' })])).toMatchObject({
      enabled: true,
      expiresAt: startOfDay(`${Number(from.slice(0, 4)) + 1}-01-01`, timeZone),
    })
  })
})

describe('where the form’s word is taken and the register is silent', () => {
  it('the signer’s word is that the contract goes on', () => {
    const declared = { ...settings, personnelRegister: 'declared' as const }
    const first = given()
    const found = endingWith(record({ grants: [first] }), 'dideco', 2026, declared, now)
    const [line] = renewalLines(found, {
      person: maria.person,
      from: '2027-01-01',
      until: null,
      declares: true,
    })
    expect(line?.filed.contract).toEqual(longer)
    const goesOn = renewal(line?.filed.contract)
    const of = record({ grants: [first, goesOn] })
    expect(desiredAccess(of, 'mail', declared, now).expiresAt).toBe(nextEnd)
    expect(desiredAccess(of, 'mail', settings, now).enabled).toBe(false)
  })
})
