import type { StoppedBatch, StoppedBatches } from '../../schemas/api-holds.ts'
import type { StoppedBatchRow, Voice } from '../../schemas/guard.ts'
import type { Caller } from '../domain/entitlement.ts'
import { listHashOf } from '../domain/guard.ts'
import { type Refusal, refuse, refuseWith } from '../domain/refusal.ts'
import type { EntryDraft } from '../stores/ledger.ts'
import type { KeptMember } from '../stores/stopped-batches.ts'
import { openCursor, sealCursor } from './cursor.ts'
import type { Engine } from './engine.ts'
import { knownPeople } from './known-people.ts'
import { nowOf, tries } from './registers.ts'
import { settleBatch } from './settle-batch.ts'

/** Losses in one answer: Lambda returns at most 6 MB. */
const mostLosses = 15_000
const mostRefs = 100
/** What a call carries out itself; the rest is the sweeper's. */
const inlineMilliseconds = 10_000
/** Both of them, by two people. */
const judges = ['security', 'authority'] as const

/** Batches that the guard has stopped: those that wait, then the settled ones, each the newest first. */
export async function listBatches(
  needed: Engine,
  query: { readonly state?: 'held' | 'settled' | undefined; readonly cursor?: string | undefined },
): Promise<StoppedBatches | Refusal> {
  const opened = openCursor(query.cursor)
  const [list = '', after = ''] = (opened?.place ?? '').split('|')
  if (opened === null || !/^(held|settled|)$/.test(list))
    return refuse('invalid', [{ pointer: '/query/cursor', code: 'query.bad-cursor' }])
  const holds: StoppedBatch[] = []
  let losses = 0
  let state: 'held' | 'settled' = list === 'settled' ? 'settled' : (query.state ?? 'held')
  for (let place: string | null = after === '' ? null : after; ; ) {
    const page = await needed.batches.page(state, place, 1)
    for (const batch of page.batches) {
      const viewed = await view(needed, batch, await needed.batches.members(batch.id))
      holds.push(viewed)
      losses += viewed.losses.length
    }
    place = page.next
    if (place === null) {
      if (state === 'settled' || query.state === 'held') return { holds, cursor: null }
      state = 'settled'
    }
    if (losses >= mostLosses || holds.length >= 50)
      return { holds, cursor: sealCursor(`${state}|${place ?? ''}`) }
  }
}

export interface Judgement {
  readonly caller: Caller
  readonly id: string
  readonly listHash: string
  readonly verdict: 'release' | 'discard'
}

/**
 * One voice for exactly the list that was read. Released or discarded is what `security` and `authority`, two people, have
 * said the same of; nobody speaks about a list on which they stand.
 */
export async function judgeBatch(needed: Engine, judgement: Judgement): Promise<StoppedBatch | Refusal> {
  const { caller, id, listHash, verdict } = judgement
  for (let attempt = 1; attempt <= tries; attempt++) {
    const batch = await needed.batches.load(id)
    if (batch === null) return refuse('not-found')
    const members = await needed.batches.members(id)
    // Somebody joined after the first voice: it was given for another list, and counts for nothing.
    const sameList = batch.listHash === null || batch.listHash === listHash
    const { releases, discards } = sameList ? batch : { releases: [], discards: [] }
    const given = verdict === 'release' ? releases : discards
    const mine = given.some(({ by }) => by === caller.personId)
    const roles = judges.filter(role => caller.roles.includes(role))
    const role = roles.find(one => given.every(voice => voice.role !== one))
    if (listHash !== listHashOf(members.map(({ member }) => member)))
      return refuseWith('conflict', 'hold.list-changed')
    if (members.some(({ member }) => member.personId === caller.personId))
      return refuseWith('forbidden', 'hold.concerned')
    // Said again: the same answer.
    if (mine && (batch.state !== 'held' || role === undefined || roles.length === 1))
      return view(needed, batch, members)
    if (batch.state !== 'held') return refuseWith('conflict', 'hold.settled')
    if (mine) return refuseWith('forbidden', 'hold.same-person')
    // The role's voice is given, by somebody else who holds it.
    if (role === undefined) return view(needed, batch, members)
    const { at } = nowOf(needed)
    const voices: Voice[] = [...given, { by: caller.personId, role, at }]
    const settled = voices.length === judges.length
    const next: Omit<StoppedBatchRow, 'head'> = {
      ...batch,
      listHash,
      releases,
      discards,
      ...(verdict === 'release' ? { releases: voices } : { discards: voices }),
      ...(settled && {
        state: verdict === 'release' ? ('released' as const) : ('discarded' as const),
        settledAt: at,
      }),
    }
    const entry = entryFor(batch, judgement, role, settled, members, at)
    const changed = await needed.batches.change(batch, next, { entry, dueAt: settled ? at : null })
    if (changed === null) continue
    if (settled) await settleBatch(needed, id, needed.clock() + inlineMilliseconds)
    return view(needed, (await needed.batches.load(id)) ?? changed, members)
  }
  return refuse('busy')
}

const entryFor = (
  { id }: StoppedBatchRow,
  { caller, listHash, verdict }: Judgement,
  role: Voice['role'],
  settled: boolean,
  members: readonly KeptMember[],
  at: string,
): EntryDraft => ({
  at,
  asOf: at,
  act: !settled ? 'batch-voiced' : verdict === 'release' ? 'batch-released' : 'batch-discarded',
  phase: 'recorded',
  subject: null,
  actor: { personId: caller.personId, role, onBehalfOf: null },
  system: 'llavero',
  request: null,
  cause: { kind: 'hold', ref: id },
  after: { verdict, listHash, members: members.length },
})

async function view(
  needed: Engine,
  batch: StoppedBatchRow,
  members: readonly KeptMember[],
): Promise<StoppedBatch> {
  const rows = await needed.people.rowsOf(members.map(({ member }) => member.personId))
  const people = knownPeople(needed)
  const said = (voices: readonly Voice[]) =>
    Promise.all(voices.map(async ({ by, role, at }) => ({ by: await people.ref(by), role, at })))
  const refs = new Set(members.map(({ member }) => member.cause.ref))
  return {
    id: batch.id,
    cause: { kind: batch.kind, refs: [...refs].slice(0, mostRefs) },
    at: batch.at,
    limit: batch.limit,
    losses: members.flatMap(({ member }) =>
      member.losses.map(({ system, loss }) => ({
        person: rows.get(member.personId)?.nationalId ?? null,
        system,
        loss,
      })),
    ),
    listHash: listHashOf(members.map(({ member }) => member)),
    releases: await said(batch.releases),
    discards: await said(batch.discards),
    state: batch.state,
    carriedOut: batch.carriedOut,
  }
}
