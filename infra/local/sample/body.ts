import { readFileSync } from 'node:fs'
import type { Contract } from '../../../schemas/contract.ts'
import type { Form } from '../../../schemas/request.ts'
import type { Role } from '../../../schemas/role.ts'
import type { Settings } from '../../../schemas/settings.ts'

/** A person as `/local/organisation` shows them: person and contract are exactly what the form accepts. */
export interface SamplePerson {
  readonly nationalId: string
  readonly givenNames: string
  readonly surnames: string
  readonly position: string
  readonly unit: string
  readonly contract: Contract
  readonly roles: readonly Role[]
}

export interface SampleUnit {
  readonly id: string
  readonly name: string
  readonly parent: string | null
  readonly head: { readonly nationalId: string }
  readonly deputies: readonly { readonly nationalId: string; readonly from: string; readonly until: string }[]
}

/** The fictional municipality: invented people, with RUTs above every number given out so far. */
export interface SampleBody {
  readonly units: readonly SampleUnit[]
  readonly people: readonly SamplePerson[]
  /** The register as filed at `POST /people`. */
  readonly csv: string
  /** The form of `events/submit-request/sample.json`. */
  readonly form: Form
}

const FORM = new URL('../../../events/submit-request/sample.json', import.meta.url)

/** Contracts of a year end with it: sample texts say `{year}` and `{nextYear}`, so that they hold in any year. */
export const inYear = (text: string, year: number): string =>
  text.replaceAll('{year}', String(year)).replaceAll('{nextYear}', String(year + 1))

/** A national id without dots, hyphen and case, to compare two ways of writing one. */
export const comparable = (nationalId: string): string => nationalId.replace(/[.\s-]/g, '').toUpperCase()

function person(row: string, settings: Settings): SamplePerson {
  const [nationalId, givenNames, surnames, position, unit, type, regime, startsOn, endsOn, otherType] =
    row.split(',') as [
      string,
      string,
      string,
      string,
      string,
      Contract['type'],
      Contract['regime'],
      string,
      string,
      string,
    ]
  const founder = settings.bootstrap.find(
    known => comparable(known.person.nationalId) === comparable(nationalId),
  )
  return {
    nationalId,
    givenNames,
    surnames,
    position,
    unit,
    contract: { type, regime, startsOn, endsOn: endsOn || null, ...(otherType ? { otherType } : {}) },
    roles: founder?.roles ?? [],
  }
}

export function readSample(year: number, settings: Settings): SampleBody {
  const read = (file: URL) => inYear(readFileSync(file, 'utf8'), year)
  const csv = read(new URL('./people.csv', import.meta.url))
  const rows = csv.trim().split('\n').slice(1)
  return {
    units: JSON.parse(read(new URL('./units.json', import.meta.url))),
    people: rows.map(row => person(row, settings)),
    csv,
    form: JSON.parse(read(FORM)),
  }
}
