import type { DecidedLine, FiledRequest, WholeLine } from '../../schemas/api.ts'
import type { AppliedLines, KeptLine, LineStatus, Signer } from '../../schemas/request.ts'
import type { TaskRow } from '../../schemas/rows.ts'
import { lineHash } from '../domain/line-hash.ts'
import { answerOf, type LineTarget, lineStatus, requestStatus } from '../domain/line-progress.ts'
import { grantTimes, standingAt } from '../domain/standing.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { KeptRequest } from '../stores/requests.ts'
import type { TaskStore } from '../stores/tasks.ts'
import { type KnownPeople, knownPeople } from './known-people.ts'
import { nowOf, type Registers } from './registers.ts'

type Needed = Pick<Registers, 'people' | 'settings' | 'clock'> & { readonly tasks: Pick<TaskStore, 'load'> }
type AppliedLine = AppliedLines['lines'][number]

/** What there is to a line beside itself, read for one answer. */
interface Around {
  readonly person: PersonAggregate | null
  /** What the last objection has opened. */
  readonly task: TaskRow | null
}

async function around({ tasks }: Needed, line: KeptLine, people: KnownPeople): Promise<Around> {
  const asked = line.kind === 'activation' ? line.answers?.at(-1)?.task : undefined
  const [person, task] = await Promise.all([
    line.personId === null ? null : people.person(line.personId),
    asked == null ? null : tasks.load(asked),
  ])
  return { person, task }
}

/** Where the lines of a request stand by now, in the order of the form. */
export const viewLines = (
  registers: Needed,
  { row, lines }: { readonly row: { readonly number: string }; readonly lines: readonly KeptLine[] },
  people: KnownPeople,
): Promise<WholeLine[]> =>
  Promise.all(
    lines.map(async line => {
      const [beside, said] = await Promise.all([around(registers, line, people), saidOf(line, people)])
      return viewLine(registers, row.number, line, beside, said)
    }),
  )

type Said = Pick<WholeLine, 'decisions' | 'completions' | 'answers'>

/** Who has said what of a line, in names. */
async function saidOf(line: KeptLine, people: KnownPeople): Promise<Said> {
  const { decisions, completions } = line
  const answers = line.kind === 'activation' ? line.answers : undefined
  return {
    ...(decisions !== undefined && {
      decisions: await Promise.all(
        decisions.map(async ({ verdict, by, at, comment }) => ({
          decision: verdict,
          by: await people.ref(by),
          at,
          comment,
        })),
      ),
    }),
    ...(completions !== undefined && {
      completions: await Promise.all(
        completions.map(async ({ by, at, was: { decision, filed } }) => ({
          by: await signerView(by, people),
          at,
          was: { decision, ...(filed !== undefined && { filed }) },
        })),
      ),
    }),
    ...(answers !== undefined && { answers: answers.map(({ correct, at }) => ({ correct, at })) }),
  }
}

/** Both names where a deputy acts (R1). */
export async function signerView(
  { personId, capacity, onBehalfOf }: Signer,
  people: KnownPeople,
): Promise<NonNullable<WholeLine['completions']>[number]['by']> {
  return {
    person: await people.ref(personId),
    capacity,
    onBehalfOf: onBehalfOf === null ? null : await people.ref(onBehalfOf),
  }
}

const appliedLine = (person: PersonAggregate | null, number: string, line: KeptLine) =>
  person?.applied
    .filter(({ request }) => request === number)
    .flatMap(({ lines }) => lines)
    .find(one => one.line === line.line)

function viewLine(
  registers: Needed,
  number: string,
  line: KeptLine,
  { person, task }: Around,
  said: Said,
): WholeLine {
  const applied = appliedLine(person, number, line)
  const targets = (applied?.targets ?? []).flatMap(target => person?.targets.get(target) ?? [])
  return {
    line: line.line,
    kind: line.kind,
    filed: line.filed,
    decision: line.decision,
    status: statusOf(registers, number, line, { person, task }),
    reasons: line.reasons,
    progress: targets.map(({ target, state, observedAt }) => ({ target, state, observedAt })),
    ...(line.kind === 'deactivation' && { stillGranted: applied?.stillGranted ?? [] }),
    ...said,
    hash: lineHash(line),
  }
}

/** Where one line stands by now, and which targets it needs. */
export async function lineNow(
  registers: Needed,
  number: string,
  line: KeptLine,
): Promise<{ status: LineStatus; targets: AppliedLine['targets'] }> {
  const beside = await around(registers, line, knownPeople(registers))
  const targets = appliedLine(beside.person, number, line)?.targets ?? []
  return { status: statusOf(registers, number, line, beside), targets }
}

function statusOf(registers: Needed, number: string, line: KeptLine, { person, task }: Around): LineStatus {
  const { at } = nowOf(registers)
  const applied = appliedLine(person, number, line)
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
    answer: answerOf(line.kind === 'activation' ? line.answers : undefined, task),
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

/** The first thing that was said of a line after its filing: what it was said on, and how the line stood. */
function firstSaid(line: KeptLine): Pick<DecidedLine, 'status' | 'reasons' | 'hash'> | null {
  const [decision] = line.decisions ?? []
  const [completion] = line.completions ?? []
  const first = completion?.decided === 0 ? completion : decision
  if (first !== undefined) return { status: first.was.decision, reasons: first.was.reasons, hash: first.on }
  // An answer is given to what was accepted, and changes nothing of it.
  const [answer] = line.kind === 'activation' ? (line.answers ?? []) : []
  return answer === undefined ? null : { status: line.decision, reasons: line.reasons, hash: answer.on }
}

/** What was decided of the lines when they were filed: the same for a form and for its replay, whatever was said of them since. */
const filedLines = (lines: readonly KeptLine[]): DecidedLine[] =>
  lines.map(line => {
    const { decision: status, reasons } = line
    return { line: line.line, ...(firstSaid(line) ?? { status, reasons, hash: lineHash(line) }) }
  })

/** A line as it was decided just now; one that ends something names what other units still grant. */
export async function tellLine(registers: Needed, number: string, line: KeptLine): Promise<DecidedLine> {
  const { line: id, decision: status, reasons } = line
  const told = { line: id, status, reasons, hash: lineHash(line) }
  if (line.kind === 'activation' || line.personId === null) return told
  const left = appliedLine(await registers.people.load(line.personId), number, line)?.stillGranted ?? []
  return left.length === 0 ? told : { ...told, stillGranted: left }
}

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
