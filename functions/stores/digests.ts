import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { DigestItem, Edition } from '../../schemas/digest.ts'
import type { ToldRow } from '../../schemas/notice.ts'
import type { NoticeSettings } from '../../schemas/settings.ts'
import { keys } from './keys.ts'
import { type NoticeDraft, noticeWrite, noticeWrites } from './notices.ts'
import { commit, queryAll, type Tables, type Write } from './tables.ts'
import { bare } from './target-rows.ts'

/** What of a unit an item is about: the same thing of one edition is one item. */
const itemIdOf = (item: DigestItem): string => {
  switch (item.kind) {
    case 'ends':
    case 'round':
      return `${item.kind}#${item.personId}`
    case 'observed':
      return `observed#${item.request}`
    case 'contested':
      return `contested#${item.task}`
  }
}

/** Where an item stands: in which edition, and for which unit. */
export interface DigestPlace {
  readonly edition: string
  readonly unit: string
}

/** What a person is told of ends ahead, and what of it their unit is told. */
export interface EndsTold {
  readonly personId: string
  /** As read with the person; null: nothing was told yet. */
  readonly standing: ToldRow | null
  readonly ends: ToldRow['ends']
  readonly notice: NoticeDraft
  readonly place: DigestPlace | null
  readonly told: readonly string[]
}

export type DigestStore = ReturnType<typeof createDigestStore>

/** The daily digests: how far they are, what each unit's is made of, and what was told of ends ahead. */
export function createDigestStore(tables: Tables, settings: { readonly notices: NoticeSettings }) {
  const itemWrite = ({ edition, unit }: DigestPlace, item: DigestItem): Write => ({
    Put: { TableName: tables.state, Item: { ...keys.digestItem(edition, unit, itemIdOf(item)), ...item } },
  })

  return {
    /** The last edition; null: there was none yet. */
    async edition(): Promise<Edition | null> {
      const answer = await tables.client.send(
        new GetCommand({ TableName: tables.state, Key: keys.edition(), ConsistentRead: true }),
      )
      return answer.Item === undefined ? null : Edition.parse(bare(answer.Item))
    },

    /** Begins an edition, or keeps how far it has come. False: somebody else has moved it since it was read. */
    async moveEdition(standing: Edition | null, next: Edition): Promise<boolean> {
      const result = await commit(tables, [
        {
          Put: {
            TableName: tables.state,
            Item: { ...keys.edition(), ...next },
            ...(standing === null
              ? { ConditionExpression: 'attribute_not_exists(pk)' }
              : {
                  ConditionExpression:
                    'edition = :edition AND place = :place AND walked = :walked AND finishedOn = :finished',
                  ExpressionAttributeValues: {
                    ':edition': standing.edition,
                    ':place': standing.place,
                    ':walked': standing.walked,
                    ':finished': standing.finishedOn,
                  },
                }),
          },
        },
      ])
      return result.done
    },

    /** The person's mail, what was told of which end, and the unit's item, or nothing of it. False: it was told meanwhile. */
    async tellEnds(
      { personId, standing, ends, notice, place, told }: EndsTold,
      at: string,
    ): Promise<boolean> {
      const row: ToldRow = { version: 1, personId, revision: (standing?.revision ?? 0) + 1, ends }
      const result = await commit(tables, [
        {
          Put: {
            TableName: tables.state,
            Item: { ...keys.told(personId), ...row },
            ...(standing === null
              ? { ConditionExpression: 'attribute_not_exists(pk)' }
              : {
                  ConditionExpression: 'revision = :was',
                  ExpressionAttributeValues: { ':was': standing.revision },
                }),
          },
        },
        noticeWrite(tables, notice, at),
        ...(place === null
          ? []
          : [itemWrite(place, { version: 1, kind: 'ends', personId, ends: [...told] })]),
      ])
      return result.done
    },

    /** Puts an item into a unit's digest; the same item again is the same. */
    async putItem(place: DigestPlace, item: DigestItem): Promise<void> {
      const { Put } = itemWrite(place, item)
      if (Put !== undefined) await tables.client.send(new PutCommand({ ...Put }))
    },

    /** What a unit's digest is made of. */
    async items({ edition, unit }: DigestPlace): Promise<DigestItem[]> {
      const found = await queryAll(tables, {
        TableName: tables.state,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': keys.digestItem(edition, unit, '').pk },
        ConsistentRead: true,
      })
      return found.map(item => DigestItem.parse(bare(item)))
    },

    /** Writes a mail by itself. One that stands already stays as it is. */
    async write(draft: NoticeDraft, at: string): Promise<void> {
      for (const write of noticeWrites(tables, settings.notices, [draft], at)) await commit(tables, [write])
    },
  }
}
