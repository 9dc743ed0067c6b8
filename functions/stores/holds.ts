import type { Hold } from '../../schemas/hold.ts'
import type { Settings } from '../../schemas/settings.ts'
import { chains, keys } from './keys.ts'
import { type EntryDraft, seal } from './ledger.ts'
import { type NoticeDraft, noticeWrites } from './notices.ts'
import { factWrite, type PersonAggregate } from './people.ts'
import { commit, type Tables, type Write } from './tables.ts'
import { wakeTargetWrite } from './target-rows.ts'

export type HoldStore = ReturnType<typeof createHoldStore>

const reported = ({ id, personId }: Hold): NoticeDraft[] =>
  (['security', 'it'] as const).map(to => ({
    template: 'suspension-reported',
    to: { kind: to },
    about: { personId, task: null, target: null, request: null, hold: id },
    fact: id,
  }))

/** Holds that people place on people: suspension and sanction. Those of termination and leave follow from HR events. */
export function createHoldStore(tables: Tables, settings: Pick<Settings, 'notices'>) {
  /** Writes a hold with its entry and wakes every target of the person, in one transaction. False: read again and repeat. */
  async function keep(
    person: PersonAggregate,
    hold: Hold,
    options: {
      readonly entry: EntryDraft
      readonly urgent: boolean
      readonly condition: string
      readonly told: readonly Write[]
    },
  ): Promise<boolean> {
    const { row } = person
    const { entry, urgent } = options
    const sealed = seal(tables, chains.person(row.personId), row.head, entry)
    const wake = { desiredVersion: row.facts + 1, dueAt: entry.at, urgent, cause: entry.cause }
    const result = await commit(tables, [
      factWrite(tables, row, { head: sealed.head }),
      sealed.write,
      {
        Put: {
          TableName: tables.state,
          Item: { ...keys.hold(row.personId, hold.id), ...hold },
          ConditionExpression: options.condition,
        },
      },
      ...[...person.targets.values()].map(target => wakeTargetWrite(tables, target, wake)),
      ...options.told,
    ])
    return result.done
  }

  return {
    /** Security and IT are told of it: nobody presses it unseen. */
    place: (person: PersonAggregate, hold: Hold, entry: EntryDraft) =>
      keep(person, hold, {
        entry,
        urgent: true,
        condition: 'attribute_not_exists(pk)',
        told: noticeWrites(tables, settings.notices, reported(hold), entry.at),
      }),

    /** `hold` says who ended it; it stays, as all that ever was. */
    end: (person: PersonAggregate, hold: Hold, entry: EntryDraft) =>
      keep(person, hold, { entry, urgent: false, condition: 'attribute_exists(pk)', told: [] }),
  }
}
