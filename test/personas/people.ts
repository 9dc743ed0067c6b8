import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import type { CivilDate } from '../../schemas/calendar.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { NamedPerson } from '../../schemas/person.ts'

/** A valid UUID that says which one it is. */
export const uuid = (number: number): string =>
  `00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`

/** A valid RUT of an invented person, normalised. */
export const rut = (number: number): string => `${number}-${rutCheckDigit(String(number))}`

/** Contracts as the forms of the sample body have them. */
export const planta: Contract = { type: 'planta', regime: 'municipal', startsOn: '2019-04-01', endsOn: null }
export const contrata: Contract = {
  type: 'contrata',
  regime: 'municipal',
  startsOn: '2026-01-01',
  endsOn: '2026-12-31',
}
export const plazoFijo: Contract = {
  type: 'plazo-fijo',
  regime: 'salud',
  startsOn: '2026-06-01',
  endsOn: '2026-11-30',
}
export const otra: Contract = {
  type: 'otra',
  otherType: 'Código del Trabajo',
  regime: 'educacion',
  startsOn: '2026-03-01',
  endsOn: '2027-02-28',
}
export const honorarios: Contract = {
  type: 'honorarios',
  regime: 'municipal',
  startsOn: '2026-02-01',
  endsOn: '2026-12-31',
}

/** The contrata of a year, which ends with it by law. */
export const contrataOf = (year: number): Contract => ({
  ...contrata,
  startsOn: `${year}-01-01`,
  endsOn: `${year}-12-31`,
})

export interface Persona {
  readonly personId: string
  readonly person: NamedPerson
  readonly contract: Contract
}

const persona = (
  number: number,
  givenNames: string,
  surnames: string,
  position: string,
  contract: Contract,
): Persona => ({
  personId: uuid(number),
  person: { nationalId: rut(10_000_000 + number), givenNames, surnames, position },
  contract,
})

/** Leads DIDECO. */
export const elena = persona(1, 'Elena', 'Quilodrán Mora', 'Directora de Desarrollo Comunitario', planta)
/** Subroga a Elena. */
export const bruno = persona(2, 'Bruno', 'Saavedra Leiva', 'Jefe de Asistencia Social', planta)
/** The municipality's administrator: leads the unit above. */
export const ofelia = persona(3, 'Ofelia', 'Del Río Cárdenas', 'Administradora Municipal', planta)
/** Subroga a Ofelia. */
export const dario = persona(4, 'Darío', 'Ñancupil Soto', 'Secretario Municipal', planta)
/** Personnel. */
export const hilda = persona(5, 'Hilda', 'Barrientos Paz', 'Encargada de Personal', planta)
/** The mayor. */
export const amaro = persona(6, 'Amaro', 'Fuenzalida Rey', 'Alcalde', planta)

/** One of each `calidad`. */
export const pedro = persona(11, 'Pedro', 'San Martín Lobos', 'Oficial administrativo', planta)
export const maria = persona(12, 'María José', 'Muñoz Peña', 'Asistente social', contrata)
export const tomas = persona(13, 'Tomás', 'de la Fuente Ibáñez', 'Kinesiólogo', plazoFijo)
export const laura = persona(14, 'Laura', "O'Ryan Véliz", 'Educadora', otra)
export const ivan = persona(15, 'Iván', 'Pérez-Cotapos Ruz', 'Monitor de talleres', honorarios)

/** Somebody of the same rank whose contract is another one. */
export const withContract = (someone: Persona, contract: Contract): Persona => ({ ...someone, contract })

export const today: CivilDate = '2026-11-20'
