import { GetCommand } from '@aws-sdk/lib-dynamodb'

import type { StoppedMember } from '../../schemas/guard.ts'
import type { HrEvent } from '../../schemas/hr-event.ts'
import type { AppliedLines, Grant } from '../../schemas/request.ts'
import { type Ending, type NameRow, PersonRow } from '../../schemas/rows.ts'
import type { TargetId } from '../../schemas/settings.ts'
import type { TargetRow } from '../../schemas/target.ts'
import { newId } from './ids.ts'
import { accountShardOf, chains, grantPlace, type Key, keys, personPartition, personPlace } from './keys.ts'
import { type EntryDraft, emptyChain, seal } from './ledger.ts'
import { namedLast, namesWrite } from './name-lines.ts'
import { nameWrite, releaseNameWrite } from './names.ts'
import { noticeWrite } from './notices.ts'
import { aggregate, type PersonAggregate } from './person-aggregate.ts'
import { memberWrites } from './stopped-batches.ts'
import { batchGet, commit, queryAll, type Tables, type Write } from './tables.ts'
import { bare, newTargetWrite, wakeTargetWrite } from './target-rows.ts'

export type { PersonAggregate } from './person-aggregate.ts'

/** One person's lines of one request, ready to be written. */
export interface LinesToApply {
  readonly person: PersonAggregate
  readonly part: number | string
  readonly grants: readonly Grant[]
  readonly endings: readonly Ending[]
  /** `name` is set where the person has no account row in that target yet: it is reserved in the same transaction. */
  readonly targets: readonly { readonly target: TargetId; readonly name: string | null }[]
  readonly urgent: boolean
  readonly applied: AppliedLines
  readonly declared: PersonRow['declared']
  readonly entry: EntryDraft
  /** Set where the guard has stopped them: that is noted, and nothing of them is written until they are released. */
  readonly stopped: StoppedMember | null
  /** The batch out of which they are released; null: nobody had stopped them. */
  readonly releasedFrom: string | null
  /** Names released before this instant have rested long enough. */
  readonly quarantineOver: string
}

export type ApplyResult = 'applied' | 'already' | 'stale' | { readonly taken: readonly TargetId[] }

export type PeopleStore = ReturnType<typeof createPeopleStore>

/** The aggregate of a person: register events, grants, endings, holds, target rows, applied lines, roles. */
export function createPeopleStore(tables: Tables) {
  const put = (key: Key, row: object, condition?: string): Write => ({
    Put: {
      TableName: tables.state,
      Item: { ...key, ...row },
      ...(condition === undefined ? {} : { ConditionExpression: condition }),
    },
  })
  const absent = 'attribute_not_exists(pk)'

  async function idsOf(nationalIds: readonly string[]): Promise<Map<string, string>> {
    const distinct = [...new Set(nationalIds)]
    const items = await batchGet(tables, tables.state, distinct.map(keys.nationalId))
    return new Map(items.map(item => [item.nationalId as string, item.personId as string]))
  }

  async function load(personId: string): Promise<PersonAggregate | null> {
    const items = await queryAll(tables, {
      TableName: tables.state,
      KeyConditionExpression: '#pk = :pk',
      ExpressionAttributeNames: { '#pk': 'pk' },
      ExpressionAttributeValues: { ':pk': personPartition(personId) },
      ConsistentRead: true,
    })
    return aggregate(items)
  }

  /** Notes in the place of what applying the lines would do that the guard has stopped them. */
  async function applyStopped(
    lines: LinesToApply,
    stopped: StoppedMember,
    sealed: ReturnType<typeof seal>,
  ): Promise<ApplyResult> {
    const { person, applied } = lines
    const { row } = person
    const { version, request, personId, at } = applied
    const result = await commit(tables, [
      factWrite(tables, row, { head: sealed.head }),
      put(
        keys.applied(row.personId, applied.request, lines.part),
        {
          version,
          request,
          personId,
          at,
          named: applied.lines.map(({ line }) => line),
          withheld: stopped.hold,
        },
        absent,
      ),
      sealed.write,
      ...memberWrites(tables, stopped),
    ])
    if (result.done) return 'applied'
    return result.refused.includes(1) ? 'already' : 'stale'
  }

  return {
    idsOf,
    load,

    /** The person behind a normalised national id, or null. */
    idOf: async (nationalId: string): Promise<string | null> =>
      (await idsOf([nationalId])).get(nationalId) ?? null,

    /** The normalised national ids of people, for answers and for reading the ledger. */
    async rowsOf(personIds: readonly string[]): Promise<Map<string, PersonRow>> {
      const items = await batchGet(tables, tables.state, [...new Set(personIds)].map(keys.person))
      return new Map(items.map(item => PersonRow.parse(bare(item))).map(row => [row.personId, row]))
    },

    /** The opaque key of a national id, made at the first mention. Two that come at once get the same one. */
    async ensure(nationalId: string, now: number): Promise<string> {
      const personId = newId(now)
      const row: PersonRow = {
        version: 1,
        personId,
        nationalId,
        facts: 0,
        head: emptyChain,
        declared: null,
      }
      const made = await commit(tables, [
        put(keys.nationalId(nationalId), { version: 1, nationalId, personId }, absent),
        put(keys.person(personId), { ...row, ...personPlace(personId) }, absent),
      ])
      if (made.done) return personId
      const answer = await tables.client.send(
        new GetCommand({ TableName: tables.state, Key: keys.nationalId(nationalId), ConsistentRead: true }),
      )
      return answer.Item?.personId as string
    },

    /**
     * Records register events with their ledger entry and wakes the targets named, in one transaction. Stopped ones are
     * recorded, and withheld: nothing follows from them, and nobody is woken.
     * `already`: an event of that id stands (its body is the caller's to compare); `stale`: read again and repeat.
     */
    async recordEvents(
      person: PersonAggregate,
      events: readonly HrEvent[],
      options: {
        entry: EntryDraft
        dueAt: string
        urgent: boolean
        stopped: StoppedMember | null
        /** Of an event that came by itself: the hash of its body, kept under its id. */
        bodyHash: string | null
        /** Targets in which something follows from it. */
        wakes: readonly TargetId[]
      },
    ): Promise<'recorded' | 'already' | 'stale'> {
      const { row } = person
      const { stopped, bodyHash } = options
      const sealed = seal(tables, chains.person(row.personId), row.head, entryOf(options))
      const wake = {
        desiredVersion: row.facts + 1,
        dueAt: options.dueAt,
        urgent: options.urgent,
        cause: options.entry.cause,
      }
      const result = await commit(tables, [
        factWrite(tables, row, { head: sealed.head }),
        sealed.write,
        ...events.map(event => put(keys.event(row.personId, event), keptEvent(event, options), absent)),
        ...(bodyHash === null ? [] : events.map(event => onceWrite(tables, event, row.personId, bodyHash))),
        ...(stopped === null
          ? [
              ...namesWrite(tables, row.personId, namedLast([...person.events, ...events])),
              ...[...person.targets.values()]
                .filter(({ target }) => options.wakes.includes(target))
                .map(target => wakeTargetWrite(tables, target, wake)),
            ]
          : memberWrites(tables, stopped)),
      ])
      if (result.done) return 'recorded'
      const ids = events.length * (bodyHash === null ? 1 : 2)
      return result.refused.every(index => index >= 2 && index < 2 + ids) ? 'already' : 'stale'
    },

    /** What came before under an event's id; null: nothing did. */
    async eventOf(id: string): Promise<{ readonly personId: string; readonly bodyHash: string } | null> {
      const answer = await tables.client.send(
        new GetCommand({ TableName: tables.state, Key: keys.hrEvent(id), ConsistentRead: true }),
      )
      return (answer.Item ?? null) as { personId: string; bodyHash: string } | null
    },

    /** Writes one person's lines of one request: grants, endings, names, target rows, ledger entry, or nothing of it. */
    async apply(lines: LinesToApply): Promise<ApplyResult> {
      const { person, applied } = lines
      const { row } = person
      const sealed = seal(tables, chains.person(row.personId), row.head, entryOf(lines))
      const facts = row.facts + 1
      const wake = {
        desiredVersion: facts,
        dueAt: applied.at,
        urgent: lines.urgent,
        cause: { kind: 'form', ref: applied.request },
      }
      const { stopped, releasedFrom } = lines
      if (stopped !== null) return applyStopped(lines, stopped, sealed)
      const reserved = lines.targets.filter(({ name }) => name !== null)
      const writes: Write[] = [
        factWrite(tables, row, { head: sealed.head, declared: lines.declared }),
        releasedFrom === null
          ? put(keys.applied(row.personId, applied.request, lines.part), applied, absent)
          : releasedWrite(tables, applied, lines.part, releasedFrom),
        ...reserved.map(({ target, name }) =>
          nameWrite(tables, target, name ?? '', row.personId, lines.quarantineOver),
        ),
        sealed.write,
        ...lines.targets.map(({ target, name }) => {
          const standing = person.targets.get(target)
          return standing === undefined
            ? newTargetWrite(tables, { personId: row.personId, target, name: name ?? '', ...wake })
            : wakeTargetWrite(tables, standing, wake)
        }),
        ...(person.events.some(event => event.person !== undefined)
          ? []
          : namesWrite(tables, row.personId, lines.declared?.person ?? null)),
        ...lines.grants.map(grant => put(keys.grant(grant), { ...grant, facts, ...grantPlace(grant) })),
        ...lines.grants
          .filter(({ atom }) => atom === 'copy-to-head')
          .map(grant => copyNotice(tables, grant, applied.at)),
        ...lines.endings.map(ending =>
          put(keys.ending(row.personId, ending.request, ending.line), { ...ending, facts }),
        ),
      ]
      const result = await commit(tables, writes)
      if (result.done) return 'applied'
      if (result.refused.includes(1)) return 'already'
      if (result.refused.includes(0)) return 'stale'
      const taken = reserved
        .filter((_, index) => result.refused.includes(index + 2))
        .map(({ target }) => target)
      return taken.length > 0 ? { taken } : 'stale'
    },

    /** Which of these names in a target are borne by somebody else, or rest in quarantine. */
    async namesTaken(
      target: TargetId,
      names: readonly string[],
      personId: string,
      quarantineOver: string,
    ): Promise<Set<string>> {
      const items = await batchGet(
        tables,
        tables.state,
        names.map(name => keys.name(target, name)),
      )
      const rows = items as unknown as (NameRow & Key)[]
      const taken = rows.filter(row =>
        row.releasedAt === null ? row.personId !== personId : row.releasedAt >= quarantineOver,
      )
      const pks = new Set(taken.map(row => row.pk))
      return new Set(names.filter(name => pks.has(keys.name(target, name).pk)))
    },

    /**
     * Gives an account another name before it exists: the target holds the old one for somebody unknown to us.
     * The old name rests. False when the row changed meanwhile or the new name was taken.
     */
    async rename(
      target: TargetRow,
      name: string,
      options: { entry: EntryDraft; dueAt: string; quarantineOver: string },
    ): Promise<boolean> {
      const sealed = seal(tables, chains.target(target.personId, target.target), target.head, options.entry)
      const result = await commit(tables, [
        {
          Update: {
            TableName: tables.state,
            Key: keys.target(target.personId, target.target),
            UpdateExpression:
              'SET #name = :name, #head = :head, dueAt = :due, dueShard = :shard, attempts = attempts + :one',
            ConditionExpression:
              '#head.#sequence = :sequence AND #name = :old AND attribute_not_exists(openIntent)',
            ExpressionAttributeNames: { '#name': 'name', '#head': 'head', '#sequence': 'sequence' },
            ExpressionAttributeValues: {
              ':name': name,
              ':old': target.name,
              ':head': sealed.head,
              ':due': options.dueAt,
              ':shard': accountShardOf(target),
              ':sequence': target.head.sequence,
              ':one': 1,
            },
          },
        },
        sealed.write,
        nameWrite(tables, target.target, name, target.personId, options.quarantineOver),
        releaseNameWrite(tables, target.target, target.name, target.personId, options.entry.at),
      ])
      return result.done
    },
  }
}

/** Moves the person's own row to its next fact; refused when somebody else recorded one since it was read. */
export function factWrite(tables: Tables, row: PersonRow, next: Partial<PersonRow>): Write {
  const changes = { facts: row.facts + 1, ...next }
  const names = Object.keys(changes)
  return {
    Update: {
      TableName: tables.state,
      Key: keys.person(row.personId),
      UpdateExpression: `SET ${names.map(name => `#${name} = :${name}`).join(', ')}`,
      ConditionExpression: '#facts = :was AND #head.#sequence = :sequence',
      ExpressionAttributeNames: {
        ...Object.fromEntries(names.map(name => [`#${name}`, name])),
        '#head': 'head',
        '#sequence': 'sequence',
      },
      ExpressionAttributeValues: {
        ...Object.fromEntries(Object.entries(changes).map(([name, value]) => [`:${name}`, value])),
        ':was': row.facts,
        ':sequence': row.head.sequence,
      },
    },
  }
}

/** R5: nobody's outgoing mail is copied without their being told. */
const copyNotice = (tables: Tables, { id, personId, request }: Grant, at: string): Write =>
  noticeWrite(
    tables,
    {
      template: 'copy-to-head',
      to: { kind: 'person', personId },
      about: { personId, task: null, target: 'mail', request },
      fact: id,
    },
    at,
  )

/** An event as it lies in the table: with when it came, and whether it is withheld. */
const keptEvent = (
  event: HrEvent,
  { entry, stopped }: { readonly entry: EntryDraft; readonly stopped: StoppedMember | null },
) => ({ ...event, receivedAt: entry.at, ...(stopped !== null && { withheld: stopped.hold }) })

const onceWrite = (tables: Tables, { id }: HrEvent, personId: string, bodyHash: string): Write => ({
  Put: {
    TableName: tables.state,
    Item: { ...keys.hrEvent(id), version: 1, personId, bodyHash },
    ConditionExpression: 'attribute_not_exists(pk)',
  },
})

/** Takes the place of the note that they were stopped. */
const releasedWrite = (
  tables: Tables,
  applied: AppliedLines,
  part: number | string,
  hold: string,
): Write => ({
  Put: {
    TableName: tables.state,
    Item: { ...keys.applied(applied.personId, applied.request, part), ...applied },
    ConditionExpression: 'withheld = :hold',
    ExpressionAttributeValues: { ':hold': hold },
  },
})

/** What is stopped says so in its own entry: where, and what would have been lost. */
const entryOf = ({
  entry,
  stopped,
}: {
  readonly entry: EntryDraft
  readonly stopped: StoppedMember | null
}): EntryDraft =>
  stopped === null ? entry : { ...entry, evidence: { stopped: stopped.hold, losses: stopped.losses } }
