import type { NoticeRow } from '../../schemas/notice.ts'
import type { TargetRow } from '../../schemas/target.ts'
import type { Unit } from '../../schemas/unit.ts'
import { withoutMailboxOf } from '../domain/notice-rules.ts'
import { superiorOf } from '../domain/signing.ts'
import type { UnitStore } from '../stores/units.ts'
import type { Engine } from './engine.ts'
import { type Doer, nameOf } from './gather-tasks.ts'
import { factsOf } from './known-people.ts'
import { nowOf } from './registers.ts'

type Needed = Pick<Engine, 'settings' | 'people' | 'clock'> & {
  readonly units: Pick<UnitStore, 'withAncestors'>
}

/** How long a mail waits for the person's own mailbox. */
const longestWaitMilliseconds = 7 * 86_400_000

/** Where a mail goes. `shared`: an address of the settings, by the name under which it is counted. */
export interface Address {
  readonly address: string
  readonly shared: string | null
  /** It goes to somebody else, because the person cannot be reached. */
  readonly instead: boolean
}

/** Nowhere now: it waits for a mailbox, nobody is to be told any more, or a human has to look. */
export type Nowhere = 'waits' | 'drops' | 'no-address'

/** A person is written to at the address that the mail system shows for them, as long as it is open. */
export async function addressOf(needed: Needed, row: NoticeRow): Promise<Address | Nowhere> {
  const { notices } = needed.settings
  const { to } = row
  switch (to.kind) {
    case 'it':
      return shared(notices.it, { kind: 'it' })
    case 'escalation':
      return shared(notices.escalation, { kind: 'escalation' })
    case 'security':
      return { address: notices.security ?? notices.escalation, shared: to.kind, instead: false }
    case 'vendor': {
      const own = notices.vendors[to.target]
      return own === undefined ? shared(notices.it, { kind: 'it' }) : shared(own, to)
    }
    case 'person':
      return ofPerson(needed, row, to.personId)
    case 'unit-head':
      return ofUnitHead(needed, row, to.unit)
    case 'webhook':
      return 'drops'
  }
}

const shared = (address: string, to: Doer): Address => ({ address, shared: nameOf(to), instead: false })

async function ofPerson(needed: Needed, row: NoticeRow, personId: string): Promise<Address | Nowhere> {
  const person = await needed.people.load(personId)
  const address = openAddress(person?.targets.get('mail'))
  if (address !== null) return { address, shared: null, instead: false }
  const rule = withoutMailboxOf(row.template)
  if (rule === 'drops' || person === null) return rule === 'superior' ? toIt(needed) : 'drops'
  const waited = needed.clock() - Date.parse(row.createdAt) >= longestWaitMilliseconds
  if (rule !== 'superior' && !waited) return 'waits'
  if (rule === 'waits') return 'no-address'
  const facts = factsOf(needed, person)
  const unit = facts.unit ?? person.row.declared?.unit
  return unit == null ? toIt(needed) : headOf(needed, unit, personId)
}

/** R8: the unit's head, where somebody else signed. Nobody heads it, or the head signed after all: nobody is to be told. */
async function ofUnitHead(needed: Needed, row: NoticeRow, id: string): Promise<Address | Nowhere> {
  const place = await needed.units.withAncestors(id)
  const head = place?.unit.head ?? null
  if (head === null) return 'drops'
  return ofPerson(needed, row, head)
}

const toIt = ({ settings }: Needed): Address => ({
  ...shared(settings.notices.it, { kind: 'it' }),
  instead: true,
})

/** The head of a unit, or the nearest above who has a mailbox; at last `it`. */
async function headOf(needed: Needed, id: string, except: string): Promise<Address> {
  const place = await needed.units.withAncestors(id)
  const { today } = nowOf(needed)
  const line: Unit[] = place === null ? [] : [place.unit, ...place.ancestors]
  const asked = new Set([except])
  for (let unit = line[0]; unit !== undefined; ) {
    if (unit.head !== null && !asked.has(unit.head)) {
      asked.add(unit.head)
      const address = openAddress((await needed.people.load(unit.head))?.targets.get('mail'))
      if (address !== null) return { address, shared: null, instead: true }
    }
    const above = line.slice(line.indexOf(unit) + 1)
    unit = superiorOf(unit, above, today) ?? undefined
  }
  return toIt(needed)
}

const openAddress = (mail: TargetRow | undefined): string | null =>
  mail?.observed?.state === 'enabled' ? mail.observed.name : null
