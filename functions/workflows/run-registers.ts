import type { TargetId } from '../../schemas/settings.ts'
import type { Desired } from '../domain/desired-access.ts'
import type { PeopleStore, PersonAggregate } from '../stores/people.ts'
import type { UnitStore } from '../stores/units.ts'
import { once } from './once.ts'

/** What the runs of one batch ask of other people and units, each once. */
export interface Registers {
  /** A unit that is not in the register shows its id. */
  nameOfUnit(id: string): Promise<string>
  /**
   * R5: the mail address of the head of the unit that demanded copies, as long as they are wanted; of several units the
   * last to demand them, for a mail server sends one. Null: not wanted, or nobody who could read them: a unit without a head, a head
   * whose mailbox is not open, or the person, having become the head.
   */
  headAddress(person: PersonAggregate, desired: Desired): Promise<string | null>
}

export function openRegisters({
  units,
  people,
  target,
}: {
  readonly units: Pick<UnitStore, 'some'>
  readonly people: Pick<PeopleStore, 'load'>
  readonly target: TargetId
}): Registers {
  const unit = once((id: string) => units.some([id]).then(([row]) => row?.unit ?? null))
  const mailboxOf = once(async (personId: string) => {
    const row = (await people.load(personId))?.targets.get('mail')
    return row?.observed?.state === 'enabled' ? row.observed.name : null
  })
  return {
    nameOfUnit: async id => (await unit(id))?.name ?? id,
    async headAddress(person, desired) {
      if (target !== 'mail' || desired.rights.every(({ id }) => id !== 'copy-to-head')) return null
      const demanded = person.grants
        .filter(grant => grant.atom === 'copy-to-head' && desired.grants.includes(grant.id))
        .sort((one, other) => (one.recordedAt < other.recordedAt ? 1 : -1))
      const head = demanded[0] === undefined ? null : (await unit(demanded[0].unit))?.head
      return head == null || head === person.row.personId ? null : mailboxOf(head)
    },
  }
}
