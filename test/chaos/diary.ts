import { dayOf, endOfAccess, lastDayOfYear, startOfDay } from '../../functions/domain/civil-time.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { Hold } from '../../schemas/hold.ts'
import type { HrEvent } from '../../schemas/hr-event.ts'
import type { Grant } from '../../schemas/request.ts'
import type { Settings, TargetId } from '../../schemas/settings.ts'

/**
 * The rules a second time, as somebody would apply them who keeps a diary: of one day, by leafing through all that was told,
 * without spans, periods or cuts. What the product decides is held against it.
 */
interface Person {
  readonly events: readonly HrEvent[]
  readonly grants: readonly Grant[]
  readonly holds: readonly Hold[]
}
type Rules = Pick<Settings, 'timeZone' | 'personnelRegister' | 'leaves'>

const keyOf = ({ type, startsOn }: Pick<Contract, 'type' | 'startsOn'>) => `${type}:${startsOn}`
const instantOf = (text: string) => Date.parse(text)

/** Told once each, without what was corrected, in the order in which it took effect. */
function told(events: readonly HrEvent[]): HrEvent[] {
  const corrected = new Set(
    events.flatMap(({ id, supersedes }) => (supersedes === undefined || supersedes === id ? [] : supersedes)),
  )
  const order = ({ effectiveOn, recordedAt, id }: HrEvent) =>
    `${effectiveOn} ${new Date(recordedAt).toISOString()} ${id}`
  return events
    .filter(({ id }, place) => !corrected.has(id) && events.findIndex(one => one.id === id) === place)
    .sort((one, other) => (order(one) < order(other) ? -1 : 1))
}

interface Post {
  readonly contract: Contract
  readonly unit: string | null
  /** First day on which it had been ended. */
  readonly endedOn: string | null
}

/** Where somebody works after a number of events. */
interface Place {
  readonly unit: string | null
  readonly posts: ReadonlyMap<string, Post>
}

/** What an event takes away: what `unit` gave (null: any) under `contract` (null: any); both null: under unknown contracts. */
interface Leaving {
  readonly unit: string | null
  readonly contract: string | null
}

/** What an event comes back to, by which a leaving before it is over. */
type Returning = (leaving: Leaving) => boolean

interface Turn {
  readonly event: HrEvent
  readonly leaves: readonly Leaving[]
  readonly returns: Returning
}

const runs = ({ contract, endedOn }: Post, day: string) =>
  contract.startsOn <= day &&
  (contract.endsOn === null || contract.endsOn >= day) &&
  (endedOn === null || day < endedOn)
const dayBefore = (day: string) =>
  new Date(Date.parse(`${day}T12:00:00Z`) - 86_400_000).toISOString().slice(0, 10)

const never: Returning = () => false

/** One event after the others: where the person works now, what they have left by it, and what they are back in. */
function turn(place: Place, event: HrEvent): { place: Place; turn: Turn } {
  const named = event.contract === undefined ? null : keyOf(event.contract)
  const posts = new Map(place.posts)
  switch (event.type) {
    case 'hired':
    case 'contract-renewed': {
      if (event.contract === undefined || named === null)
        return { place, turn: { event, leaves: [], returns: never } }
      const was = posts.get(named)?.unit ?? null
      const unit = event.unit ?? was ?? place.unit
      posts.set(named, { contract: event.contract, unit, endedOn: null })
      return {
        place: { unit: event.unit ?? place.unit ?? unit, posts },
        turn: {
          event,
          leaves: was !== null && was !== unit ? [{ unit: was, contract: named }] : [],
          returns: left =>
            (left.contract === null || left.contract === named) && (left.unit === null || left.unit === unit),
        },
      }
    }
    case 'transferred': {
      const to = event.unit ?? null
      const from = named === null ? place.unit : (posts.get(named)?.unit ?? place.unit)
      for (const [key, post] of posts)
        if (named === null ? post.unit === from : key === named) posts.set(key, { ...post, unit: to })
      return {
        place: { unit: to, posts },
        turn: {
          event,
          leaves: from !== null && from !== to ? [{ unit: from, contract: named }] : [],
          returns: left =>
            left.unit === to && (named === null || left.contract === null || left.contract === named),
        },
      }
    }
    case 'contract-ended':
    case 'terminated': {
      const running = (day: string) => [...posts].filter(([, post]) => runs(post, day)).map(([key]) => key)
      const yesterday = running(dayBefore(event.effectiveOn))
      const current = yesterday.length > 0 ? yesterday : running(event.effectiveOn)
      const ended = named !== null ? [named] : event.type === 'terminated' ? [...posts.keys()] : current
      for (const key of ended) {
        const post = posts.get(key)
        if (post === undefined) continue
        const before = post.endedOn !== null && post.endedOn < event.effectiveOn
        posts.set(key, { ...post, endedOn: before ? post.endedOn : event.effectiveOn })
      }
      const unknown: Leaving[] = named === null ? [{ unit: null, contract: null }] : []
      return {
        place: { ...place, posts },
        turn: {
          event,
          leaves: [...ended.map(contract => ({ unit: null, contract })), ...unknown],
          returns: never,
        },
      }
    }
    default:
      return { place, turn: { event, leaves: [], returns: never } }
  }
}

interface Page {
  readonly place: Place
  readonly turns: readonly Turn[]
}

/** All that had taken effect by the evening of a day. */
function pageOf(events: readonly HrEvent[], day: string): Page {
  let place: Place = { unit: null, posts: new Map() }
  const turns: Turn[] = []
  for (const event of told(events)) {
    if (event.effectiveOn > day) break
    const next = turn(place, event)
    place = next.place
    turns.push(next.turn)
  }
  return { place, turns }
}

type Given = Pick<Grant, 'unit' | 'contract' | 'recordedAt'>
interface Loss extends Leaving {
  readonly forGood: boolean
}

const makes = ({ type, contract }: HrEvent, key: string) =>
  (type === 'hired' || type === 'contract-renewed') && contract !== undefined && keyOf(contract) === key

/** What took away what was given: a leaving that was not over when it was given, or never is. */
function lossesOf({ turns }: Page, given: Given, zone: string): Loss[] {
  return turns.flatMap(({ event, leaves }, at) =>
    leaves.flatMap(left => {
      const anywhere = left.unit === null && left.contract === null
      // Hired later under what only forms had spoken of: that is how the person is back, where they had been terminated.
      const made = turns.findIndex(turned => makes(turned.event, given.contract))
      if (anywhere && made >= 0 && (made < at || event.type !== 'terminated')) return []
      if (left.unit !== null && left.unit !== given.unit) return []
      if (left.contract !== null && left.contract !== given.contract) return []
      const back = anywhere ? event : turns.slice(at + 1).find(({ returns }) => returns(left))?.event
      const since = instantOf(startOfDay(event.effectiveOn, zone))
      const until = Math.min(
        ...[back, anywhere ? turns[made]?.event : undefined].map(by =>
          by === undefined ? Infinity : Math.max(since, instantOf(by.recordedAt)),
        ),
      )
      if (instantOf(given.recordedAt) >= until) return []
      const hiredAfter = turns.slice(at + 1).some(later => later.event.type === 'hired')
      const forGood = event.type === 'terminated' || (left.unit === null && hiredAfter)
      return [{ ...left, forGood }]
    }),
  )
}

/** The contracts by which something given is carried on a day, one of which must run. */
function carriedBy(person: Person, one: Grant, rules: Rules, day: string): boolean {
  const page = pageOf(person.events, day)
  const { posts } = page.place
  const lost = lossesOf(page, one, rules.timeZone)
  const own = posts.get(one.contract)
  if (own !== undefined && runs(own, day) && lost.length === 0) return true
  if (own === undefined && rules.personnelRegister === 'declared' && lost.length === 0) {
    const { startsOn, endsOn } = one.declared
    if (startsOn <= day && (endsOn === null || day <= endsOn)) return true
  }
  if (lost.some(({ forGood, unit }) => forGood || unit !== null)) return false
  return [...posts].some(
    ([contract, post]) =>
      follows(one, post) &&
      runs(post, day) &&
      lossesOf(page, { ...one, contract }, rules.timeZone).length === 0,
  )
}

/** A renewal holds under the contract of the next year, too: of that unit, and with the same responsibility (R2). */
const follows = (one: Grant, { contract, unit }: Post): boolean =>
  one.origin === 'renewal' &&
  contract.startsOn > one.declared.startsOn &&
  (contract.type === 'honorarios') === (one.declared.type === 'honorarios') &&
  contract.startsOn <= lastDayOfYear(one.from) &&
  (unit === null || unit === one.unit)

/** Whether a later line about the same access has begun. */
function replaced(person: Person, one: Grant, rules: Rules, at: number): boolean {
  const order = ({ recordedAt, request, line }: Grant) =>
    `${new Date(recordedAt).toISOString()} ${request.padStart(24)} ${line.slice(1).padStart(3, '0')}`
  const posts = pageOf(person.events, '9999-12-31').place.posts
  const keys = [one.contract, ...[...posts].flatMap(([key, post]) => (follows(one, post) ? key : []))]
  return person.grants.some(
    other =>
      other.unit === one.unit &&
      other.atom === one.atom &&
      keys.includes(other.contract) &&
      order(other) > order(one) &&
      instantOf(startOfDay(other.from, rules.timeZone)) <= at,
  )
}

/** Whether people, or the register, keep somebody out of a system. */
function keptOut(person: Person, target: TargetId, rules: Rules, at: number): boolean {
  const byHand = person.holds.some(
    ({ since, until, ended }) =>
      instantOf(since) <= at &&
      (until === null || at < instantOf(until)) &&
      (ended === null || at < instantOf(ended.at)),
  )
  if (byHand) return true
  const day = dayOf(new Date(at).toISOString(), rules.timeZone)
  const { place, turns } = pageOf(person.events, day)
  const events = turns.map(({ event }) => event)
  const since = (types: readonly HrEvent['type'][]) =>
    events.slice(events.findLastIndex(({ type }) => types.includes(type)) + 1)
  const asOfHired = since(['hired'])
  if (asOfHired.some(({ type }) => type === 'terminated')) return true
  const ended = asOfHired.find(({ type }) => type === 'contract-ended')?.effectiveOn
  if (ended !== undefined) {
    const another = [...place.posts.values()].some(post => {
      const lasts = (last: string | null) => last === null || last >= ended
      return (
        post.contract.startsOn <= day &&
        lasts(post.contract.endsOn) &&
        lasts(post.endedOn === null ? null : dayBefore(post.endedOn))
      )
    })
    if (!another) return true
  }
  return since(['leave-ended', 'terminated']).some(
    ({ type, leave }) =>
      type === 'leave-started' &&
      (rules.leaves.find(({ id }) => id === leave)?.shuts.includes(target) ?? true),
  )
}

/** Whether a grant gives what it grants at an instant. */
export function gives(person: Person, one: Grant, target: TargetId, rules: Rules, instant: string): boolean {
  const at = instantOf(instant)
  const day = dayOf(instant, rules.timeZone)
  return (
    at >= instantOf(startOfDay(one.from, rules.timeZone)) &&
    (one.until === null || at < instantOf(endOfAccess(one.until, rules.timeZone))) &&
    (one.ended === null || at < instantOf(one.ended.at)) &&
    !replaced(person, one, rules, at) &&
    carriedBy(person, one, rules, day) &&
    !keptOut(person, target, rules, at)
  )
}

/** The atoms that make somebody have an account in a target at all. */
const accountOf: Record<TargetId, RegExp> = {
  directory: /^account$/,
  mail: /^mail$/,
  erp: /^erp:/,
  'data-centre': /^door:/,
}

/** Whether somebody's account in a target should be open at an instant. */
export const shouldBeOpen = (person: Person, target: TargetId, rules: Rules, instant: string): boolean =>
  person.grants.some(one => accountOf[target].test(one.atom) && gives(person, one, target, rules, instant))
