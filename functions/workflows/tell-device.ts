import type { Command } from '../domain/door-protocol.ts'
import { commandsFor, isToTell, sentTo } from '../domain/door-users.ts'
import type { Given } from '../stores/devices.ts'
import type { Changed } from '../stores/door-users.ts'
import { type Doors, ringFor, type Visit } from './door-visit.ts'

/** People of one answer: with six commands each it stays below what the smallest device takes in one. */
const mostPeople = 10
/** Gaps in the events that are asked for in one answer. */
const mostGaps = 5
const commandsOfOne = 6

/** Milliseconds from one comparison of a whole device to the next, and after which one is given up. */
const comparison = { every: 86_400_000, again: 60_000, patience: 600_000 } as const

/**
 * What a device is to do now, each with its id: what takes away first, then what became due first; events that were missed;
 * and once a day everything that it holds. Rows are marked before the device hears of it: an answer that is lost is given
 * again, with other ids.
 */
export async function commandsOf(doors: Doors, visit: Visit): Promise<(readonly [number, Command])[]> {
  const { device, at } = visit
  const { serial } = device
  const [due, gaps] = await Promise.all([
    doors.users.due(serial, at, mostPeople),
    doors.events.missing(serial, at),
  ])
  const compares = isToCompare(visit)
  const asked = gaps.slice(0, mostGaps)
  const most = due.length * commandsOfOne + asked.length + (compares ? 2 : 0)
  if (most === 0) return []
  let id = await doors.devices.takeIds(serial, most)
  const commands: (readonly [number, Command])[] = []
  const given = new Map<number, Given>()
  const changes: Changed[] = []
  for (const { pin } of due) {
    const first = id
    const change = await doors.users.change(serial, pin, row =>
      isToTell(row, at)
        ? sentTo(
            row,
            commandsFor(row, visit.ways).map((_, index) => first + index),
            at,
          )
        : null,
    )
    changes.push(change)
    const { before, after } = change
    if (after === null || after === before) continue
    for (const { command, tells } of commandsFor(after, visit.ways)) {
      given.set(id, { pin, tells })
      commands.push([id, command])
      id += 1
    }
  }
  if (given.size > 0) await doors.devices.noteGiven(serial, given, at)
  await ringFor(doors, changes)
  for (const { from, to } of asked) commands.push([id++, { say: 'resend', from, to }])
  if (!compares) return commands
  const comparing = { user: id, userauthorize: id + 1, at }
  await doors.devices.compare(serial, comparing)
  return [
    ...commands,
    [comparing.user, { say: 'show', table: 'user', pin: null }],
    [comparing.userauthorize, { say: 'show', table: 'userauthorize', pin: null }],
  ]
}

/** Once a day, and whenever it may have forgotten everybody; of one whose line breaks all the time not each time. */
function isToCompare({ device: { comparedAt, comparing, greetedAt }, at }: Visit): boolean {
  const since = (instant: string) => Date.parse(at) - Date.parse(instant)
  if (comparing !== null && since(comparing.at) < comparison.patience) return false
  if (comparedAt === null || since(comparedAt) >= comparison.every) return true
  return greetedAt !== null && comparedAt < greetedAt && since(comparedAt) >= comparison.again
}
