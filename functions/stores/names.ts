import type { NameRow } from '../../schemas/rows.ts'
import type { TargetId } from '../../schemas/settings.ts'
import { keys } from './keys.ts'
import type { Tables, Write } from './tables.ts'

/** Takes a name nobody bears, the person's own, or one that was released before `quarantineOver` (null is no text: it never compares). */
export function nameWrite(
  tables: Tables,
  target: TargetId,
  name: string,
  personId: string,
  quarantineOver: string,
): Write {
  const row: NameRow = { version: 1, personId, releasedAt: null }
  return {
    Put: {
      TableName: tables.state,
      Item: { ...keys.name(target, name), ...row },
      ConditionExpression:
        'attribute_not_exists(pk) OR (personId = :me AND releasedAt = :borne) OR releasedAt < :over',
      ExpressionAttributeValues: { ':me': personId, ':over': quarantineOver, ':borne': null },
    },
  }
}

/** A name that its bearer no longer needs rests: nobody else gets it before the quarantine is over. */
export function releaseNameWrite(
  tables: Tables,
  target: TargetId,
  name: string,
  personId: string,
  releasedAt: string,
): Write {
  const row: NameRow = { version: 1, personId, releasedAt }
  return { Put: { TableName: tables.state, Item: { ...keys.name(target, name), ...row } } }
}
