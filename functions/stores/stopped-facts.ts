import type { HrEvent } from '../../schemas/hr-event.ts'
import { chains, type Key, personPartition } from './keys.ts'
import { type EntryDraft, seal } from './ledger.ts'
import { namedLast, namesWrite } from './name-lines.ts'
import { factWrite, type PersonAggregate } from './people.ts'
import { discarded, type StoppedFact } from './person-aggregate.ts'
import { commit, type Tables, type Write } from './tables.ts'
import { wakeTargetWrite } from './target-rows.ts'

export type StoppedFactStore = ReturnType<typeof createStoppedFactStore>

/** What the guard had withheld begins to count, or never will. */
export function createStoppedFactStore(tables: Tables) {
  const keyOf = (person: PersonAggregate, { sk }: StoppedFact): Key => ({
    pk: personPartition(person.row.personId),
    sk,
  })
  /** It counts as known from now on, not from when it came: a register of a day between must not change. */
  const releaseWrite = (person: PersonAggregate, fact: StoppedFact, at: string): Write => ({
    Update: {
      TableName: tables.state,
      Key: keyOf(person, fact),
      UpdateExpression: 'SET receivedAt = :at REMOVE withheld',
      ConditionExpression: 'withheld = :hold',
      ExpressionAttributeValues: { ':hold': fact.hold, ':at': at },
    },
  })
  const discardWrite = (person: PersonAggregate, fact: StoppedFact): Write => ({
    Update: {
      TableName: tables.state,
      Key: keyOf(person, fact),
      UpdateExpression: 'SET withheld = :discarded',
      ConditionExpression: 'withheld = :hold',
      ExpressionAttributeValues: { ':hold': fact.hold, ':discarded': discarded },
    },
  })

  return {
    /** Events count from now on, and every target of the person is woken. False: read again and repeat. */
    async release(
      person: PersonAggregate,
      facts: readonly StoppedFact[],
      entry: EntryDraft,
    ): Promise<boolean> {
      const { row } = person
      const sealed = seal(tables, chains.person(row.personId), row.head, entry)
      const wake = { desiredVersion: row.facts + 1, dueAt: entry.at, urgent: true, cause: entry.cause }
      const events: HrEvent[] = [...person.events, ...facts.flatMap(({ event }) => event ?? [])]
      const result = await commit(tables, [
        factWrite(tables, row, { head: sealed.head }),
        sealed.write,
        ...facts.map(fact => releaseWrite(person, fact, entry.at)),
        ...namesWrite(tables, row.personId, namedLast(events)),
        ...[...person.targets.values()].map(target => wakeTargetWrite(tables, target, wake)),
      ])
      return result.done
    },

    /** They stay as they were recorded, and count for nothing for good. False: read again and repeat. */
    async discard(
      person: PersonAggregate,
      facts: readonly StoppedFact[],
      entry: EntryDraft,
    ): Promise<boolean> {
      const { row } = person
      const sealed = seal(tables, chains.person(row.personId), row.head, entry)
      const result = await commit(tables, [
        factWrite(tables, row, { head: sealed.head }),
        sealed.write,
        ...facts.map(fact => discardWrite(person, fact)),
      ])
      return result.done
    },
  }
}
