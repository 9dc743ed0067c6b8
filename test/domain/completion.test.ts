import { describe, expect, it } from 'vitest'
import { completeActivation, completeDeactivation } from '../../functions/domain/completion.ts'
import { decideActivation, type LineContext } from '../../functions/domain/eligibility.ts'
import { foldEvents } from '../../functions/domain/register.ts'
import type { CompletedActivation } from '../../schemas/api-lines.ts'
import { Activation, type Signer } from '../../schemas/request.ts'
import { administracion, dideco, valleClaro } from '../personas/body.ts'
import { elena, maria, type Persona, pedro, planta, rut, today } from '../personas/people.ts'
import { hired, zone } from '../personas/record.ts'

const head: Signer = { personId: elena.personId, capacity: 'head', onBehalfOf: null }
const endOfYear = maria.contract.endsOn

const context = (someone: Persona, known = true): LineContext => ({
  settings: valleClaro,
  today,
  signer: head,
  unit: dideco,
  ancestors: [administracion],
  personId: known ? someone.personId : null,
  facts: known ? foldEvents([hired(someone, 'dideco')], today, zone) : null,
  heldGrantsOfUnit: false,
})
const filed = (someone: Persona, more: object = {}): Activation =>
  Activation.parse({
    person: someone.person,
    contract: someone.contract,
    access: { system: 'erp', module: 'tesoreria', type: 'consulta' },
    until: null,
    ...more,
  })

/** What becomes of a line as filed: `then`, what was known of the person when it was; `now`, what is. */
function complete(line: Activation, sent: CompletedActivation, then: LineContext, now = then) {
  const { codes } = decideActivation(line, then)
  const judge = (words: Activation) => decideActivation(words, now)
  const done = completeActivation({ filed: line, from: today, codes }, sent, valleClaro, judge)
  return 'faults' in done
    ? { faults: done.faults.map(({ pointer, code }) => `${pointer} ${code}`) }
    : { changed: done.changed, filed: done.filed, decision: judge(done.filed).decision }
}
const byAuthority = (line: Activation, sent: CompletedActivation, someone: Persona) =>
  completeActivation({ filed: line, from: today, codes: ['decision.observed'] }, sent, valleClaro, words =>
    decideActivation(words, context(someone)),
  )

describe('R13: an observed line', () => {
  it('whose end is missing takes the end, and nothing else', () => {
    const line = filed(maria)
    expect(complete(line, { until: endOfYear }, context(maria))).toEqual({
      changed: ['/until'],
      filed: { ...line, until: endOfYear },
      decision: 'accepted',
    })
    const contract = { ...maria.contract, startsOn: '2026-02-01' }
    expect(complete(line, { until: endOfYear, contract }, context(maria))).toEqual({
      faults: ['/contract/startsOn completion.fixed'],
    })
  })

  it('stays as it is when nothing is sent', () => {
    const line = filed(maria)
    expect(complete(line, {}, context(maria))).toEqual({ changed: [], filed: line, decision: 'observed' })
    expect(complete(line, { until: null }, context(maria))).toMatchObject({ changed: [] })
  })

  it('takes for the same what says the same: dots of the national id, order of a list, a day left out', () => {
    const access = { system: 'directory' as const, entitlements: ['respaldo', 'vpn'] }
    const line = filed(maria, { access })
    const [digits = '', check = ''] = maria.person.nationalId.split('-')
    const dotted = `${digits.slice(0, 2)}.${digits.slice(2, 5)}.${digits.slice(5)}-${check.toLowerCase()}`
    const sent = {
      person: { ...maria.person, nationalId: dotted },
      access: { ...access, entitlements: ['vpn', 'respaldo'] },
      contract: maria.contract,
      from: today,
      until: endOfYear,
    }
    expect(complete(line, sent, context(maria))).toEqual({
      changed: ['/until'],
      filed: { ...line, until: endOfYear },
      decision: 'accepted',
    })
  })

  it('whose contract differed takes another, also where the register has come to agree with it since', () => {
    const line = filed(maria, { contract: { ...maria.contract, startsOn: '2026-02-01' }, until: endOfYear })
    const { contract } = maria
    expect(complete(line, { contract }, context(maria))).toMatchObject({ decision: 'accepted' })
    const corrected = context({ ...maria, contract: line.contract })
    expect(complete(line, {}, context(maria), corrected)).toMatchObject({ changed: [], decision: 'accepted' })
  })

  it('about somebody unknown may get other names and another contract, and an end that is by now too late', () => {
    const line = filed(maria, { until: '2026-12-31' })
    const short = { ...maria, contract: { ...maria.contract, endsOn: '2026-11-30' } }
    const { contract } = short
    const person = { ...maria.person, surnames: 'Muñoz Paz' }
    const stillUnknown = complete(line, { until: '2026-11-30' }, context(maria, false))
    expect(stillUnknown).toEqual({ faults: ['/until completion.fixed'] })
    expect(
      complete(line, { person, contract, until: '2026-11-30' }, context(maria, false), context(short)),
    ).toEqual({
      changed: ['/person/surnames', '/contract/endsOn', '/until'],
      filed: { ...line, person, contract, until: '2026-11-30' },
      decision: 'accepted',
    })
  })

  it('is about the same person, system and module, whatever was observed', () => {
    const line = filed(pedro)
    const other = { ...pedro.person, nationalId: rut(10_000_099) }
    expect(complete(line, { person: other }, context(pedro, false))).toEqual({
      faults: ['/person/nationalId completion.fixed'],
    })
    for (const [access, at] of [
      [{ system: 'erp', module: 'atencion-social', type: 'consulta' }, '/access/module'],
      [{ system: 'mail' }, '/access/system'],
    ] as const)
      expect(byAuthority(line, { access }, pedro)).toEqual({
        faults: [{ pointer: at, code: 'completion.fixed' }],
      })
    const doors = filed(pedro, { access: { system: 'data-centre', doors: ['AJ001'] } })
    expect(byAuthority(doors, { access: { system: 'data-centre', doors: ['AJ002'] } }, pedro)).toEqual({
      faults: [{ pointer: '/access/doors', code: 'completion.fixed' }],
    })
  })

  it('that the authority observed may change in its end, beginning, contract and details', () => {
    const access = {
      system: 'erp',
      module: 'tesoreria',
      type: 'actualizacion',
      operations: ['ingreso'],
    } as const
    const sent = {
      access: { ...access, operations: [...access.operations] },
      from: '2026-12-01',
      until: '2026-12-31',
    }
    expect(byAuthority(filed(pedro), sent, pedro)).toEqual({
      changed: ['/access/type', '/access/operations', '/from', '/until'],
      filed: { ...filed(pedro), ...sent },
    })
    const person = { ...pedro.person, position: 'Jefe' }
    expect(byAuthority(filed(pedro), { person }, pedro)).toEqual({
      faults: [{ pointer: '/person/position', code: 'completion.fixed' }],
    })
  })

  it('is held to the catalogue like a form', () => {
    const line = filed(pedro, { access: { system: 'directory', internetProfile: 'superusuario' } })
    const access = { system: 'directory' as const, entitlements: ['vpn', 'teletransporte'] }
    expect(byAuthority(line, { access }, pedro)).toEqual({
      faults: [{ pointer: '/access/entitlements/1', code: 'catalogue.unknown-entitlement' }],
    })
  })

  it('that was kept without codes is understood by being judged again', () => {
    const line = filed(maria)
    const judge = (words: Activation) => decideActivation(words, context(maria))
    const done = completeActivation({ filed: line, from: today }, { until: endOfYear }, valleClaro, judge)
    expect(done).toMatchObject({ changed: ['/until'] })
    const wrong = { contract: planta }
    expect(completeActivation({ filed: line, from: today }, wrong, valleClaro, judge)).toHaveProperty(
      'faults',
    )
  })

  it('of box C is judged again as it is', () => {
    const out = {
      nationalId: pedro.person.nationalId,
      access: { system: 'erp', module: 'tesoreria' },
    } as const
    expect(completeDeactivation(out, out, 'rut')).toEqual({ filed: out, changed: [] })
    expect(completeDeactivation(out, {}, 'rut')).toEqual({ filed: out, changed: [] })
    const sent = { nationalId: rut(10_000_099), access: { system: 'erp' as const } }
    expect(completeDeactivation(out, sent, 'rut')).toEqual({
      faults: [
        { pointer: '/nationalId', code: 'completion.fixed' },
        { pointer: '/access/module', code: 'completion.fixed' },
      ],
    })
  })
})
