import { describe, expect, it } from 'vitest'
import { startOfDay } from '../../functions/domain/civil-time.ts'
import {
  desiredAccess,
  type PersonRecord,
  type RecordSettings,
} from '../../functions/domain/desired-access.ts'
import { grantTimes, standingAt } from '../../functions/domain/standing.ts'
import type { Grant } from '../../schemas/request.ts'
import { contrata, contrataOf, honorarios, maria, pedro, planta, withContract } from '../personas/people.ts'
import { at, event, grant, hired, hold, record, zone } from '../personas/record.ts'

const required: RecordSettings = { timeZone: zone, personnelRegister: 'required', leaves: [] }
const declared: RecordSettings = { timeZone: zone, personnelRegister: 'declared', leaves: [] }
const now = at('2026-11-20')

const directory = (of: PersonRecord, asOf = now, settings = required) =>
  desiredAccess(of, 'directory', settings, asOf)
const mail = (of: PersonRecord, asOf = now, settings = required) => desiredAccess(of, 'mail', settings, asOf)
const erp = (of: PersonRecord, asOf = now) => desiredAccess(of, 'erp', required, asOf)

const account = (contract = planta, more: Partial<Grant> = {}) =>
  grant(contract, { atom: 'account', ...more })
const mailbox = (contract = planta, more: Partial<Grant> = {}) => grant(contract, { atom: 'mail', ...more })
const module = (
  operations: ('ingreso' | 'modificacion')[],
  specific: string[] = [],
  more: Partial<Grant> = {},
) =>
  grant(planta, {
    atom: 'erp:tesoreria',
    ...more,
    access: {
      system: 'erp',
      module: 'tesoreria',
      type: operations.length > 0 ? 'actualizacion' : 'consulta',
      operations,
      ...(specific.length > 0 ? { specific } : {}),
    },
  })
const standing = (one: Grant | undefined, of: PersonRecord) =>
  grantTimes(of, required)
    .filter(({ grant }) => grant.id === one?.id)
    .map(times => standingAt(times, required, now))[0]
const staff = [hired(pedro, 'dideco')]
const yearly = [hired(maria, 'dideco')]

describe('desired access', () => {
  it('is nothing for somebody to whom nothing was granted', () => {
    expect(directory(record({ events: staff }))).toEqual({
      enabled: false,
      everWanted: false,
      expiresAt: null,
      rights: [],
      changesAt: null,
      grants: [],
    })
  })

  it('is permanent for planta without an end', () => {
    const given = account()
    expect(directory(record({ events: staff, grants: [given] }))).toEqual({
      enabled: true,
      everWanted: true,
      expiresAt: null,
      rights: [{ id: 'internet:controlado', operations: [], specific: [], until: null }],
      changesAt: null,
      grants: [given.id],
    })
  })

  it('R3: keeps access through the last day of the contract, and not an instant longer', () => {
    const given = record({ events: yearly, grants: [mailbox(contrata)] })
    const end = '2027-01-01T03:00:00.000Z'
    expect(mail(given)).toMatchObject({ enabled: true, expiresAt: end, changesAt: end })
    expect(mail(given, '2027-01-01T02:59:59.999Z').enabled).toBe(true)
    expect(mail(given, end)).toMatchObject({ enabled: false, everWanted: true, changesAt: null })
  })

  it('ends on the day asked for, where that comes before the end of the contract', () => {
    const given = record({ events: yearly, grants: [mailbox(contrata, { until: '2026-11-30' })] })
    expect(mail(given).expiresAt).toBe('2026-12-01T03:00:00.000Z')
  })

  it('starts with the contract, when asked for earlier', () => {
    const next = event({ type: 'contract-renewed', effectiveOn: '2026-11-01', contract: contrataOf(2027) })
    const early = mailbox(contrataOf(2027), { from: '2026-11-20' })
    const given = record({ events: [...yearly, next], grants: [early] })
    expect(mail(given)).toMatchObject({
      enabled: false,
      everWanted: true,
      changesAt: '2027-01-01T03:00:00.000Z',
    })
    expect(standing(early, given)).toEqual({
      status: 'scheduled',
      startsAt: '2027-01-01T03:00:00.000Z',
      endsAt: '2028-01-01T03:00:00.000Z',
    })
  })

  it('goes on over midnight between two contracts, if the renewal was granted before', () => {
    const next = event({ type: 'contract-renewed', effectiveOn: '2026-12-01', contract: contrataOf(2027) })
    const given = record({
      events: [...yearly, next],
      grants: [mailbox(contrata), mailbox(contrataOf(2027), { recordedAt: at('2026-12-10') })],
    })
    expect(mail(given, at('2026-12-15'))).toMatchObject({
      enabled: true,
      expiresAt: '2028-01-01T03:00:00.000Z',
      changesAt: '2028-01-01T03:00:00.000Z',
    })
  })

  it('follows the register when a contract is renewed under the same start', () => {
    const longer = { ...contrata, endsOn: '2027-03-31' }
    const events = [
      ...yearly,
      event({ type: 'contract-renewed', effectiveOn: '2026-11-10', contract: longer }),
    ]
    const given = record({ events, grants: [mailbox(contrata), account(contrata, { until: '2026-12-31' })] })
    expect(mail(given).expiresAt).toBe('2027-04-01T03:00:00.000Z')
    expect(directory(given).expiresAt).toBe('2027-01-01T03:00:00.000Z')
  })

  it('is nothing under a contract that the register does not know, unless the form’s word is taken', () => {
    const given = record({ grants: [mailbox(contrata)] })
    expect(mail(given)).toMatchObject({ enabled: false, everWanted: true })
    expect(mail(given, now, declared)).toMatchObject({ enabled: true, expiresAt: '2027-01-01T03:00:00.000Z' })
  })

  it('needs an account to open the directory: a further access alone does not', () => {
    const given = record({ events: staff, grants: [grant(planta, { atom: 'entitlement:vpn' })] })
    expect(directory(given)).toMatchObject({ enabled: false, rights: [], everWanted: true })
  })
})

describe('a later line with the same key', () => {
  const first = account(planta, { from: '2026-01-01', recordedAt: at('2026-01-01') })

  it('takes over from the day on which it begins', () => {
    const second = account(planta, { from: '2026-12-01', until: '2026-12-24', recordedAt: at('2026-11-10') })
    const given = record({ events: staff, grants: [second, first] })
    expect(directory(given)).toMatchObject({ enabled: true, grants: [first.id] })
    expect(directory(given, at('2026-12-05')).grants).toEqual([second.id])
    expect(directory(given).expiresAt).toBe('2026-12-25T03:00:00.000Z')
    expect(directory(given, at('2026-12-26')).enabled).toBe(false)
  })

  it('of the same form counts by its number', () => {
    const same = { from: '2026-11-01', recordedAt: at('2026-11-01') }
    const low = account(planta, { ...same, line: 'A2', until: '2026-12-24' })
    const high = account(planta, { ...same, line: 'A10' })
    expect(directory(record({ events: staff, grants: [high, low] })).grants).toEqual([high.id])
  })

  it('of another unit takes over nothing', () => {
    const other = account(planta, { unit: 'finanzas', from: '2026-11-01', until: '2026-12-24' })
    const given = record({ events: staff, grants: [first, other] })
    expect(directory(given)).toMatchObject({ expiresAt: null, grants: [first.id, other.id].sort() })
  })

  it('lowers the internet profile, and takes the exemption for removable storage back', () => {
    const profile = (internetProfile: 'controlado' | 'libre', from: string, removableStorage: boolean) => [
      grant(planta, { atom: 'internet', from, access: { system: 'directory', internetProfile } }),
      grant(planta, { atom: 'removable-storage', from, access: { system: 'directory', removableStorage } }),
    ]
    const before = profile('libre', '2026-01-01', true)
    const after = profile('controlado', '2026-11-10', false)
    const ids = (grants: Grant[]) =>
      directory(record({ events: staff, grants: [account(), ...grants] })).rights.map(right => right.id)
    expect(ids(before)).toEqual(['internet:libre', 'removable-storage'])
    expect(ids([...before, ...after])).toEqual(['internet:controlado'])
  })
})

describe('copies to the head (R5)', () => {
  const copies = (more: Partial<Grant> = {}) => grant(planta, { atom: 'copy-to-head', ...more })
  const rights = (grants: Grant[], asOf = now) => mail(record({ events: staff, grants }), asOf).rights

  it('are a right of the mailbox for as long as they are granted, and leave its end alone', () => {
    const given = [mailbox(), copies({ until: '2026-11-25' })]
    expect(mail(record({ events: staff, grants: given }))).toMatchObject({
      enabled: true,
      expiresAt: null,
      changesAt: at('2026-11-26T03:00:00Z'),
      rights: [{ id: 'copy-to-head', operations: [], specific: [], until: null }],
    })
    expect(rights(given, at('2026-11-26'))).toEqual([])
  })

  it('open no mailbox, and end with it', () => {
    expect(mail(record({ events: staff, grants: [copies()] }))).toMatchObject({ enabled: false, rights: [] })
    expect(rights([mailbox(planta, { until: '2026-11-10' }), copies()])).toEqual([])
    expect(
      mail(
        record({ events: staff, grants: [mailbox(), copies()], holds: [hold({ since: at('2026-11-01') })] }),
      ).rights,
    ).toEqual([])
  })
})

describe('what several units grant', () => {
  it('is the union of rights, the latest end and the highest internet profile (R4, R6)', () => {
    const given = record({
      events: staff,
      grants: [
        account(planta, { until: '2026-11-30' }),
        account(planta, { unit: 'finanzas', until: '2026-12-24' }),
        grant(planta, { atom: 'internet' }),
        grant(planta, {
          atom: 'internet',
          unit: 'finanzas',
          access: { system: 'directory', internetProfile: 'libre' },
        }),
        grant(planta, { atom: 'entitlement:vpn', unit: 'finanzas', until: '2026-12-01' }),
      ],
    })
    expect(directory(given)).toMatchObject({
      expiresAt: '2026-12-25T03:00:00.000Z',
      changesAt: '2026-12-02T03:00:00.000Z',
      rights: [{ id: 'entitlement:vpn' }, { id: 'internet:libre' }],
    })
  })

  it('is the whole module only for operations that somebody granted for the whole of it', () => {
    const finance = { unit: 'finanzas' }
    const right = (...grants: Grant[]) => erp(record({ events: staff, grants })).rights
    expect(right(module(['ingreso']), module(['modificacion'], [], finance))).toMatchObject([
      { id: 'tesoreria', operations: ['ingreso', 'modificacion'], specific: [] },
    ])
    expect(right(module(['ingreso']), module(['ingreso'], ['cajas'], finance))).toMatchObject([
      { operations: ['ingreso'], specific: [] },
    ])
    expect(right(module([]), module(['ingreso'], ['cajas'], finance))).toMatchObject([
      { operations: ['ingreso'], specific: ['cajas'] },
    ])
    expect(right(module([], ['informes']), module([], ['cajas'], finance))).toMatchObject([
      { operations: [], specific: ['cajas', 'informes'] },
    ])
  })

  it('arms in the ERP the end of each module, and of the account that of the last one', () => {
    const given = record({
      events: staff,
      grants: [
        module(['ingreso'], [], { until: '2026-11-30' }),
        grant(planta, { atom: 'erp:bodega', until: '2026-12-24' }),
      ],
    })
    expect(erp(given)).toMatchObject({
      expiresAt: '2026-12-25T03:00:00.000Z',
      changesAt: '2026-12-01T03:00:00.000Z',
      rights: [
        { id: 'bodega', until: '2026-12-25T03:00:00.000Z' },
        { id: 'tesoreria', until: '2026-12-01T03:00:00.000Z' },
      ],
    })
  })

  it('moves a module’s end on for a renewal that covers the right, not for a lesser one', () => {
    const ends = module(['ingreso'], [], { until: '2026-11-30' })
    const next = (operations: ('ingreso' | 'modificacion')[]) =>
      module(operations, [], { unit: 'finanzas', from: '2026-12-01', until: '2026-12-24' })
    const until = (...grants: Grant[]) => erp(record({ events: staff, grants })).rights[0]?.until
    expect(until(ends, next(['ingreso', 'modificacion']))).toBe('2026-12-25T03:00:00.000Z')
    expect(until(ends, next(['modificacion']))).toBe('2026-12-01T03:00:00.000Z')
    const part = module(['ingreso'], ['cajas'], { unit: 'finanzas', from: '2026-12-01', until: '2026-12-24' })
    expect(until(ends, part)).toBe('2026-12-01T03:00:00.000Z')
  })

  it('stays when one of two grants ends', () => {
    const one = mailbox()
    const other = mailbox(planta, { unit: 'finanzas' })
    const ended = { ...one, ended: { at: now, request: '2026-000002', line: 'C1' } }
    expect(mail(record({ events: staff, grants: [ended, other] })).enabled).toBe(true)
    expect(mail(record({ events: staff, grants: [ended] })).enabled).toBe(false)
  })
})

describe('what ends access', () => {
  const given = [account(), mailbox()]

  it('R10: a move ends what the old unit granted; the end is armed as soon as it is known', () => {
    const move = event({ type: 'transferred', effectiveOn: '2026-12-01', unit: 'finanzas', recordedAt: now })
    const moved = record({ events: [...staff, move], grants: given })
    expect(mail(moved)).toMatchObject({ enabled: true, expiresAt: '2026-12-01T03:00:00.000Z' })
    expect(mail(moved, at('2026-12-01')).enabled).toBe(false)
    const anew = mailbox(planta, { unit: 'finanzas', from: '2026-12-01', recordedAt: at('2026-11-25') })
    expect(mail(record({ ...moved, grants: [...given, anew] }))).toMatchObject({
      enabled: true,
      expiresAt: null,
    })
  })

  it('a leave holds and gives back; a termination does not give back', () => {
    const leave = event({ type: 'leave-started', effectiveOn: '2026-11-20' })
    const back = event({ type: 'leave-ended', effectiveOn: '2026-11-25' })
    const away = record({ events: [...staff, leave, back], grants: given })
    expect(mail(away, at('2026-11-20'))).toMatchObject({
      enabled: false,
      rights: [],
      grants: [],
      changesAt: '2026-11-25T03:00:00.000Z',
    })
    expect(mail(away, at('2026-11-25')).enabled).toBe(true)
    const fired = event({ type: 'terminated', effectiveOn: '2026-11-20' })
    const again = hired(pedro, 'dideco', { effectiveOn: '2026-11-25' })
    const rehired = record({ events: [...staff, fired, again], grants: given })
    expect(mail(rehired, at('2026-11-26')).enabled).toBe(false)
    const anew = mailbox(planta, { from: '2026-11-25', recordedAt: at('2026-11-25') })
    expect(mail(record({ ...rehired, grants: [...given, anew] }), at('2026-11-26')).enabled).toBe(true)
  })

  it('R23: a hold on the person is stronger than any grant, until its end or its release', () => {
    const suspended = (more: object) =>
      record({ events: staff, grants: given, holds: [hold({ since: at('2026-11-10'), ...more })] })
    expect(mail(suspended({}))).toMatchObject({ enabled: false, changesAt: null })
    expect(mail(suspended({ until: at('2026-11-30') }))).toMatchObject({
      enabled: false,
      changesAt: at('2026-11-30'),
    })
    expect(mail(suspended({ ended: { at: at('2026-11-15') } })).enabled).toBe(true)
    expect(standing(given[1], suspended({}))?.status).toBe('held')
  })

  it('a contract in a second unit keeps what was granted under it', () => {
    const second = hired(withContract(pedro, honorarios), 'finanzas')
    const ended = event({ type: 'contract-ended', effectiveOn: '2026-11-10', contract: planta })
    const both = [...given, mailbox(honorarios, { unit: 'finanzas' })]
    const left = record({ events: [...staff, second, ended], grants: both })
    expect(mail(left).enabled).toBe(true)
    expect(directory(left).enabled).toBe(false)
  })
})

describe('the doors that should open for a badge', () => {
  const doors = (of: PersonRecord, asOf = now) => desiredAccess(of, 'data-centre', required, asOf)
  const door = (serial: string, contract = planta, more: Partial<Grant> = {}) =>
    grant(contract, { atom: `door:${serial}`, access: { system: 'data-centre', doors: [serial] }, ...more })

  it('are those of its live grants, each with its own end; the badge ends with the last of them', () => {
    const given = [door('A-1', planta, { until: '2026-12-15' }), door('B-2', planta, { until: '2027-03-31' })]
    expect(doors(record({ events: staff, grants: given }))).toMatchObject({
      enabled: true,
      expiresAt: startOfDay('2027-04-01', zone),
      rights: [
        { id: 'door:A-1', until: startOfDay('2026-12-16', zone) },
        { id: 'door:B-2', until: startOfDay('2027-04-01', zone) },
      ],
    })
  })

  it('have no end where a grant has none', () => {
    const given = [door('A-1'), door('B-2', planta, { until: '2027-03-31' })]
    expect(doors(record({ events: staff, grants: given })).expiresAt).toBeNull()
  })

  it('end with the contract, and a renewal that is already granted moves the end on (R3)', () => {
    const given = door('A-1', contrata, { until: '2026-12-31' })
    expect(doors(record({ events: yearly, grants: [given] })).rights).toMatchObject([
      { until: startOfDay('2027-01-01', zone) },
    ])
  })

  it('are none under a hold', () => {
    const given = door('A-1')
    expect(
      doors(record({ events: staff, grants: [given], holds: [hold({ since: at('2026-11-19') })] })),
    ).toMatchObject({ enabled: false, rights: [] })
  })
})
