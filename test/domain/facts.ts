import fc from 'fast-check'
import { contractKey } from '../../functions/domain/contract.ts'
import type { Atom } from '../../schemas/access.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { Hold } from '../../schemas/hold.ts'
import { type HrEvent, HrEventType } from '../../schemas/hr-event.ts'
import type { Grant } from '../../schemas/request.ts'
import type { Settings } from '../../schemas/settings.ts'
import { contrata, contrataOf, honorarios, maria, otra, planta, plazoFijo, uuid } from '../personas/people.ts'
import { at, grant } from '../personas/record.ts'

/** Few days, units and contracts, so that random facts meet: the night that has no midnight among them. */
export const anyDay = fc.constantFrom(
  '2026-01-01',
  '2026-03-01',
  '2026-06-01',
  '2026-09-05',
  '2026-09-06',
  '2026-11-20',
  '2026-12-31',
  '2027-01-01',
  '2027-03-01',
)
const anyUnit = fc.constantFrom('dideco', 'finanzas')
const anyContract: fc.Arbitrary<Contract> = fc.constantFrom<Contract>(
  planta,
  contrata,
  contrataOf(2027),
  plazoFijo,
  otra,
  honorarios,
)
const anyInstant = anyDay.map(at)

/** Kinds of leave of which one shuts nothing and one a single system; any other shuts everything. */
export const leaves: Settings['leaves'] = [
  { id: 'feriado', name: 'Feriado legal', shuts: [] },
  { id: 'comision', name: 'Comisión de servicio', shuts: ['erp'] },
]

const anyEvent: fc.Arbitrary<HrEvent> = fc
  .record({
    type: fc.oneof(
      { weight: 2, arbitrary: fc.constantFrom(...HrEventType.options) },
      { weight: 3, arbitrary: fc.constantFrom('contract-renewed', 'transferred', 'leave-ended') },
    ),
    number: fc.integer({ min: 1, max: 12 }),
    corrects: fc.oneof(
      { weight: 9, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 14 }) },
    ),
    effectiveOn: anyDay,
    recordedAt: anyInstant,
    contract: fc.option(anyContract, { nil: undefined }),
    hiredAs: anyContract,
    unit: anyUnit,
    leave: fc.option(fc.constantFrom(...leaves.map(({ id }) => id)), { nil: undefined }),
  })
  .map(({ type, number, corrects, effectiveOn, recordedAt, contract, hiredAs, unit, leave }) => ({
    version: 1,
    id: uuid(number),
    type,
    nationalId: maria.person.nationalId,
    effectiveOn,
    recordedAt,
    ...(type === 'hired' ? { person: maria.person, contract: hiredAs, unit } : {}),
    ...(type === 'contract-renewed' ? { contract: hiredAs } : {}),
    ...(type === 'transferred' ? { unit } : {}),
    ...(type === 'contract-ended' || type === 'terminated' || type === 'transferred'
      ? contract === undefined
        ? {}
        : { contract }
      : {}),
    ...(type === 'leave-started' && leave !== undefined ? { leave } : {}),
    ...(corrects === undefined ? {} : { supersedes: uuid(corrects) }),
  }))

/** Two hirings to begin with, so that most people are somebody; what follows may end, move, correct or repeat them. */
const hirings: HrEvent[] = [planta, contrata].map((contract, index) => ({
  version: 1,
  id: uuid(13 + index),
  type: 'hired',
  nationalId: maria.person.nationalId,
  effectiveOn: '2026-01-01',
  recordedAt: at('2026-01-01'),
  person: maria.person,
  contract,
  unit: index === 0 ? 'dideco' : 'finanzas',
}))

/** Events of one person, each with an id of its own. */
export const anyEvents = fc
  .tuple(
    fc.oneof({ weight: 4, arbitrary: fc.constant(hirings) }, fc.subarray(hirings)),
    fc.uniqueArray(anyEvent, { maxLength: 4, selector: event => event.id }),
  )
  .map(([first, then]) => [...first, ...then])

const atoms: Atom[] = ['account', 'internet', 'entitlement:vpn', 'removable-storage', 'mail', 'erp:tesoreria']

export const anyGrant: fc.Arbitrary<Grant> = fc
  .record({
    atom: fc.constantFrom(...atoms),
    unit: anyUnit,
    contract: fc.oneof({ weight: 3, arbitrary: fc.constantFrom<Contract>(planta, contrata) }, anyContract),
    from: fc.oneof(fc.constantFrom('2026-01-01', '2026-03-01'), anyDay),
    until: fc.oneof(fc.constant(null), fc.constantFrom('2026-11-30', '2026-12-31'), anyDay),
    recordedAt: fc.oneof(fc.constant(at('2026-03-01')), anyInstant),
    number: fc.integer({ min: 1, max: 999 }),
    ended: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: anyInstant }),
    operations: fc.subarray(['ingreso', 'modificacion', 'eliminacion'] as const),
    specific: fc.subarray(['informes', 'cajas'] as const),
    profile: fc.constantFrom('controlado', 'libre', 'superusuario'),
  })
  .map(({ atom, contract, number, ended, operations, specific, profile, ...rest }) => {
    const made = grant(contract, {
      atom,
      contract: contractKey(contract),
      id: uuid(100_000 + number),
      request: `2026-${String(number).padStart(6, '0')}`,
      ...rest,
      ended: ended === null ? null : { at: ended, request: '2026-999999', line: 'C1' },
    })
    if (atom === 'internet') made.access = { system: 'directory', internetProfile: profile }
    if (atom.startsWith('erp:'))
      made.access = {
        system: 'erp',
        module: 'tesoreria',
        type: operations.length > 0 ? 'actualizacion' : 'consulta',
        ...(operations.length > 0 ? { operations } : {}),
        ...(specific.length > 0 ? { specific } : {}),
      }
    return made
  })

const anyHold: fc.Arbitrary<Hold> = fc
  .record({ since: anyInstant, until: fc.option(anyInstant), ended: fc.option(anyInstant) })
  .map(({ since, until, ended }) => ({
    version: 1,
    id: uuid(1),
    personId: uuid(99),
    kind: 'suspension',
    since,
    until,
    by: null,
    reason: null,
    ended: ended === null ? null : { at: ended, by: null },
  }))

/** Everything about one person, at random. */
export const anyRecord = fc.record({
  events: anyEvents,
  grants: fc.uniqueArray(anyGrant, { maxLength: 8, size: 'max', selector: grant => grant.id }),
  holds: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(anyHold, { maxLength: 2 })),
})

export const anyInstantBetween = fc
  .integer({ min: Date.UTC(2025, 11, 30), max: Date.UTC(2027, 3, 1) })
  .map(time => new Date(time).toISOString())
