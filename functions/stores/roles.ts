import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { RoleChange, type RolePeriod } from '../../schemas/role-change.ts'
import { type PersonRow, RoleRow } from '../../schemas/rows.ts'
import { moveHead } from './identities.ts'
import { chains, type Key, keys, lists, personOf, roleChangePlace, rolePlace } from './keys.ts'
import { type EntryDraft, seal } from './ledger.ts'
import { batchGet, commit, queryAll, type Tables, type Write } from './tables.ts'
import { bare } from './target-rows.ts'

export interface HeldRole {
  readonly personId: string
  readonly row: RoleRow
}

/** A role as it is to be; `standing` as it was read, null for somebody who never had it. */
export interface RoleWrite {
  readonly standing: RolePeriod | null
  readonly next: RoleRow
  /** Somebody else's role on which the decision rested: it must still stand as it was read. */
  readonly rests: HeldRole | null
}

export type RoleStore = ReturnType<typeof createRoleStore>

/** The register of roles: one row a role, with the present period or the next; what was before is in the person's chain. */
export function createRoleStore(tables: Tables) {
  const put = (key: Key, item: object, condition: object): Write => ({
    Put: { TableName: tables.state, Item: { ...key, ...item }, ...condition },
  })
  const absent = { ConditionExpression: 'attribute_not_exists(pk)' }
  const standsAs = ({ from, until }: RolePeriod) => ({
    ConditionExpression: '#from = :from AND #until = :until',
    ExpressionAttributeNames: { '#from': 'from', '#until': 'until' },
    ExpressionAttributeValues: { ':from': from, ':until': until },
  })

  /** Rows of a list from a place on, read consistently; which there are comes from an index and may lag a second behind. */
  async function listed(listKey: string, from: string): Promise<Record<string, unknown>[]> {
    const found = await queryAll(tables, {
      TableName: tables.state,
      IndexName: 'list',
      KeyConditionExpression: 'listKey = :list AND listSort >= :from',
      ExpressionAttributeValues: { ':list': listKey, ':from': from },
    })
    return batchGet(
      tables,
      tables.state,
      found.map(({ pk, sk }) => ({ pk, sk })),
    )
  }

  const roleWrites = (personId: string, { standing, next, rests }: RoleWrite): Write[] => [
    put(
      keys.role(personId, next.role),
      { ...next, ...rolePlace(personId, next) },
      standing === null ? absent : standsAs(standing),
    ),
    ...(rests === null
      ? []
      : [
          {
            ConditionCheck: {
              TableName: tables.state,
              Key: keys.role(rests.personId, rests.row.role),
              ...standsAs(rests.row),
            },
          },
        ]),
  ]

  /** All of it with the next entry of the person's chain, or nothing: somebody else wrote since it was read. */
  async function write(person: PersonRow, entry: EntryDraft, writes: readonly Write[]): Promise<boolean> {
    const sealed = seal(tables, chains.person(person.personId), person.head, entry)
    return (await commit(tables, [moveHead(tables, person, sealed.head), sealed.write, ...writes])).done
  }

  return {
    /** Every role that is in force on a day or still to come. */
    async list(day: string): Promise<HeldRole[]> {
      const items = await listed(lists.roles(), day)
      return items.map(item => ({ personId: personOf(item.pk as string), row: RoleRow.parse(bare(item)) }))
    },

    /** Changes that wait for a second person and have not lapsed, oldest first. */
    async pending(now: string): Promise<RoleChange[]> {
      const items = await listed(lists.roleChanges(), now)
      return items
        .map(item => RoleChange.parse(bare(item)))
        .filter(({ state, lapsesAt }) => state === 'pending' && now < lapsesAt)
        .sort((one, other) => (one.id < other.id ? -1 : 1))
    },

    async change(id: string): Promise<RoleChange | null> {
      const answer = await tables.client.send(
        new GetCommand({ TableName: tables.state, Key: keys.roleChange(id), ConsistentRead: true }),
      )
      return answer.Item === undefined ? null : RoleChange.parse(bare(answer.Item))
    },

    record: (person: PersonRow, role: RoleWrite, entry: EntryDraft): Promise<boolean> =>
      write(person, entry, roleWrites(person.personId, role)),

    propose: (person: PersonRow, change: RoleChange, entry: EntryDraft): Promise<boolean> =>
      write(person, entry, [
        put(keys.roleChange(change.id), { ...change, ...roleChangePlace(change) }, absent),
      ]),

    /** A decided change leaves the list; an approved one brings the role with it. */
    decide: (
      person: PersonRow,
      change: RoleChange,
      role: RoleWrite | null,
      entry: EntryDraft,
    ): Promise<boolean> =>
      write(person, entry, [
        put(keys.roleChange(change.id), change, {
          ConditionExpression: '#state = :pending',
          ExpressionAttributeNames: { '#state': 'state' },
          ExpressionAttributeValues: { ':pending': 'pending' },
        }),
        ...(role === null ? [] : roleWrites(person.personId, role)),
      ]),
  }
}
