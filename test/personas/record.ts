import { normalInstant, startOfDay } from '../../functions/domain/civil-time.ts'
import { contractKey } from '../../functions/domain/contract.ts'
import type { PersonRecord } from '../../functions/domain/desired-access.ts'
import type { Access, Atom } from '../../schemas/access.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { Hold } from '../../schemas/hold.ts'
import type { HrEvent } from '../../schemas/hr-event.ts'
import type { Grant } from '../../schemas/request.ts'
import { type Persona, uuid } from './people.ts'

let made = 1000
const nextId = () => uuid(made++)

export const zone = 'America/Santiago'

/** The instant of a civil hour in Santiago's summer time (UTC-3), or any instant as it is normally written. */
export const at = (text: string): string => normalInstant(text.length === 10 ? `${text}T15:00:00Z` : text)

type EventParts = Partial<HrEvent> & Pick<HrEvent, 'type' | 'effectiveOn'>

/** An HR event, recorded at noon of the day it takes effect unless said otherwise. */
export const event = (parts: EventParts): HrEvent => ({
  version: 1,
  id: nextId(),
  nationalId: '11111111-1',
  recordedAt: at(parts.effectiveOn),
  ...parts,
})

export const hired = (someone: Persona, unit: string, more: Partial<HrEvent> = {}): HrEvent =>
  event({
    type: 'hired',
    effectiveOn: someone.contract.startsOn,
    nationalId: someone.person.nationalId,
    person: someone.person,
    contract: someone.contract,
    unit,
    ...more,
  })

type GrantParts = Partial<Grant> & Pick<Grant, 'atom'>

const accessOf = (atom: Atom): Access => {
  const [kind, id = ''] = atom.split(':')
  switch (kind) {
    case 'mail':
      return { system: 'mail' }
    case 'copy-to-head':
      return { system: 'mail', copyToHead: true }
    case 'erp':
      return { system: 'erp', module: id, type: 'consulta' }
    case 'door':
      return { system: 'data-centre', doors: [id] }
    case 'entitlement':
      return { system: 'directory', entitlements: [id] }
    case 'removable-storage':
      return { system: 'directory', removableStorage: true }
    case 'internet':
      return { system: 'directory', internetProfile: 'controlado' }
    default:
      return { system: 'directory' }
  }
}

/** What DIDECO granted under a contract, from the contract's start, without an end of its own. */
export const grant = (contract: Contract, parts: GrantParts): Grant => ({
  version: 1,
  id: nextId(),
  personId: uuid(99),
  unit: 'dideco',
  contract: contractKey(contract),
  declared: contract,
  access: accessOf(parts.atom),
  from: contract.startsOn,
  until: null,
  request: '2026-000001',
  line: 'A1',
  recordedAt: startOfDay(parts.from ?? contract.startsOn, zone),
  origin: 'form',
  ended: null,
  ...parts,
})

export const hold = (parts: Partial<Hold> & Pick<Hold, 'since'>): Hold => ({
  version: 1,
  id: nextId(),
  personId: uuid(99),
  kind: 'suspension',
  until: null,
  by: null,
  reason: null,
  ended: null,
  ...parts,
})

export const record = (parts: Partial<PersonRecord>): PersonRecord => ({
  events: [],
  grants: [],
  holds: [],
  ...parts,
})
