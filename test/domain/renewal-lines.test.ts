import { describe, expect, it } from 'vitest'
import { desiredAccess, type PersonRecord } from '../../functions/domain/desired-access.ts'
import { foldEvents } from '../../functions/domain/register.ts'
import {
  decideRenewal,
  endingWith,
  prospectOf,
  renewalLines,
  roundOf,
} from '../../functions/domain/renewal.ts'
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
const _end = '2027-01-01T03:00:00.000Z'
const _nextEnd = '2028-01-01T03:00:00.000Z'
const _longer: Contract = { ...contrata, endsOn: '2027-12-31' }

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
const _mail = (events: PersonRecord['events'], grants: Grant[], asOf = now) =>
  desiredAccess(record({ events, grants }), 'mail', settings, asOf)

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

  it('is renewed once, under the contract that carries it at the end: of two grants the last', () => {
    const before = contrataOf(2025)
    const events = [
      hired(withContract(maria, before), 'dideco'),
      event({ type: 'contract-renewed', effectiveOn: '2026-01-01', contract: contrata }),
    ]
    const carriedOver = renewal(before, {
      from: '2026-01-01',
      until: '2026-12-31',
      recordedAt: at('2025-11-20'),
    })
    const byForm = given(contrata, { recordedAt: at('2025-11-10') })
    for (const grants of [[carriedOver, byForm], [byForm, carriedOver], [carriedOver]]) {
      const found = endingWith(record({ events, grants }), 'dideco', 2026, settings, now)
      expect(found.map(({ grant: { id }, contract }) => [id, contract])).toEqual([[carriedOver.id, contrata]])
      expect(found[0]?.prospect).toMatchObject({ contractRenewed: false, until: '2027-12-31' })
    }
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
