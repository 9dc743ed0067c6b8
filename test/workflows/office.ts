import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import sample from '../../infra/settings/valle-claro.json' with { type: 'json' }
import type { Contract } from '../../schemas/contract.ts'
import { Settings } from '../../schemas/settings.ts'
import { openWorld, type World } from '../servers/world.ts'

export const planta: Contract = {
  type: 'planta',
  regime: 'municipal',
  startsOn: '2020-03-01',
  endsOn: null,
}
export const contrata: Contract = {
  type: 'contrata',
  regime: 'municipal',
  startsOn: '2026-01-01',
  endsOn: '2026-12-31',
}
export const it_ = 'informatica@valleclaro.example'
export const hour = 3_600_000
export const day = 24 * hour

let serial = 18_000_000
export const nationalId = () => {
  const digits = String(++serial)
  return `${digits}-${rutCheckDigit(digits)}`
}

export interface Someone {
  readonly id: string
  readonly personId: string
  readonly givenNames: string
  readonly surnames: string
  readonly contract: Contract
}

export const consulta = { system: 'erp', module: 'contabilidad-gubernamental', type: 'consulta' }

export const activation = (
  { id, givenNames, surnames, contract }: Omit<Someone, 'personId'>,
  access: object,
  until: string | null = null,
) => ({
  person: { nationalId: id, givenNames, surnames, position: 'Administrativo' },
  contract,
  access,
  until,
})

export const form = (activations: object[], deactivations: object[] = [], unit = 'dideco') => ({
  unit,
  activations,
  deactivations,
  declaration: true,
})

export type Office = Awaited<ReturnType<typeof openOffice>>

/** Two units, one above the other. The lower one has a head and a deputy; these two and the mayor have mailboxes. */
export async function openOffice(change: Partial<Settings> = {}) {
  const settings = Settings.parse({ ...sample, ...change })
  const world = await openWorld({ settings })
  const hire = async (givenNames: string, surnames: string, unit: string, contract = planta) => {
    const id = nationalId()
    const personId = await world.hire(id, { givenNames, surnames }, unit, contract)
    return { id, personId, givenNames, surnames, contract }
  }
  const mayor = await hire('Sofía', 'Aránguiz Pino', 'alcaldia')
  const head = await hire('Marta', 'Reyes Soto', 'dideco')
  const deputy = await hire('Ana', 'Riquelme Vial', 'dideco')
  const deputies = [{ personId: deputy.personId, from: '2026-01-01', until: '2027-12-31' }]
  world.units.set('alcaldia', {
    id: 'alcaldia',
    name: 'Alcaldía',
    parent: null,
    head: mayor.personId,
    deputies: [],
  })
  world.units.set('dideco', {
    id: 'dideco',
    name: 'Desarrollo Comunitario',
    parent: 'alcaldia',
    head: head.personId,
    deputies,
  })
  const authority = { roles: ['authority' as const] }
  const one = crypto.randomUUID()
  await world.submit(one, form([activation(mayor, { system: 'mail' })], [], 'alcaldia'), authority)
  await world.submit(mayor.personId, form([activation(head, { system: 'mail' })]))
  await world.submit(head.personId, form([activation(deputy, { system: 'mail' })]))
  const addresses = {
    mayor: 'sofia.aranguiz@valleclaro.example',
    head: 'marta.reyes@valleclaro.example',
    deputy: 'ana.riquelme@valleclaro.example',
  }
  const office = { world, hire, mayor, head, deputy, addresses }
  await later(world, 6 * 60_000)
  world.mails.splice(0)
  world.calls.splice(0)
  return office
}

/** Lets time go by, does what is due, and sends. */
export async function later(world: World, milliseconds: number): Promise<void> {
  world.time.now += milliseconds
  await world.settle()
  while ((await world.deliver()).some(sent => sent === 'sent'));
}

/** Mails to an address, and what they are about. */
export const to = (world: World, address: string) => world.mails.filter(mail => mail.to === address)
