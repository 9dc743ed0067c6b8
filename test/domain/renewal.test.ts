import { describe, expect, it } from 'vitest'
import { startOfDay } from '../../functions/domain/civil-time.ts'
import { contractKey, follows } from '../../functions/domain/contract.ts'
import { desiredAccess, type PersonRecord } from '../../functions/domain/desired-access.ts'
import { foldEvents } from '../../functions/domain/register.ts'
import {
  decideRenewal,
  endingWith,
  prospectOf,
  renewalLines,
  roundOf,
} from '../../functions/domain/renewal.ts'
import { grantTimes, standingAt } from '../../functions/domain/standing.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { Grant } from '../../schemas/request.ts'
import { Settings } from '../../schemas/settings.ts'
import { administracion, dideco, valleClaro } from '../personas/body.ts'
import {
  contrata,
  contrataOf,
  elena,
  honorarios,
  maria,
  otra,
  type Persona,
  pedro,
  planta,
  plazoFijo,
  withContract,
} from '../personas/people.ts'
import { at, event, grant, hired, record, zone } from '../personas/record.ts'

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
    const gone = [...yearly, event({ type: 'terminated', effectiveOn: '2026-12-10' })]
    expect(status(gone)?.status).toBe('ended')
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
    const there = { timeZone, personnelRegister: 'required' as const }
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

describe('what ends with a year', () => {
  const ending = (someone: Persona, grants: Grant[], events = [hired(someone, 'dideco')]) =>
    endingWith(record({ events, grants }), 'dideco', 2026, settings, now)
  const fees = { ...honorarios, endsOn: '2026-12-31' }
  const other = { ...otra, endsOn: '2026-12-31' }

  it('is shown by its effective end, of every contract but planta', () => {
    expect(ending(maria, [given()])).toHaveLength(1)
    expect(ending(maria, [given(contrata, { until: '2026-11-30' })])).toEqual([])
    for (const contract of [fees, other])
      expect(ending(withContract(maria, contract), [given(contract, { until: null })])).toHaveLength(1)
    expect(ending(pedro, [given(planta)])).toEqual([])
    expect(ending(withContract(maria, plazoFijo), [given(plazoFijo, { until: null })])).toEqual([])
    const back = { system: 'directory' as const, removableStorage: false }
    expect(ending(maria, [given(contrata, { atom: 'removable-storage', access: back })])).toEqual([])
  })

  it('is renewed under the contract that carries it at the end', () => {
    const second = renewal(contrata, {
      from: '2026-01-01',
      until: '2026-12-31',
      recordedAt: at('2025-11-20'),
    })
    const before = contrataOf(2025)
    const old = hired(withContract(maria, before), 'dideco')
    const [found] = endingWith(
      record({
        events: [old, event({ type: 'contract-renewed', effectiveOn: '2026-01-01', contract: contrata })],
        grants: [{ ...second, contract: contractKey(before), declared: before }],
      }),
      'dideco',
      2026,
      settings,
      now,
    )
    expect(found?.contract).toEqual(contrata)
    expect(found?.prospect).toMatchObject({ contractRenewed: false, until: '2027-12-31' })
  })

  it('is told as renewed once it goes on, also while human resources is awaited', () => {
    const [found] = ending(maria, [given(), renewal()])
    expect(found?.renewedBy?.request).toBe('2026-000900')
    const half = renewed({ ...contrataOf(2027), endsOn: '2027-06-30' })
    expect(
      prospectOf(
        record({ events: [...yearly, half] }),
        { personId: maria.personId, unit: 'dideco', contract: contrata },
        '2027-01-01',
        settings,
        now,
      ),
    ).toEqual({
      contractRenewed: true,
      from: '2027-01-01',
      until: '2027-06-30',
    })
  })
})

describe('a line of a renewal', () => {
  const decide = (
    events: PersonRecord['events'],
    more: {
      contract?: Contract
      access?: Grant['access']
      until?: string
      signer?: string
      late?: boolean
    } = {},
  ) => {
    const contract = more.contract ?? contrata
    const renewedOne = { personId: maria.personId, unit: 'dideco', contract }
    return decideRenewal(
      {
        person: maria.person,
        contract,
        access: more.access ?? { system: 'mail' },
        from: '2027-01-01',
        until: more.until ?? '2027-12-31',
      },
      {
        settings,
        today: '2026-11-20',
        signer: { personId: more.signer ?? elena.personId, capacity: 'head', onBehalfOf: null },
        unit: dideco,
        ancestors: [administracion],
        personId: maria.personId,
        facts: foldEvents(events, '2027-01-01', zone),
        heldGrantsOfUnit: true,
        prospect: prospectOf(record({ events }), renewedOne, '2027-01-01', settings, now),
        lateSince: more.late === true ? '2026-12-01' : null,
        now,
      },
    )
  }
  const verdict = (...asked: Parameters<typeof decide>) => {
    const { decision, reasons } = decide(...asked)
    return [decision, ...reasons.map(({ rule }) => rule)]
  }
  const next = [...yearly, renewed(contrataOf(2027))]

  it('is accepted, with or without human resources, in time or late: the reasons say so', () => {
    expect(verdict(next)).toEqual(['accepted'])
    expect(verdict(yearly)).toEqual(['accepted', 'R3'])
    expect(decide(yearly).reasons[0]?.message).toContain('Recursos Humanos')
    expect(verdict(next, { late: true })).toEqual(['accepted', 'R3'])
    expect(decide(next, { late: true }).reasons[0]?.message).toContain('01-12-2026')
  })

  it('is decided by the rules of a form: R1, R2, R3, approvals', () => {
    const erp = (module: string) => ({ system: 'erp' as const, module, type: 'consulta' as const })
    expect(verdict(next, { signer: maria.personId })).toEqual(['rejected', 'R1'])
    const fees = { ...honorarios, endsOn: '2026-12-31' }
    const contractor = [hired(withContract(maria, fees), 'dideco')]
    expect(verdict(contractor, { contract: fees, access: erp('tesoreria') })[0]).toBe('rejected')
    expect(verdict(contractor, { contract: fees })).toEqual(['accepted', 'R3'])
    expect(verdict(next, { until: '2028-01-01' })).toEqual(['rejected', 'R3'])
    expect(verdict(next, { until: '2026-12-31' })).toEqual(['rejected', 'R3'])
    const half = [...yearly, renewed({ ...contrataOf(2027), endsOn: '2027-06-30' })]
    expect(verdict(half)).toEqual(['rejected', 'R3'])
    expect(verdict(half, { until: '2027-06-30' })).toEqual(['accepted'])
    expect(verdict(next, { access: erp('remuneraciones') })).toEqual(['awaiting-approval', 'R21'])
    expect(verdict(next, { access: erp('no-longer-there') })).toEqual(['rejected', 'R4'])
    expect(verdict(next, { access: { system: 'directory', internetProfile: 'superusuario' } })).toEqual([
      'awaiting-approval',
      'R6',
    ])
  })

  it('is observed about somebody who will be in another unit, and rejected about somebody who leaves', () => {
    const moves = event({ type: 'transferred', effectiveOn: '2027-01-01', unit: 'finanzas', recordedAt: now })
    expect(verdict([...yearly, moves])).toEqual(['observed', 'R1'])
    const leaves = event({ type: 'terminated', effectiveOn: '2027-01-01', recordedAt: now })
    expect(verdict([...yearly, leaves])).toEqual(['rejected', 'R3'])
  })

  it('holds all that one line of a form can say; what needs an approval stands alone', () => {
    const parts: Grant[] = [
      given(contrata, { atom: 'account' }),
      given(contrata, { atom: 'entitlement:vpn' }),
      given(contrata, { atom: 'removable-storage' }),
      given(contrata, { atom: 'internet', access: { system: 'directory', internetProfile: 'superusuario' } }),
      given(),
      given(contrata, { atom: 'copy-to-head' }),
      given(contrata, { atom: 'door:AJ001' }),
      given(contrata, { atom: 'erp:tesoreria' }),
    ]
    const found = endingWith(record({ events: next, grants: parts }), 'dideco', 2026, settings, now)
    expect(found).toHaveLength(parts.length)
    const lines = renewalLines(found, {
      person: maria.person,
      from: '2027-01-01',
      until: null,
      declares: false,
    })
    expect(lines.map(({ filed }) => filed.access)).toEqual([
      { system: 'directory', removableStorage: true, entitlements: ['vpn'] },
      { system: 'directory', internetProfile: 'superusuario' },
      { system: 'mail' },
      { system: 'mail', copyToHead: true },
      { system: 'erp', module: 'tesoreria', type: 'consulta' },
      { system: 'data-centre', doors: ['AJ001'] },
    ])
    expect(lines.flatMap(({ renews }) => renews.map(({ grant: id }) => id)).sort()).toEqual(
      parts.map(({ id }) => id).sort(),
    )
  })
})

describe('the round', () => {
  it.each([
    ['2026-10-31', 'not-open'],
    ['2026-11-01', 'open'],
    ['2026-12-01', 'open'],
    ['2026-12-02', 'late'],
    ['2026-12-31', 'late'],
    ['2027-01-01', 'over'],
  ])('on %s is %s', (day, state) => {
    expect(roundOf(settings, 2026, day)).toEqual({
      year: 2026,
      opensOn: '2026-11-01',
      closesOn: '2026-12-01',
      state,
    })
  })

  it('is the body’s own, on days that every year has, and opens before it closes', () => {
    const faults = (renewals: object) =>
      Settings.safeParse({ ...valleClaro, renewals }).error?.issues.map(({ message }) => message) ?? []
    expect(faults({ opensOn: '10-15', closesOn: '11-30' })).toEqual([])
    expect(faults({ opensOn: '02-29' })).toEqual(['calendar.impossible-date'])
    expect(faults({ opensOn: '12-02' })).toEqual(['settings.round-closes-first'])
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
