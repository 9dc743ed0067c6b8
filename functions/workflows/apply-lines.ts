import { setTimeout as pause } from 'node:timers/promises'
import type { NamedPerson } from '../../schemas/person.ts'
import type { AppliedLines, Grant, KeptLine } from '../../schemas/request.ts'
import type { Ending } from '../../schemas/rows.ts'
import { TargetId } from '../../schemas/settings.ts'
import { atomsOf, endedBy, targetOf } from '../domain/atoms.ts'
import { dayOf } from '../domain/civil-time.ts'
import { type Reach, reachesGrant, reachOf } from '../domain/ending.ts'
import { grantsOf, standingGrants } from '../domain/granting.ts'
import { endsWithinTheHour } from '../domain/last-hour.ts'
import { foldEvents } from '../domain/register.ts'
import type { LinesToApply, PersonAggregate } from '../stores/people.ts'
import type { KeptRequest } from '../stores/requests.ts'
import { type Engine, instantOf, placeOf, quarantineOver } from './engine.ts'
import { pickName } from './pick-name.ts'
import { lossesBy, weighLosses } from './weigh-losses.ts'

/** Grants written in one transaction; with rows, names and the entry it stays below DynamoDB's hundred items. */
const atomsPerTransaction = 80
const tries = 12
const retryMinutes = 1

/**
 * Applies what was accepted of a request, person by person, each in one transaction (or a few, where a person's lines are
 * many) and idempotent by (request, person, part). What cannot be applied now stays due: the sweeper comes again.
 *
 * @param mayGoOn whether there is time left; asked before every person and every new try
 * @returns whether every accepted line is applied; a bug is thrown after everybody else's lines were applied
 */
export async function applyRequest(
  engine: Engine,
  request: KeptRequest,
  mayGoOn = () => true,
): Promise<boolean> {
  if (request.row.applied) return true
  const byPerson = new Map<string, KeptLine[]>()
  for (const line of request.lines)
    if (line.decision === 'accepted' && line.personId !== null)
      byPerson.set(line.personId, [...(byPerson.get(line.personId) ?? []), line])
  const waiting = [...byPerson]
  let missed = 0
  const bugs: unknown[] = []
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      try {
        if (!mayGoOn() || !(await applyPerson(engine, request, next[0], next[1], { mayGoOn }))) missed++
      } catch (bug) {
        // What is wrong with one person's record keeps nobody else of the form waiting.
        bugs.push(bug)
      }
  }
  await Promise.all([worker(), worker(), worker(), worker()])
  // Not put off: it stays the oldest that is due, so that somebody is told.
  if (bugs.length > 0) throw bugs[0]
  // Not marked: a line was approved meanwhile, and whoever approved it applies it.
  if (missed === 0) return engine.requests.markApplied(request.row, instantOf(engine.clock()))
  engine.log('unapplied', { request: request.row.number, people: missed })
  // Out of time, and not out of luck: it is due as it was.
  if (!mayGoOn()) return false
  await engine.requests.postpone(request.row.number, instantOf(engine.clock() + retryMinutes * 60_000))
  return false
}

/**
 * Applies what the guard had stopped of one person's lines, now that two people have released it.
 *
 * @returns whether nothing of it is left to apply
 */
export async function applyReleased(
  engine: Engine,
  request: KeptRequest,
  personId: string,
  hold: string,
): Promise<boolean> {
  const lines = request.lines.filter(line => line.decision === 'accepted' && line.personId === personId)
  return applyPerson(engine, request, personId, lines, { released: hold })
}

/** What was decided of a line stands, and its request is due: what cannot be applied now is the sweeper's to apply. */
export async function applyInline(engine: Engine, number: string): Promise<void> {
  try {
    const kept = await engine.requests.load(number)
    if (kept !== null) await applyRequest(engine, kept)
  } catch (bug) {
    engine.log('unapplied', { request: number, people: null, ...placeOf(bug) })
  }
}

/** Lines of one person, cut into parts that fit a transaction. The cut depends on the lines alone, so that a repeat cuts alike. */
function partsOf(lines: readonly KeptLine[]): KeptLine[][] {
  const parts: KeptLine[][] = [[]]
  let size = 0
  for (const line of lines) {
    const weight = line.kind === 'activation' ? atomsOf(line.filed.access, new Set()).length + 1 : 1
    if (size + weight > atomsPerTransaction && size > 0) {
      parts.push([])
      size = 0
    }
    parts.at(-1)?.push(line)
    size += weight
  }
  return parts
}

interface Trying {
  /** The batch out of which two people have released what the guard had stopped. */
  readonly released?: string | null
  readonly mayGoOn?: () => boolean
}

async function applyPerson(
  engine: Engine,
  request: KeptRequest,
  personId: string,
  lines: readonly KeptLine[],
  how: Trying,
): Promise<boolean> {
  // What was approved or completed later is a part of its own: the cut of what was filed stays as it was.
  const later = lines.filter(({ decisions, completions }) => (decisions ?? completions) !== undefined)
  const parts: [number | string, KeptLine[]][] = [
    ...partsOf(lines.filter(line => !later.includes(line))).entries(),
    ...later.map((line): [string, KeptLine[]] => [line.line, [line]]),
  ]
  for (const [part, cut] of parts)
    if (cut.length > 0 && !(await applyPart(engine, request, personId, part, cut, how))) return false
  return true
}

async function applyPart(
  engine: Engine,
  request: KeptRequest,
  personId: string,
  part: number | string,
  lines: readonly KeptLine[],
  { released = null, mayGoOn = () => true }: Trying,
): Promise<boolean> {
  for (let attempt = 1; attempt <= tries && (attempt === 1 || mayGoOn()); attempt++) {
    const person = await engine.people.load(personId)
    if (person === null) return false
    const stopped = person.stopped.find(
      fact => fact.lines?.request === request.row.number && fact.lines.part === String(part),
    )
    if (stopped !== undefined && stopped.hold !== released) return true
    const prepared = await prepare(engine, request, person, part, lines)
    const ready: LinesToApply =
      stopped === undefined
        ? { ...prepared, stopped: await weigh(engine, prepared), releasedFrom: null }
        : { ...prepared, stopped: null, releasedFrom: stopped.hold }
    const result = await engine.people.apply(ready)
    if (result === 'applied' && ready.stopped === null) await ring(engine, ready)
    if (result === 'applied' || result === 'already') return true
    // Somebody else recorded a fact about this person, or took a name: read again. Jitter keeps fifty forms from marching in step.
    await pause(Math.random() * 40 * attempt)
  }
  return false
}

/** Whoever would lose access by these lines is counted; beyond the limit of an hour they wait for two people. */
const weigh = (
  engine: Engine,
  { person, grants, endings, applied }: Omit<LinesToApply, 'stopped' | 'releasedFrom'>,
): Promise<LinesToApply['stopped']> => {
  const ended = ({ request, line }: Ending) => ({ at: applied.at, request, line })
  const after = [...person.grants, ...grants].map(grant => {
    const ending = endings.find(one => reachesGrant(one, grant))
    return ending === undefined || grant.ended !== null ? grant : { ...grant, ended: ended(ending) }
  })
  const losses = lossesBy(engine, person, { ...person, grants: after })
  return weighLosses(engine, 'form', person, losses, applied.request)
}

async function prepare(
  engine: Engine,
  request: KeptRequest,
  person: PersonAggregate,
  part: number | string,
  lines: readonly KeptLine[],
): Promise<Omit<LinesToApply, 'stopped' | 'releasedFrom'>> {
  const { settings } = engine
  const { number, kind, unit } = request.row
  // A completed line is a part of its own, and stands under the signature of whoever completed it.
  const signer = lines[0]?.completions?.at(-1)?.by ?? request.row.signer
  const now = engine.clock()
  const at = instantOf(now)
  const facts = person.row.facts + 1
  const granting = { personId: person.row.personId, unit, request: number, recordedAt: at, origin: kind }
  const standing = standingGrants(person, settings, at)
  const grants: Grant[] = []
  const endings: Ending[] = []
  const applied: AppliedLines['lines'] = []
  let declared = person.row.declared
  for (const line of lines) {
    if (line.kind === 'activation') {
      const granted = grantsOf(line, granting, [...standing, ...grants])
      grants.push(...granted)
      declared =
        settings.personnelRegister === 'declared'
          ? { person: { ...line.filed.person, nationalId: person.row.nationalId }, unit }
          : declared
      applied.push({
        line: line.line,
        targets: targetsOf(granted.map(({ atom }) => atom)),
        desiredVersion: facts,
        stillGranted: [],
      })
    } else {
      const ending: Ending = {
        version: 1,
        personId: person.row.personId,
        request: number,
        line: line.line,
        ...reachOf(line.filed, signer, unit, person, dayOf(at, settings.timeZone), settings.timeZone),
        at,
        facts,
      }
      endings.push(ending)
      const { touched, stillGranted } = consequences(person, standing, ending)
      applied.push({ line: line.line, targets: targetsOf(touched), desiredVersion: facts, stillGranted })
    }
  }
  const targets = new Set(applied.flatMap(line => line.targets))
  const over = quarantineOver(settings, now)
  const named =
    foldEvents(person.events, dayOf(at, settings.timeZone), settings.timeZone).person ?? declared?.person
  const bearer = named ?? lines.find(line => line.kind === 'activation')?.filed.person ?? null
  return {
    person,
    part,
    grants,
    endings,
    urgent: endings.length > 0 || endsWithinTheHour(rowsOf(person, targets), at),
    applied: { version: 1, request: number, personId: person.row.personId, at, lines: applied },
    declared,
    quarantineOver: over,
    targets: (
      await Promise.all([...targets].map(target => nameIn(engine, person, target, bearer, over)))
    ).flat(),
    entry: {
      at,
      asOf: at,
      act: 'lines-applied',
      phase: 'recorded',
      subject: person.row.personId,
      actor: { personId: signer.personId, role: signer.capacity, onBehalfOf: signer.onBehalfOf },
      system: 'llavero',
      request: number,
      cause: { kind: 'form', ref: number },
      after: {
        unit,
        granted: grants.map(({ line, atom, from, until }) => ({ line, atom, from, until })),
        ended: endings.map(({ line, access, unit: of }) => ({ line, access, unit: of })),
      },
    },
  }
}

const rowsOf = (person: PersonAggregate, targets: ReadonlySet<TargetId>) =>
  [...targets].flatMap(target => person.targets.get(target) ?? [])

/** A target the person is in already keeps its name; a new one gets a proposal. Without names there is nothing to open. */
async function nameIn(
  engine: Engine,
  person: PersonAggregate,
  target: TargetId,
  names: NamedPerson | null,
  over: string,
): Promise<{ target: TargetId; name: string | null }[]> {
  if (person.targets.has(target)) return [{ target, name: null }]
  if (names === null) return []
  const bearer = { personId: person.row.personId, names }
  return [{ target, name: await pickName(engine.people, engine.settings, target, bearer, over) }]
}

/** What a deactivation touches: the atoms it ends, and what other units go on granting of what it names. */
function consequences(person: PersonAggregate, standing: readonly Grant[], reach: Reach) {
  const { access } = reach
  const concerned = standing.filter(grant => endedBy(access, grant.atom))
  const ended = concerned.filter(grant => reachesGrant(reach, grant))
  const left = concerned.filter(grant => !ended.includes(grant))
  // Also where no grant stands any more an account may: an end not carried out yet, or one that failed. It is looked at.
  const rows = [...person.targets.keys()].filter(
    target => access.system === 'all' || access.system === target,
  )
  const stillGranted = new Map(
    left.map(({ atom, unit: of }) => [`${atom} ${of}`, { atom, unit: of }] as const),
  )
  return {
    touched: [...rows.map(target => anyAtomOf[target]), ...ended.map(grant => grant.atom)],
    stillGranted: [...stillGranted.values()],
  }
}

/** A deactivation looks at every target it names that the person ever had; `all` names every one (R9). */
const anyAtomOf: Record<TargetId, string> = {
  directory: 'account',
  mail: 'mail',
  erp: 'erp:all',
  'data-centre': 'door:all',
}

const targetsOf = (atoms: readonly string[]): TargetId[] => {
  const targets = new Set(atoms.map(targetOf))
  return TargetId.options.filter(target => targets.has(target))
}

/** Mail that has to wait for the directory is not rung: the directory's worker rings it. */
async function ring(engine: Engine, { person, applied, urgent }: LinesToApply): Promise<void> {
  const targets = new Set(applied.lines.flatMap(line => line.targets))
  if (targets.has('directory') && !urgent && person.targets.get('mail')?.observed?.state !== 'enabled')
    targets.delete('mail')
  const missed = await engine.bells.ring(
    [...targets].map(target => ({ personId: applied.personId, target, urgent })),
  )
  if (missed > 0) engine.log('doorbell-missed', { personId: applied.personId, missed })
}
