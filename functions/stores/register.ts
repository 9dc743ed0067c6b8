import type { HrEvent } from '../../schemas/hr-event.ts'
import type { PersonRow } from '../../schemas/rows.ts'
import { chains, type Key, keys, personPlace } from './keys.ts'
import { type EntryDraft, emptyChain, seal } from './ledger.ts'
import { namesWrite } from './name-lines.ts'
import { commit, type Tables, type Write } from './tables.ts'

/** Somebody nobody knew: the opaque key made for them, and the event that brings them in. */
export interface Newcomer {
  readonly personId: string
  /** Normalised. */
  readonly nationalId: string
  readonly event: HrEvent
  readonly entry: EntryDraft
}

/** Newcomers written in one transaction: five items each, DynamoDB's hundred. */
export const newcomersAtOnce = 20

export type RegisterStore = ReturnType<typeof createRegisterStore>

/** First entries into the register of people. Facts about people already known go through the people store. */
export function createRegisterStore(tables: Tables) {
  const put = (key: Key, row: object): Write => ({
    Put: {
      TableName: tables.state,
      Item: { ...key, ...row },
      ConditionExpression: 'attribute_not_exists(pk)',
    },
  })

  return {
    /** All of them with their ledger entries, or none. False: one of them became known meanwhile. */
    async enter(newcomers: readonly Newcomer[]): Promise<boolean> {
      const writes = newcomers.flatMap(({ personId, nationalId, event, entry }) => {
        const sealed = seal(tables, chains.person(personId), emptyChain, entry)
        const row: PersonRow = {
          version: 1,
          personId,
          nationalId,
          facts: 1,
          head: sealed.head,
          declared: null,
        }
        return [
          put(keys.nationalId(nationalId), { version: 1, nationalId, personId }),
          put(keys.person(personId), { ...row, ...personPlace(personId) }),
          put(keys.event(personId, event), { ...event, receivedAt: entry.at }),
          sealed.write,
          ...namesWrite(tables, personId, event.person ?? null),
        ]
      })
      return (await commit(tables, writes)).done
    },
  }
}
