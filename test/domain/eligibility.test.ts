import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  catalogueFaults,
  decideActivation,
  decideDeactivation,
  type LineContext,
  startDay,
} from '../../functions/domain/eligibility.ts'
import { foldEvents } from '../../functions/domain/register.ts'
import type { Access } from '../../schemas/access.ts'
import type { Contract } from '../../schemas/contract.ts'
import { Activation, type Deactivation, Form, type Signer } from '../../schemas/request.ts'
import { administracion, dideco, valleClaro } from '../personas/body.ts'
import {
  bruno,
  contrataOf,
  elena,
  hilda,
  honorarios,
  ivan,
  laura,
  maria,
  ofelia,
  type Persona,
  pedro,
  planta,
  rut,
  today,
  tomas,
  withContract,
} from '../personas/people.ts'
import { event, hired, zone } from '../personas/record.ts'

const head: Signer = { personId: elena.personId, capacity: 'head', onBehalfOf: null }
const erp: Access = { system: 'erp', module: 'tesoreria', type: 'consulta' }
const mail: Access = { system: 'mail' }

const factsOf = (someone: Persona, unit = 'dideco', day = today) =>
  foldEvents([hired(someone, unit)], day, zone)

const context = (someone: Persona, more: Partial<LineContext> = {}): LineContext => ({
  settings: valleClaro,
  today,
  signer: head,
  unit: dideco,
  ancestors: [administracion],
  personId: someone.personId,
  facts: factsOf(someone),
  heldGrantsOfUnit: false,
  ...more,
})
const unknown: Partial<LineContext> = { personId: null, facts: null }
const declared = { ...valleClaro, personnelRegister: 'declared' as const }

const line = (someone: Persona, more: Record<string, unknown> = {}): Activation =>
  Activation.parse({ person: someone.person, contract: someone.contract, access: mail, until: null, ...more })

const outcome = (activation: Activation, given: LineContext) => {
  const { decision, reasons } = decideActivation(activation, given)
  return [decision, ...reasons.map(reason => reason.rule)]
}

describe('R2: access to the ERP', () => {
  it.each([pedro, laura])('is open to planta and to another contract with responsibility', someone => {
    expect(outcome(line(someone, { access: erp }), context(someone))).toEqual(['accepted'])
  })

  it.each([maria, tomas])('is open to contrata and plazo fijo until a day', someone => {
    const until = someone.contract.endsOn
    expect(outcome(line(someone, { access: erp, until }), context(someone))).toEqual(['accepted'])
  })

  it.each(['municipal', 'educacion', 'salud'] as const)(
    'is never for honorarios, in the regime %s',
    regime => {
      const someone = withContract(ivan, { ...honorarios, regime })
      expect(outcome(line(someone, { access: erp }), context(someone))).toEqual(['rejected', 'R2'])
    },
  )

  it('is never for honorarios, be the person known or not', () => {
    const asked = line(ivan, { access: erp })
    expect(outcome(asked, context(ivan, unknown))).toEqual(['rejected', 'R2', 'R1'])
    expect(outcome(asked, context(ivan, { ...unknown, settings: declared }))).toEqual([
      'rejected',
      'R2',
      'R8',
    ])
  })

  it('goes by the register, whatever contract the form claims', () => {
    const claimed = line(withContract(ivan, planta), { access: erp })
    expect(outcome(claimed, context(ivan))).toEqual(['rejected', 'R2', 'R8'])
  })
})

describe('R5: mail and R6: internet', () => {
  it('are open to honorarios too, and end with the contract', () => {
    expect(outcome(line(ivan), context(ivan))).toEqual(['accepted'])
    const access = { system: 'directory', internetProfile: 'controlado' }
    expect(outcome(line(ivan, { access }), context(ivan))).toEqual(['accepted'])
  })
})

describe('R3: until when', () => {
  it('blank is permanent for planta, and the contract’s end for otra and honorarios', () => {
    for (const someone of [pedro, laura, ivan])
      expect(outcome(line(someone), context(someone))).toEqual(['accepted'])
  })

  it.each([maria, tomas])('has to be said for contrata and plazo fijo', someone => {
    expect(outcome(line(someone), context(someone))).toEqual(['observed', 'R3'])
  })

  it('is 31 December of this year at the latest', () => {
    expect(outcome(line(maria, { until: '2026-12-31' }), context(maria))).toEqual(['accepted'])
    const longer = withContract(maria, { ...maria.contract, endsOn: '2027-06-30' })
    expect(outcome(line(longer, { until: '2027-01-01' }), context(longer))).toEqual(['rejected', 'R3'])
  })

  it('is 31 December of next year at the latest, for what starts next year', () => {
    const next = withContract(maria, contrataOf(2027))
    const facts = foldEvents(
      [
        hired(maria, 'dideco'),
        event({ type: 'contract-renewed', effectiveOn: '2026-12-01', contract: contrataOf(2027) }),
      ],
      '2027-01-01',
      zone,
    )
    const december = context(next, { today: '2026-12-15', facts })
    const from = '2027-01-01'
    expect(outcome(line(next, { from, until: '2027-12-31' }), december)).toEqual(['accepted'])
    expect(outcome(line(next, { from, until: '2028-01-01' }), december)).toEqual(['rejected', 'R3', 'R3'])
    expect(outcome(line(next, { until: '2027-12-31' }), december)).toEqual(['accepted'])
  })

  it('binds somebody unknown too, by the contract that the form states', () => {
    const longer = withContract(maria, { ...maria.contract, endsOn: '2027-06-30' })
    expect(outcome(line(longer, { until: '2027-01-01' }), context(longer, unknown))).toEqual([
      'rejected',
      'R3',
      'R1',
    ])
  })

  it('is never past the end of the contract in the register', () => {
    expect(outcome(line(tomas, { until: '2026-11-30' }), context(tomas))).toEqual(['accepted'])
    expect(outcome(line(tomas, { until: '2026-12-01' }), context(tomas))).toEqual(['rejected', 'R3'])
    expect(outcome(line(ivan, { until: '2027-01-01' }), context(ivan))).toEqual(['rejected', 'R3'])
    expect(outcome(line(pedro, { until: '2030-01-01' }), context(pedro))).toEqual(['accepted'])
  })

  it('is never past the day on which an event ends the contract', () => {
    const facts = foldEvents(
      [hired(pedro, 'dideco'), event({ type: 'contract-ended', effectiveOn: '2026-11-10' })],
      today,
      zone,
    )
    expect(outcome(line(pedro, { until: today }), context(pedro, { facts }))).toEqual([
      'rejected',
      'R3',
      'R8',
    ])
    expect(outcome(line(pedro), context(pedro, { facts }))).toEqual(['observed', 'R8'])
  })

  it('is not before the start; a start in the past is today', () => {
    expect(startDay({ from: '2026-01-01' }, today)).toBe(today)
    expect(startDay({}, today)).toBe(today)
    const soon = line(pedro, { from: '2026-12-10', until: '2026-12-09' })
    expect(outcome(soon, context(pedro))).toEqual(['rejected', 'R3'])
    expect(outcome(line(pedro, { from: '2026-12-10', until: '2026-12-10' }), context(pedro))).toEqual([
      'accepted',
    ])
    const gone = line(pedro, { from: '2026-01-01', until: '2026-11-19' })
    expect(outcome(gone, context(pedro))).toEqual(['rejected', 'R3'])
    expect(outcome(line(pedro, { from: '2026-01-01' }), context(pedro))).toEqual(['accepted'])
  })
})

describe('R1: about whom', () => {
  it('rejects a line about oneself', () => {
    expect(outcome(line(elena), context(elena))).toEqual(['rejected', 'R1'])
    const out: Deactivation = { nationalId: elena.person.nationalId, access: { system: 'all' } }
    expect(decideDeactivation(out, context(elena)).decision).toBe('rejected')
  })

  it("rejects a line about the head in whose place a deputy signs, and takes it from the head's superior", () => {
    const signer: Signer = { personId: bruno.personId, capacity: 'deputy', onBehalfOf: elena.personId }
    expect(outcome(line(elena), context(elena, { signer }))).toEqual(['rejected', 'R1'])
    const above: Signer = { personId: ofelia.personId, capacity: 'parent-head', onBehalfOf: null }
    expect(outcome(line(elena), context(elena, { signer: above }))).toEqual(['accepted'])
  })

  it("observes the unknown and another unit's people in the same words, whatever else the register knows of them", () => {
    const contracts = [pedro, maria, tomas, laura, ivan].map(someone => someone.contract)
    fc.assert(
      fc.property(
        fc.constantFrom<Contract>(...contracts),
        fc.constantFrom<Contract>(...contracts),
        fc.constantFrom<Access>(erp, mail, { system: 'directory', internetProfile: 'superusuario' }),
        fc.option(fc.constantFrom('2026-11-20', '2026-11-30', '2026-12-31', '2027-02-28', '2027-12-31')),
        (real, claimed, access, until) => {
          const asked = line(withContract(maria, claimed), { access, until })
          const elsewhere = context(maria, { facts: factsOf(withContract(maria, real), 'finanzas') })
          const result = decideActivation(asked, elsewhere)
          expect(result).toEqual(decideActivation(asked, context(maria, unknown)))
          expect(['observed', 'rejected']).toContain(result.decision)
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('knows somebody in a second unit by a contract there', () => {
    const facts = foldEvents(
      [hired(withContract(laura, planta), 'dideco'), hired(laura, 'finanzas')],
      today,
      zone,
    )
    expect(facts.unit).toBe('finanzas')
    expect(outcome(line(withContract(laura, planta)), context(laura, { facts }))).toEqual(['accepted'])
  })
})

describe('R8: what the register knows', () => {
  it.each<[string, Partial<Contract>]>([
    ['type', { type: 'planta', endsOn: null }],
    ['start', { startsOn: '2026-01-02' }],
    ['end', { endsOn: '2026-12-30' }],
    ['regime', { regime: 'salud' }],
  ])('observes a contract whose %s differs', (_what, change) => {
    const asked = line(withContract(maria, { ...maria.contract, ...change }), { until: '2026-12-01' })
    expect(outcome(asked, context(maria))).toEqual(['observed', 'R8'])
  })

  it('does not mind how the words of another contract are spelt', () => {
    const asked = line(withContract(laura, { ...laura.contract, otherType: 'código  del TRABAJO' }))
    expect(outcome(asked, context(laura))).toEqual(['accepted'])
    const other = line(withContract(laura, { ...laura.contract, otherType: 'suplencia' }))
    expect(outcome(other, context(laura))).toEqual(['observed', 'R8'])
  })

  it('does not mind names or post: the register’s prevail', () => {
    const asked = line({ ...pedro, person: { ...pedro.person, givenNames: 'Pedrito', position: 'Otro' } })
    expect(outcome(asked, context(pedro))).toEqual(['accepted'])
  })

  it("takes the form's word, and says so, where the register is not required", () => {
    const given = { ...unknown, settings: declared }
    expect(outcome(line(pedro, { access: erp }), context(pedro, given))).toEqual(['accepted', 'R8'])
    expect(outcome(line(tomas, { until: '2026-12-01' }), context(tomas, given))).toEqual([
      'rejected',
      'R3',
      'R8',
    ])
    expect(outcome(line(pedro), context(pedro, { settings: declared }))).toEqual(['accepted'])
  })
})

describe('what the authority decides', () => {
  it.each<[string, Access]>([
    ['R15', { system: 'data-centre', doors: ['AJ001'] }],
    ['R21', { system: 'erp', module: 'remuneraciones', type: 'consulta' }],
    ['R6', { system: 'directory', internetProfile: 'superusuario' }],
    ['R5', { system: 'mail', copyToHead: true }],
  ])('%s waits for it', (rule, access) => {
    expect(outcome(line(pedro, { access }), context(pedro))).toEqual(['awaiting-approval', rule])
  })

  it('is asked last: every reason is listed, and the worst decides', () => {
    const access: Access = { system: 'erp', module: 'remuneraciones', type: 'consulta' }
    const self = context(elena, { facts: null })
    expect(outcome(line(withContract(elena, honorarios), { access, until: '2026-11-01' }), self)).toEqual([
      'rejected',
      'R1',
      'R2',
      'R3',
      'R1',
      'R21',
    ])
    expect(outcome(line(maria, { access }), context(maria))).toEqual(['observed', 'R3', 'R21'])
  })
})

describe('R9: deactivations', () => {
  const about = (someone: Persona): Deactivation => ({
    nationalId: someone.person.nationalId,
    access: { system: 'all' },
  })

  it('are accepted for the unit’s people and for those who hold what it granted', () => {
    expect(decideDeactivation(about(maria), context(maria))).toEqual({
      decision: 'accepted',
      reasons: [],
      codes: [],
    })
    const moved = context(maria, { facts: factsOf(maria, 'finanzas'), heldGrantsOfUnit: true })
    expect(decideDeactivation(about(maria), moved).decision).toBe('accepted')
  })

  it('observe the unknown and another unit’s people in the same words', () => {
    const moved = context(maria, { facts: factsOf(maria, 'finanzas') })
    const result = decideDeactivation(about(maria), moved)
    expect(result.decision).toBe('observed')
    expect(result).toEqual(decideDeactivation(about(maria), context(maria, unknown)))
  })

  it('by human resources are accepted for anybody known', () => {
    const signer: Signer = { personId: hilda.personId, capacity: 'hr', onBehalfOf: null }
    const elsewhere = { signer, facts: factsOf(maria, 'finanzas') }
    expect(decideDeactivation(about(maria), context(maria, elsewhere)).decision).toBe('accepted')
    expect(decideDeactivation(about(maria), context(maria, { ...unknown, signer })).decision).toBe('observed')
    expect(decideDeactivation(about(hilda), context(hilda, { signer })).decision).toBe('rejected')
  })
})

describe('what is in no catalogue', () => {
  it('is told with a pointer to each, all at once', () => {
    const person = { ...maria.person, nationalId: '12.345.678-4' }
    const access = (given: Access) => ({ ...line(pedro), access: given })
    const form = Form.parse({
      unit: 'dideco',
      activations: [
        { ...line(maria), person },
        access({ system: 'erp', module: 'ninguno', type: 'consulta' }),
        access({ system: 'directory', entitlements: ['vpn', 'nada'] }),
        access({ system: 'data-centre', doors: ['AJ999'] }),
      ],
      deactivations: [
        { nationalId: 'nobody', access: { system: 'erp', module: 'ninguno' } },
        { nationalId: rut(7), access: { system: 'directory', entitlements: ['nada'] } },
        { nationalId: rut(7), access: { system: 'erp' } },
      ],
      declaration: true,
    })
    expect(catalogueFaults(form, valleClaro)).toEqual([
      { pointer: '/activations/0/person/nationalId', code: 'national-id.check-digit' },
      { pointer: '/activations/1/access/module', code: 'catalogue.unknown-module' },
      { pointer: '/activations/2/access/entitlements/1', code: 'catalogue.unknown-entitlement' },
      { pointer: '/activations/3/access/doors/0', code: 'catalogue.unknown-door' },
      { pointer: '/deactivations/0/nationalId', code: 'national-id.shape' },
      { pointer: '/deactivations/0/access/module', code: 'catalogue.unknown-module' },
      { pointer: '/deactivations/1/access/entitlements/0', code: 'catalogue.unknown-entitlement' },
    ])
  })

  it('R5: asks for copies only where the mail system can make them; what is there can be ended anywhere', () => {
    const access: Access = { system: 'mail', copyToHead: true }
    const ending = { nationalId: pedro.person.nationalId, access: { system: 'mail', copyToHead: true } }
    const form = Form.parse({
      unit: 'dideco',
      activations: [line(pedro, { access })],
      deactivations: [ending],
      declaration: true,
    })
    expect(catalogueFaults(form, valleClaro)).toEqual([])
    const targets = valleClaro.targets.filter(({ id }) => id !== 'mail')
    expect(catalogueFaults(form, { ...valleClaro, targets })).toEqual([
      { pointer: '/activations/0/access/copyToHead', code: 'catalogue.no-copies' },
    ])
  })

  it("counts lines by the body's own limit", () => {
    const limits = { ...valleClaro.limits, linesPerRequest: 1 }
    const form = Form.parse({ unit: 'dideco', activations: [line(pedro), line(maria)], declaration: true })
    expect(catalogueFaults(form, { ...valleClaro, limits })).toEqual([
      { pointer: '', code: 'form.too-many-lines' },
    ])
    expect(catalogueFaults(form, valleClaro)).toEqual([])
  })
})
