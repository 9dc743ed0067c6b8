import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { World } from '../servers/world.ts'

export const planta: Contract = {
  type: 'planta',
  regime: 'municipal',
  startsOn: '2020-03-01',
  endsOn: null,
}

/** Names of their own for everybody: a hundred namesakes would spend the test looking for a free account name. */
export const namesOf = (nationalId: string) => ({
  givenNames: 'Elisa',
  surnames: `Ñancu${[...nationalId.slice(0, 8)].map(digit => 'bcdfghjklm'[Number(digit)]).join('')} Peña`,
})

/** A guard that stops nobody, where more people go within an hour of the test's clock than in any body. */
export const manyMayGo = { atLeast: 4_000, percent: 5 }

let serial = 0

/** A national id that nobody else in this run has, with its check digit (modulo 11, factors 2 to 7 from the right). */
export function nextNationalId(): string {
  const digits = String(40_000_000 + ++serial)
  return `${digits}-${rutCheckDigit(digits)}`
}

export const accesses = {
  directory: { system: 'directory', internetProfile: 'controlado' },
  mail: { system: 'mail' },
  erp: {
    system: 'erp',
    module: 'contabilidad-gubernamental',
    type: 'actualizacion',
    operations: ['ingreso'],
  },
  'data-centre': { system: 'data-centre', doors: ['VC-CPD-0001'] },
} as const

export const activation = (
  nationalId: string,
  access: object,
  more: { contract?: Contract; until?: string | null } = {},
) => ({
  person: { nationalId, ...namesOf(nationalId), position: 'Administrativo' },
  contract: more.contract ?? planta,
  access,
  until: more.until ?? null,
})

export const formOf = (
  unit: string,
  activations: readonly object[],
  deactivations: readonly object[] = [],
) => ({ unit, activations, deactivations, declaration: true })

/** A unit with its head, who may sign for it. */
export async function openUnit(world: World, id: string): Promise<string> {
  const head = await world.hire(nextNationalId(), { givenNames: 'Marta', surnames: 'Reyes Soto' }, id, planta)
  world.units.set(id, { id, name: id, parent: null, head, deputies: [] })
  return head
}
