import type { RoleChange, RoleChangeView, RoleRegister, RoleView } from '../../schemas/role-change.ts'
import type { HeldRole, RoleStore } from '../stores/roles.ts'
import { type KnownPeople, knownPeople } from './known-people.ts'
import { nowOf, type Registers } from './registers.ts'

/** What the workflows around the roles' register are given. */
export type RoleRegisters = Pick<Registers, 'people' | 'settings' | 'clock'> & { readonly roles: RoleStore }

/** Who has which role, now or from a day to come, and which changes wait for a second person. */
export async function readRoles(registers: RoleRegisters): Promise<RoleRegister> {
  const { at, today } = nowOf(registers)
  const [held, pending] = await Promise.all([registers.roles.list(today), registers.roles.pending(at)])
  const people = knownPeople(registers)
  const order = ({ personId, row }: HeldRole) => `${row.role} ${row.from} ${personId}`
  return {
    roles: await Promise.all(
      held
        .sort((one, other) => (order(one) < order(other) ? -1 : 1))
        .map(({ personId, row }) => viewRole(people, personId, row)),
    ),
    changes: await Promise.all(pending.map(change => viewChange(people, change))),
  }
}

export const viewRole = async (
  people: KnownPeople,
  personId: string,
  { role, from, until }: HeldRole['row'],
): Promise<RoleView> => ({ person: await people.ref(personId), role, from, until })

export async function viewChange(people: KnownPeople, change: RoleChange): Promise<RoleChangeView> {
  const { id, role, from, until, standing, proposedAt, lapsesAt, state, decidedAt, comment } = change
  const [person, proposedBy, decidedBy] = await Promise.all([
    people.ref(change.personId),
    people.ref(change.proposedBy),
    change.decidedBy === null ? null : people.ref(change.decidedBy),
  ])
  return {
    id,
    person,
    role,
    from,
    until,
    standing,
    proposedBy,
    proposedAt,
    lapsesAt,
    state,
    decidedBy,
    decidedAt,
    comment,
  }
}
