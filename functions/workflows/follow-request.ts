import type { WholeLine } from '../../schemas/api.ts'
import type { LineStatus } from '../../schemas/request.ts'
import { requestNotices } from '../domain/request-notices.ts'
import type { KeptRequest } from '../stores/requests.ts'
import { type Engine, instantOf } from './engine.ts'
import { knownPeople } from './known-people.ts'
import { viewLines } from './view-request.ts'

/** Minutes until the next look after the n-th; then once a day. */
const nextLookMinutes = [15, 60, 360]
const dayMinutes = 1440
/** Looks in all: some sixty days. */
const mostLooks = nextLookMinutes.length + 60

const over: readonly LineStatus[] = ['rejected', 'done', 'acknowledged', 'ended', 'failed']

/** How the lines stand, as one text. */
const outcomeOf = (lines: readonly WholeLine[]): string =>
  lines.map(({ line, status }) => `${line}=${status}`).join(' ')

/**
 * Looks what became of a request whose lines are applied, and tells the unit once every line is settled (R8). A line that
 * could not be done counts as settled, and once it is done after all the unit is told again. Otherwise it is looked at again
 * later, at most some sixty days after the last decision.
 */
export async function followRequest(engine: Engine, request: KeptRequest): Promise<void> {
  const { row } = request
  const now = engine.clock()
  const lines = await viewLines(engine, request, knownPeople(engine))
  const outcome = outcomeOf(lines)
  const settled = lines.every(({ status }) => over.includes(status))
  const failed = lines.some(({ status }) => status === 'failed')
  // Told of failures before: told again only when there are none left.
  const told = settled && row.toldOutcome !== outcome && (row.toldOutcome === null || !failed)
  const minutes = nextLookMinutes[row.followed] ?? dayMinutes
  const again = (!settled || failed) && row.followed + 1 < mostLooks
  const done = await engine.requests.follow(
    row,
    {
      dueAt: again ? instantOf(now + minutes * 60_000) : null,
      ...(told && { toldOutcome: outcome }),
    },
    told ? requestNotices('request-settled', row, `settled ${outcome}`) : [],
    instantOf(now),
  )
  if (done && told) engine.log('request-settled', { request: row.number, lines: lines.length })
}
