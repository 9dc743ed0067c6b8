import { rutCheckDigit } from '../../../functions/domain/national-id.ts'
import type { SampleUnit } from '../../../infra/local/sample/body.ts'
import type { Contract } from '../../../schemas/contract.ts'

/**
 * What becomes of somebody that night: `leaves`, nobody renews them; `renewed`, at the last minute; `moved`, their later end is
 * moved to that night by a file that nobody should have sent.
 */
export type Fate = 'leaves' | 'renewed' | 'moved'

export interface Member {
  readonly nationalId: string
  readonly givenNames: string
  readonly surnames: string
  readonly position: string
  readonly unit: string
  readonly contract: Contract
  readonly fate: Fate
}

/** A unit of the crowd's own, signed for by somebody who heads a unit of the sample body. */
export interface Office {
  readonly id: string
  readonly name: string
  readonly head: string
}

const mostOffices = 10
/** People whose three accesses fill a form of 200 lines. */
const peopleOfForm = 66

export const officesFor = (units: readonly SampleUnit[], people: number): Office[] => {
  const heads = [...new Set(units.map(unit => unit.head.nationalId))]
  const wanted = Math.min(mostOffices, heads.length, Math.ceil(people / peopleOfForm))
  return heads
    .slice(0, wanted)
    .map((head, index) => ({ id: `cierre-${index + 1}`, name: `Oficina de cierre ${index + 1}`, head }))
}

/** Invented people, beyond every number that was ever given out; every unit has some of each fate. */
export function inventCrowd(people: number, year: number, offices: readonly Office[]): Member[] {
  const share = Math.round(people * 0.15)
  return Array.from({ length: people }, (_, place) => {
    const digits = String(90_000_000 + place)
    const letters = [...digits.slice(3)].map(digit => 'bcdfghjklm'[Number(digit)]).join('')
    const fate: Fate = place < share ? 'renewed' : place < 2 * share ? 'moved' : 'leaves'
    return {
      nationalId: `${digits}-${rutCheckDigit(digits)}`,
      givenNames: 'Rocío',
      surnames: `Cierre${letters} Prueba`,
      position: 'Administrativa',
      unit: offices[place % offices.length]?.id ?? '',
      contract: contractOf(fate, place, year),
      fate,
    }
  })
}

function contractOf(fate: Fate, place: number, year: number): Contract {
  const regime = 'municipal'
  if (fate !== 'moved')
    return { type: 'contrata', regime, startsOn: `${year}-01-01`, endsOn: `${year}-12-31` }
  const term = { regime, startsOn: `${year}-03-01`, endsOn: `${year + 1}-06-30` } as const
  return place % 2 === 0
    ? { type: 'otra', otherType: 'Código del Trabajo', ...term }
    : { type: 'honorarios', ...term }
}

/** R2: no ERP for honorarios. */
export const systemsOf = ({ contract }: Member): readonly System[] =>
  contract.type === 'honorarios' ? ['directory', 'mail'] : systems

export const systems = ['directory', 'mail', 'erp'] as const
export type System = (typeof systems)[number]

/** The list that the personnel office sends: everybody with the contract given. */
export const listOf = (members: readonly Member[], contract: (member: Member) => Contract): string => {
  const rows = members.map(member => {
    const { type, regime, startsOn, endsOn, otherType } = contract(member)
    const { nationalId, givenNames, surnames, position, unit } = member
    return [
      ...[nationalId, givenNames, surnames, position, unit],
      ...[type, regime, startsOn, endsOn, otherType ?? ''],
    ].join(',')
  })
  return [
    'nationalId,givenNames,surnames,position,unit,type,regime,startsOn,endsOn,otherType',
    ...rows,
    '',
  ].join('\n')
}

/** The unit's forms: directory, mail and a module of the ERP for everybody in it. */
export function formsOf(members: readonly Member[], unit: string, module: string): object[] {
  const own = members.filter(member => member.unit === unit)
  const forms: object[] = []
  for (let first = 0; first < own.length; first += peopleOfForm)
    forms.push({
      unit,
      activations: own.slice(first, first + peopleOfForm).flatMap(member => linesOf(member, module)),
      deactivations: [],
      declaration: true,
    })
  return forms
}

function linesOf(member: Member, module: string): object[] {
  const { nationalId, givenNames, surnames, position, contract } = member
  const access = {
    directory: { system: 'directory', internetProfile: 'controlado' },
    mail: { system: 'mail' },
    erp: { system: 'erp', module, type: 'actualizacion', operations: ['ingreso', 'modificacion'] },
  }
  return systemsOf(member).map(system => ({
    person: { nationalId, givenNames, surnames, position },
    contract,
    access: access[system],
    until: contract.type === 'contrata' ? contract.endsOn : null,
  }))
}

/** A few of each fate, whose logins are tried all through the night. */
export const sampleOf = (members: readonly Member[], each: number): Member[] =>
  (['leaves', 'renewed', 'moved'] as const).flatMap(fate => {
    const all = members.filter(member => member.fate === fate)
    const step = Math.max(1, Math.floor(all.length / each))
    return all.filter((_, index) => index % step === 0).slice(0, each)
  })
