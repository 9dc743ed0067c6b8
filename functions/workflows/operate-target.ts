import type { ModeChange, TargetList, TargetView } from '../../schemas/api-operations.ts'
import type { SystemRow } from '../../schemas/rows.ts'
import type { TargetSettings } from '../../schemas/settings.ts'
import type { Caller } from '../domain/entitlement.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { type Engine, instantOf, modeOf, rests } from './engine.ts'
import { knownPeople } from './known-people.ts'
import { nowOf, type Registers, tries } from './registers.ts'

type Needed = Pick<Registers, 'people' | 'identities' | 'settings' | 'clock'> &
  Pick<Engine, 'systems' | 'lanes' | 'lists'>

/** A run that began before a change of mode has ended by then: the longest takes 60 s. */
const longestRunMilliseconds = 90_000

/** Every target of the body, with its mode and the work before it. */
export async function readTargets(registers: Needed): Promise<TargetList> {
  const { targets } = registers.settings
  const rows = await registers.systems.some(targets.map(({ id }) => id))
  return {
    targets: await Promise.all(targets.map(target => view(registers, target, rows.get(target.id) ?? null))),
  }
}

/**
 * Says what a target does from now on (by `it`, see the contract's table). It holds from the next run; one that is under
 * way goes on for a minute at most (`quietFrom`). A mode in which work goes on wakes every account: whatever happened to
 * the target meanwhile, a new host or an old backup, is found. The same again changes nothing.
 */
export async function changeMode(
  registers: Needed,
  caller: Caller,
  id: string,
  { mode, reason }: ModeChange,
): Promise<TargetView | Refusal> {
  const target = registers.settings.targets.find(one => one.id === id)
  if (target === undefined) return refuse('not-found')
  if (target.kind === 'manual' && mode === 'active')
    return refuse('conflict', [{ pointer: '/mode', code: 'target.without-interface' }])
  for (let attempt = 1; attempt <= tries; attempt++) {
    const standing = await registers.systems.load(target.id)
    if (standing?.mode === mode && standing.reason === reason) return view(registers, target, standing)
    const before = modeOf(registers.settings, target.id, standing)
    const { at } = nowOf(registers)
    const walk = rests(mode)
      ? null
      : before === mode
        ? (standing?.walk ?? null)
        : { startedAt: at, place: null, woken: 0 }
    const next = {
      target: target.id,
      mode,
      since: before === mode ? (standing?.since ?? at) : at,
      by: caller.personId,
      reason,
      walk,
      // Under another mode it is looked at anew: it may be another host.
      outage: before === mode ? (standing?.outage ?? null) : null,
      unanswered: [],
    }
    const done = await registers.systems.change(standing, next, {
      at,
      asOf: at,
      act: 'target-mode-changed',
      phase: 'recorded',
      subject: null,
      actor: { personId: caller.personId, role: 'it', onBehalfOf: null },
      system: target.id,
      request: null,
      cause: { kind: 'operator', ref: target.id },
      before: { mode: before },
      after: { mode, reason },
    })
    if (done) return view(registers, target, await registers.systems.load(target.id))
  }
  return refuse('busy')
}

async function view(registers: Needed, target: TargetSettings, row: SystemRow | null): Promise<TargetView> {
  const { at } = nowOf(registers)
  const mode = modeOf(registers.settings, target.id, row)
  const said = row?.by == null ? null : { by: row.by, reason: row.reason ?? '' }
  const [{ due, urgent, parked, oldest }, accounts, body, by] = await Promise.all([
    registers.lanes.depth(target.id, at),
    registers.lists.countAccounts(target.id),
    row?.since == null ? registers.identities.body() : null,
    said === null ? null : knownPeople(registers).ref(said.by),
  ])
  return {
    id: target.id,
    kind: target.kind,
    mode,
    since: row?.since ?? body?.foundedAt ?? at,
    ...(said !== null && by !== null && { by, reason: said.reason }),
    ...(row?.since != null &&
      mode !== 'active' && { quietFrom: instantOf(Date.parse(row.since) + longestRunMilliseconds) }),
    depth: due,
    urgent,
    oldestDue: oldest,
    parked,
    accounts,
    walk: row?.walk ? { startedAt: row.walk.startedAt, woken: row.walk.woken } : null,
    outOfReachSince: row?.outage?.since ?? null,
  }
}
