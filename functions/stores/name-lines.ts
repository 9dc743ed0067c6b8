import type { HrEvent } from '../../schemas/hr-event.ts'
import type { NamedPerson } from '../../schemas/person.ts'
import { type KnownName, nameLine, readNameLine } from '../domain/correlation.ts'
import { keys, listShards, lists, namePlace } from './keys.ts'
import { queryAll, type Tables, type Write } from './tables.ts'

/** How a person is called by the last event that says so; null: none does. */
export const namedLast = (events: readonly HrEvent[]): NamedPerson | null =>
  events
    .filter(event => event.person !== undefined)
    .map(event => ({ order: `${event.effectiveOn} ${event.recordedAt} ${event.id}`, person: event.person }))
    .sort((one, other) => (one.order < other.order ? -1 : 1))
    .at(-1)?.person ?? null

/** A line by which a person is found by name: in the index alone, so that thousands are read at once. */
export const namesWrite = (
  tables: Tables,
  personId: string,
  names: Pick<NamedPerson, 'givenNames' | 'surnames'> | null,
): Write[] =>
  names === null
    ? []
    : [
        {
          Put: {
            TableName: tables.state,
            Item: { ...keys.names(personId), version: 1, ...namePlace(personId, nameLine(names)) },
          },
        },
      ]

/** Everybody the register names; may lag a second behind. Some 150 bytes a person. */
export async function readNameLines(tables: Tables): Promise<KnownName[]> {
  const shards = await Promise.all(
    listShards.map(shard =>
      queryAll(tables, {
        TableName: tables.state,
        IndexName: 'list',
        KeyConditionExpression: 'listKey = :list',
        ExpressionAttributeValues: { ':list': lists.names(shard) },
      }),
    ),
  )
  return shards.flat().map(item => {
    const [, personId = ''] = (item.pk as string).split('#')
    return readNameLine(personId, item.listSort as string)
  })
}
