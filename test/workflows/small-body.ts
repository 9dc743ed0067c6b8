import { expect } from 'vitest'
import { dayOf } from '../../functions/domain/civil-time.ts'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import settings from '../../infra/settings/valle-claro.json' with { type: 'json' }
import { type HttpApp, openHttpApp, type Sent } from './http-app.ts'

const rut = (number: number) => `${number}-${rutCheckDigit(String(number))}`

interface Contract {
  readonly type?: string
  readonly startsOn?: string
  readonly endsOn?: string
}

const member = (
  number: number,
  givenNames: string,
  surnames: string,
  unit: string,
  contract: Contract = {},
) => ({
  nationalId: rut(number),
  givenNames,
  surnames,
  position: 'Funcionaria',
  unit,
  type: 'planta',
  regime: 'municipal',
  startsOn: '2015-03-01',
  ...contract,
})

/** The day it is for the body: for some hours of every night another one than in UTC. */
export const today = dayOf(new Date().toISOString(), settings.timeZone)

const year = today.slice(0, 4)
const yearly: Contract = { type: 'contrata', startsOn: `${year}-01-01`, endsOn: `${year}-12-31` }

/** A municipality of three units and nine people, all invented. Everybody's token has the national id for its subject. */
export const people = {
  mayor: member(41_000_001, 'Sofía', 'Aránguiz Pino', 'alcaldia'),
  headOfDideco: member(41_000_002, 'Tomás', 'Barriga Lillo', 'dideco'),
  headOfObras: member(41_000_003, 'Julia', 'Cayuqueo Rivas', 'obras'),
  clerk: member(41_000_004, 'Elena', 'Ñancucheo Díaz', 'dideco'),
  driver: member(41_000_005, 'Pedro', 'Oyarce Vial', 'obras'),
  yearly: member(41_000_006, 'Rocío', 'Pincheira Mella', 'dideco', yearly),
  contractor: member(41_000_007, 'Luis', 'Quezada Toro', 'dideco', {
    ...yearly,
    type: 'honorarios',
  }),
  deputy: member(41_000_008, 'Ana', 'Riquelme Soto', 'dideco'),
  stranger: member(41_000_009, 'Iván', 'Saavedra Ruiz', 'obras'),
} as const

type Someone = (typeof people)[keyof typeof people]

const contractOf = ({ type, regime, startsOn, endsOn }: Someone) => ({
  type,
  regime,
  startsOn,
  endsOn: endsOn ?? null,
})

/** As forms, events and settings name somebody. */
export const named = ({ nationalId, givenNames, surnames, position }: Someone) => ({
  nationalId,
  givenNames,
  surnames,
  position,
})

export const activation = (someone: Someone, access: object, until: string | null = null) => ({
  person: named(someone),
  contract: contractOf(someone),
  access,
  until,
})

/** A form of the unit `dideco`, which its head signs. */
export const form = (activations: readonly unknown[], more: object = {}) => ({
  unit: 'dideco',
  activations,
  declaration: true,
  ...more,
})

/** Deputies are in force for a year around today. */
const days = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10)

export const units = [
  { id: 'alcaldia', name: 'Alcaldía', parent: null, head: people.mayor },
  { id: 'dideco', name: 'Desarrollo Comunitario', parent: 'alcaldia', head: people.headOfDideco },
  { id: 'obras', name: 'Obras Municipales', parent: 'alcaldia', head: people.headOfObras },
] as const

export const subjectWith = (app: HttpApp, role: string): string =>
  app.settings.bootstrap.find(({ roles }) => roles.some(held => held === role))?.subject ?? ''

/** The call must succeed: what cannot be set up tells nothing. */
async function must(app: HttpApp, method: string, path: string, sent: Sent) {
  const answer = await app.call(method, path, sent)
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`)
  return answer.body
}

/** Founds the register and enters units, people and their tokens, through the functions themselves. */
async function enterSmallBody(app: HttpApp): Promise<void> {
  await app.bootstrap()
  const hr = subjectWith(app, 'hr')
  for (const { id, name, parent } of units)
    await must(app, 'PUT', `/units/${id}`, { as: hr, body: { name, parent } })
  await must(app, 'POST', '/people', { as: hr, body: Object.values(people) })
  for (const { id, name, parent, head } of units)
    await must(app, 'PUT', `/units/${id}`, {
      as: hr,
      body: { name, parent, head: { nationalId: head.nationalId } },
    })
  const { issuer } = app
  const identities = Object.values(people).map(({ nationalId }) => ({
    nationalId,
    issuer,
    subject: nationalId,
  }))
  await must(app, 'POST', '/identities', { as: subjectWith(app, 'security'), body: { identities } })
  await must(app, 'POST', '/units/dideco/deputies', {
    as: hr,
    body: { nationalId: people.deputy.nationalId, from: days(-180), until: days(180) },
  })
}

/** The functions of a municipality in which everybody already has their place. */
export async function openSmallBody(...change: Parameters<typeof openHttpApp>): Promise<HttpApp> {
  const app = await openHttpApp(...change)
  await enterSmallBody(app)
  return app
}

/** Nothing may have been asked of AWS that the endpoint does not play. */
export async function closeSoundly(app: HttpApp): Promise<void> {
  expect(app.faults()).toEqual([])
  await app.close()
}
