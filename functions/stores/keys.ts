import { createHash } from 'node:crypto'
import type { TaskKind } from '../../schemas/rows.ts'

/** Every key of the state table, in one place. A person's rows share one partition: one query reads the whole aggregate. */
export type Key = { readonly pk: string; readonly sk: string }

const key = (pk: string, sk: string): Key => ({ pk, sk })
const digest = (text: string) => createHash('sha256').update(text).digest('base64url')

export const personPartition = (personId: string) => `PERSON#${personId}`
/** Whose partition it is. */
export const personOf = (pk: string): string => pk.slice(personPartition('').length)

export const keys = {
  person: (personId: string) => key(personPartition(personId), 'PERSON'),
  event: (personId: string, event: { effectiveOn: string; recordedAt: string; id: string }) =>
    key(personPartition(personId), `EVENT#${event.effectiveOn}#${event.recordedAt}#${event.id}`),
  /** A later line with the same (unit, contract, atom) takes over on the day on which it begins: until then both stand. */
  grant: (grant: {
    personId: string
    unit: string
    contract: string
    atom: string
    request: string
    line: string
  }) =>
    key(
      personPartition(grant.personId),
      `GRANT#${grant.unit}#${grant.contract}#${grant.atom}#${grant.request}#${grant.line}`,
    ),
  ending: (personId: string, request: string, line: string) =>
    key(personPartition(personId), `ENDING#${request}#${line}`),
  names: (personId: string) => key(personPartition(personId), 'NAMES'),
  /** One event whatever way it came: its body's hash, so that another body under the same id is told. */
  hrEvent: (id: string) => key(`HR-EVENT#${id}`, 'HR-EVENT'),
  guard: (kind: string) => key(`GUARD#${kind}`, 'GUARD'),
  stoppedBatch: (id: string) => key(`STOPPED#${id}`, 'STOPPED'),
  /** `part` tells a person's stopped changes apart. */
  stoppedMember: (hold: string, personId: string, part: string) =>
    key(`STOPPED#${hold}`, `MEMBER#${personId}#${part}`),
  hold: (personId: string, id: string) => key(personPartition(personId), `HOLD#${id}`),
  target: (personId: string, target: string) => key(personPartition(personId), `TARGET#${target}`),
  drift: (personId: string, target: string) => key(personPartition(personId), `DRIFT#${target}`),
  /** One request's lines about one person; `part` splits what does not fit one transaction. */
  applied: (personId: string, request: string, part: number | string) =>
    key(personPartition(personId), `APPLIED#${request}#${part}`),
  credentials: (personId: string) => key(personPartition(personId), 'CREDENTIALS'),
  badge: (personId: string) => key(personPartition(personId), 'BADGE'),
  /** Where a card is, by its number. */
  cardPlace: (number: string) => key(`BADGE-CARD#${number}`, 'BADGE-CARD'),
  /** R18: who holds standing access. */
  keyHolders: () => key('KEY-HOLDERS', 'KEY-HOLDERS'),
  role: (personId: string, role: string) => key(personPartition(personId), `ROLE#${role}`),
  roleChange: (id: string) => key(`ROLE-CHANGE#${id}`, 'ROLE-CHANGE'),
  /** The scheme's normalised text. */
  nationalId: (nationalId: string) => key(`NATIONAL-ID#${nationalId}`, 'NATIONAL-ID'),
  name: (target: string, name: string) => key(`NAME#${target}#${name.toLowerCase()}`, 'NAME'),
  identity: (issuer: string, subject: string) =>
    key(`IDENTITY#${digest(`${issuer}\n${subject}`)}`, 'IDENTITY'),
  request: (number: string) => key(`REQUEST#${number}`, 'REQUEST'),
  lines: (number: string, chunk: number) =>
    key(`REQUEST#${number}`, `LINES#${String(chunk).padStart(3, '0')}`),
  requestCounter: (year: string) => key(`COUNTER#${year}`, 'COUNTER'),
  idempotency: (callerId: string, route: string, clientKey: string) =>
    key(`IDEMPOTENCY#${digest(`${callerId}\n${route}\n${clientKey}`)}`, 'IDEMPOTENCY'),
  unit: (id: string) => key(`UNIT#${id}`, 'UNIT'),
  body: () => key('BODY', 'BODY'),
  /** How far the sweeper has rung a target's due rows. */
  round: (target: string) => key(`SYSTEM#${target}`, 'ROUND'),
  /** A target as a whole: its mode in force, and the walk over its accounts. */
  system: (target: string) => key(`SYSTEM#${target}`, 'SYSTEM'),
  reading: (target: string) => key(`READING#${target}`, 'READING'),
  readingChunk: (target: string, generation: number, index: number) =>
    key(`READING#${target}`, `CHUNK#${generation}#${String(index).padStart(5, '0')}`),
  /** Whose account of a target it is, by the target's own key; written when it is adopted. */
  account: (target: string, accountId: string) => key(`ACCOUNT#${target}#${accountId}`, 'ACCOUNT'),
  task: (id: string) => key(`TASK#${id}`, 'TASK'),
  doorAlarm: (id: string) => key(`DOOR-ALARM#${id}`, 'DOOR-ALARM'),
  visit: (id: string) => key(`VISIT#${id}`, 'VISIT'),
  /** How many visitors are in the data centre. */
  room: () => key('ROOM', 'ROOM'),
  notice: (id: string) => key(`NOTICE#${id}`, 'NOTICE'),
  /** When the last mails went to an address of the settings. */
  mailSlots: (address: string) => key(`MAILS#${digest(address)}`, 'MAILS'),
  /** Which ends a person was told ahead. */
  told: (personId: string) => key(personPartition(personId), 'TOLD'),
  edition: () => key('DIGESTS', 'EDITION'),
  digestItem: (edition: string, unit: string, item: string) =>
    key(`DIGEST#${edition}#${unit}`, `ITEM#${item}`),
} as const

/** Chains of the ledger, one an aggregate. */
export const chains = {
  body: () => 'body',
  person: (personId: string) => `person/${personId}`,
  target: (personId: string, target: string) => `target/${personId}/${target}`,
  credentials: (personId: string) => `credentials/${personId}`,
  badge: (personId: string) => `badge/${personId}`,
  request: (number: string) => `request/${number}`,
  unit: (id: string) => `unit/${id}`,
  system: (target: string) => `system/${target}`,
  task: (id: string) => `task/${id}`,
  hold: (id: string) => `hold/${id}`,
  doorAlarm: (id: string) => `alarm/${id}`,
  visit: (id: string) => `visit/${id}`,
} as const

/** Partitions of the `list` index. */
export const lists = {
  requestsOfUnit: (unit: string) => `requests#${unit}`,
  units: () => 'units',
  /** Sorted by the last day, so that what is over is not read. */
  roles: () => 'roles',
  /** Those that wait for a second person, sorted by when they lapse. */
  roleChanges: () => 'role-changes',
  /** Every account row of a target, and every person: sorted by person id within a shard. */
  accounts: (target: string, shard: ListShard) => `accounts#${target}#${shard}`,
  people: (shard: ListShard) => `people#${shard}`,
  drift: (target: string) => `drift#${target}`,
  /** Sorted by `<due by>#<id>`. */
  openTasks: (kind: TaskKind) => `tasks#open#${kind}`,
  /** Sorted by `<closed at>#<id>`. */
  closedTasks: () => 'tasks#closed',
  /** Mails that could not be sent, as long as they cannot, sorted by `<since>#<id>`. */
  parkedNotices: () => 'notices#parked',
  /** One too many for one of the settings' addresses, sorted by `<when>#<id>`. */
  deferredNotices: (recipient: string) => `notices#deferred#${recipient}`,

  /** Visits: expected, inside or waiting for the authority; over; over and without names. Sorted by `<when>#<id>`. */
  visits: (part: 'unsettled' | 'settled' | 'forgotten') => `visits#${part}`,

  /** Batches the guard has stopped: those that wait, and the others; sorted by `<at>#<id>`. */
  stoppedBatches: (state: 'held' | 'settled') => `stopped#${state}`,
  /** Alarms of the doors that the ledger tells of, sorted by id. */
  doorAlarms: () => 'door-alarms',
  /** What a unit granted and what may end with a year, sorted by `<last day as filed>#<person id>`. */
  ending: (unit: string) => `ending#${unit}`,

  /** Everybody by name: the range key is the name itself. */
  names: (shard: ListShard) => `names#${shard}`,
} as const

/** Shards of the lists that grow with the body. */
export const listShards = ['0', '1', '2', '3', '4', '5', '6', '7'] as const
export type ListShard = (typeof listShards)[number]

/** Where an account row stands among its target's. */
export const accountPlace = (target: string, personId: string) => ({
  listKey: lists.accounts(target, listShardOf(personId)),
  listSort: personId,
})
/** Where a person's own row stands among everybody's. */
export const personPlace = (personId: string) => ({
  listKey: lists.people(listShardOf(personId)),
  listSort: personId,
})

/** Where a role stands among everybody's; one without an end after all others. */
export const rolePlace = (personId: string, { role, until }: { role: string; until: string | null }) => ({
  listKey: lists.roles(),
  listSort: `${until ?? '9999-12-31'}#${role}#${personId}`,
})
export const roleChangePlace = ({ id, lapsesAt }: { id: string; lapsesAt: string }) => ({
  listKey: lists.roleChanges(),
  listSort: `${lapsesAt}#${id}`,
})
/** Where a grant stands among what its unit granted; one under planta has no place, for it never ends with a year. */
export const grantPlace = (grant: {
  readonly personId: string
  readonly unit: string
  readonly contract: string
  readonly until: string | null
}) =>
  grant.contract.startsWith('planta:')
    ? {}
    : { listKey: lists.ending(grant.unit), listSort: `${grant.until ?? noEnd}#${grant.personId}` }

/** Sorts behind every last day: the grant ends when its contract does. */
const noEnd = '9999-12-31'

export const namePlace = (personId: string, line: string) => ({
  listKey: lists.names(listShardOf(personId)),
  listSort: line,
})

const listShardOf = (personId: string) => shardOf(personId, listShards.length) as ListShard

/** Shards of the `due` index for what is not an account row (requests, walks, …): the sweeper asks each of them. */
export const dueShards = ['0', '1', '2', '3', '4', '5', '6', '7'] as const
export const dueShardOf = (pk: string) => shardOf(pk, dueShards.length)

/** Shards of their own for mails: however many wait to be sent, what closes an access waits behind none of them. */
export const noticeShards = ['notices#0', 'notices#1', 'notices#2', 'notices#3'] as const
export const noticeShardOf = (pk: string) => `notices#${shardOf(pk, noticeShards.length)}`

/** Shards for requests whose lines are applied: looking what became of them holds up nothing else. */
export const followShards = ['follows#0', 'follows#1', 'follows#2', 'follows#3'] as const
export const followShardOf = (pk: string) => `follows#${shardOf(pk, followShards.length)}`

/**
 * Lanes of the `due` index for account rows, each target's own: a target that rests or answers slowly holds up no other,
 * what is urgent overtakes, and what is parked can be counted.
 */
export const lanes = { normal: 8, urgent: 2, parked: 2 } as const
export type Lane = keyof typeof lanes
export const laneShards = (target: string, lane: Lane): string[] =>
  Array.from({ length: lanes[lane] }, (_, shard) => `${target}#${lane}#${shard}`)

export function accountShardOf(row: {
  readonly personId: string
  readonly target: string
  readonly state: string
  readonly urgent: boolean
}): string {
  const lane = row.state === 'parked' ? 'parked' : row.urgent ? 'urgent' : 'normal'
  return `${row.target}#${lane}#${shardOf(row.personId, lanes[lane])}`
}

/** Shards of a day of the ledger: `by-window` is `<day>#<shard>`, its range key `<instant>#<entry id>`. */
export const windowShards = ['0', '1', '2', '3'] as const
export const windowShardOf = (chain: string, at: string) =>
  `${at.slice(0, 10)}#${shardOf(chain, windowShards.length)}`

function shardOf(text: string, shards: number): string {
  return String(createHash('sha256').update(text).digest().readUInt32BE(0) % shards)
}
