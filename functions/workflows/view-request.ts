import type { DecidedLine, FiledRequest, WholeLine } from '../../schemas/api.ts'
import type { AppliedLines, KeptLine, LineStatus } from '../../schemas/request.ts'
import { lineHash } from '../domain/line-hash.ts'
import { type LineTarget, lineStatus, requestStatus } from '../domain/line-progress.ts'
import { grantTimes, standingAt } from '../domain/standing.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { KeptRequest } from '../stores/requests.ts'
import { type KnownPeople, knownPeople } from './known-people.ts'
import { nowOf, type Registers } from './registers.ts'

type Needed = Pick<Registers, 'people' | 'settings' | 'clock'>
type AppliedLine = AppliedLines['lines'][number]

/** Where the lines of a request stand by now, in the order of the form. */
export const viewLines = (
  registers: Needed,
  { row, lines }: KeptRequest,
  people: KnownPeople,
): Promise<WholeLine[]> =>
  Promise.all(
    lines.map(async line => {
      const person = line.personId === null ? null : await people.person(line.personId)
      const decisions = await Promise.all(
        (line.decisions ?? []).map(async ({ verdict, by, at, comment }) => ({
          decision: verdict,
          by: await people.ref(by),
          at,
          comment,
        })),
      )
      return viewLine(registers, row.number, line, person, decisions)
    }),
  )

function viewLine(
  registers: Needed,
  number: string,
  line: KeptLine,
  person: PersonAggregate | null,
  decisions: NonNullable<WholeLine['decisions']>,
): WholeLine {
  const applied = person?.applied
    .filter(({ request }) => request === number)
    .flatMap(({ lines }) => lines)
    .find(one => one.line === line.line)
  const targets = (applied?.targets ?? []).flatMap(target => person?.targets.get(target) ?? [])
  return {
    line: line.line,
    kind: line.kind,
    filed: line.filed,
    decision: line.decision,
    status: statusOf(registers, number, line, person, applied),
    reasons: line.reasons,
    progress: targets.map(({ target, state, observedAt }) => ({ target, state, observedAt })),
    ...(line.kind === 'deactivation' && { stillGranted: applied?.stillGranted ?? [] }),
    ...(line.decisions !== undefined && { decisions }),
    hash: lineHash(line),
  }
}

function statusOf(
  registers: Needed,
  number: string,
  line: KeptLine,
  person: PersonAggregate | null,
  applied: AppliedLine | undefined,
): LineStatus {
  const { at } = nowOf(registers)
  const grants =
    person === null || applied === undefined
      ? []
      : grantTimes(person, registers.settings)
          .filter(({ grant }) => grant.request === number && grant.line === line.line)
          .map(times => standingAt(times, registers.settings, at))
  return lineStatus({
    kind: line.kind,
    decision: line.decision,
    applied: applied !== undefined,
    grants,
    targets: (applied?.targets ?? []).flatMap((target): LineTarget[] => {
      const row = person?.targets.get(target)
      return row === undefined
        ? []
        : [
            {
              appliedVersion: row.appliedVersion,
              state: row.state,
              lastAsOf: row.lastAsOf,
              dueAt: row.dueAt,
              neededVersion: applied?.desiredVersion ?? 0,
            },
          ]
    }),
  })
}

export const statusOfRequest = (lines: readonly { readonly status: LineStatus }[]) =>
  requestStatus(lines.map(({ status }) => status))

/** What is decided of the lines, and nothing of what became of it since. */
export const decidedLines = (lines: readonly KeptLine[]): DecidedLine[] =>
  lines.map(line => ({
    line: line.line,
    status: line.decision,
    reasons: line.reasons,
    hash: lineHash(line),
  }))

/** What was decided of the lines when they were filed: the same for a form and for its replay, whatever an authority said since. */
const filedLines = (lines: readonly KeptLine[]): DecidedLine[] =>
  lines.map(({ line, decision, reasons, decisions }, index) => {
    const [first] = decisions ?? []
    if (first === undefined)
      return { line, status: decision, reasons, hash: lineHash(lines[index] as KeptLine) }
    return { line, status: first.was.decision, reasons: first.was.reasons, hash: first.on }
  })

/** A filed form's answer; a deactivation that is applied names what other units still grant. */
export async function tellFiled(registers: Needed, kept: KeptRequest): Promise<FiledRequest> {
  const people = knownPeople(registers)
  const applied = await viewLines(
    registers,
    { ...kept, lines: kept.lines.filter(({ kind }) => kind === 'deactivation') },
    people,
  )
  const left = new Map(applied.map(({ line, stillGranted }) => [line, stillGranted]))
  const lines = filedLines(kept.lines).map(line => {
    const stillGranted = left.get(line.line) ?? []
    return stillGranted.length === 0 ? line : { ...line, stillGranted }
  })
  return { number: kept.row.number, status: statusOfRequest(lines), lines }
}
