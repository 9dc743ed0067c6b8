import { moduleInWords, targetInWords } from './access-words.ts'
import { dayOf, sayInstant } from './civil-time.ts'
import type {
  Counted,
  EndFacts,
  NoticeFacts,
  PersonEnds,
  TasksDigest,
  UnitDigest,
  Words,
} from './notice-facts.ts'
import { lineInWords } from './notice-requests.ts'
import { phrase } from './step-words.ts'
import { type Code, say, sayDay } from './texts/index.ts'

/** What ends, and when. */
export function endInWords(facts: NoticeFacts, { target, module, lastDay, days }: EndFacts): string {
  const system = targetInWords(facts, target)
  const access = module === null ? system : `${system}: ${moduleInWords(facts, module)}`
  return say(facts.settings.locale, 'notice.end', { access, until: sayDay(lastDay), days })
}

const people = (facts: NoticeFacts, of: readonly PersonEnds[]): string[] =>
  of.flatMap(({ person, ends }) => [person, ...ends.map(end => `    - ${endInWords(facts, end)}`)])

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines]

function unitInWords(facts: NoticeFacts, digest: UnitDigest): string[] {
  const { locale } = facts.settings
  const lines = (of: UnitDigest['observed']) =>
    of.flatMap(({ number, lines }) =>
      lines.flatMap(line => [
        say(locale, 'notice.digest-line', { number, line: line.line }),
        ...lineInWords(facts, line).map(text => `    ${text}`),
      ]),
    )
  const { round } = digest
  const roundTitle =
    round === null
      ? ''
      : say(locale, 'notice.digest-round', { end: sayDay(round.lastDay), until: sayDay(round.closesOn) })
  return [
    say(locale, 'notice.digest', { unit: digest.unit }),
    ...section(roundTitle, people(facts, digest.renewable)),
    ...section(say(locale, 'notice.digest-ends'), people(facts, digest.ends)),
    ...section(say(locale, 'notice.digest-observed'), lines(digest.observed)),
    ...section(say(locale, 'notice.digest-contested'), lines(digest.contested)),
    '',
  ]
}

const hasNews = ({ ends, renewable, observed, contested }: UnitDigest): boolean =>
  ends.length + renewable.length + observed.length + contested.length > 0

/** What waits for somebody's units. Null: by now nothing does. */
export function unitDigest(facts: NoticeFacts): Words | null {
  const units = facts.units.filter(hasNews)
  if (units.length === 0) return null
  return {
    subject: phrase(facts, 'notice.digest-subject', { day: sayDay(facts.about.edition ?? '') }),
    lines: units.flatMap(unit => unitInWords(facts, unit)).slice(0, -1),
  }
}

function counted(facts: NoticeFacts, title: Code, found: Counted | null): string[] {
  if (found === null || found.all === 0) return []
  const { locale, timeZone } = facts.settings
  const tasks = found.named.map(({ id, target, name, dueBy }) =>
    say(locale, 'notice.digest-task', {
      task: id,
      target: target === null ? phrase(facts, 'target.none') : targetInWords(facts, target),
      name: name ?? '',
      due: sayInstant(dueBy, timeZone),
    }),
  )
  const more = found.fresh - found.named.length
  return [
    say(locale, title, { fresh: found.fresh, all: found.all }),
    ...tasks.map(task => `    - ${task}`),
    ...(more > 0 ? [`    ${say(locale, 'notice.digest-more', { more })}`] : []),
    '',
  ]
}

/** Whether there is anything in it that was not told before. `weekly`: what stays open is told again. */
export function hasTaskNews(
  { parked, unadopted, overdue, mails, deferred }: TasksDigest,
  weekly: boolean,
): boolean {
  const found = [parked, unadopted, overdue, mails].filter(one => one !== null)
  return deferred.all > 0 || found.some(({ fresh, all }) => fresh > 0 || (weekly && all > 0))
}

/** What waits for whoever does the tasks. Null: nothing does. */
export function tasksDigest(facts: NoticeFacts, subject: Code): Words | null {
  const { tasks, settings, about } = facts
  if (tasks === null) return null
  const { deferred, mails } = tasks
  const { locale } = settings
  const more = deferred.all - deferred.subjects.length
  const lines = [
    ...counted(facts, 'notice.digest-parked', tasks.parked),
    ...counted(facts, 'notice.digest-unadopted', tasks.unadopted),
    ...counted(facts, 'notice.digest-overdue', tasks.overdue),
    ...(mails === null || mails.all === 0
      ? []
      : [say(locale, 'notice.digest-mails', { fresh: mails.fresh, all: mails.all }), '']),
    ...(deferred.all === 0
      ? []
      : [
          say(locale, 'notice.digest-deferred', { all: deferred.all }),
          ...deferred.subjects.map(one => `    - ${one}`),
          ...(more > 0 ? [`    ${say(locale, 'notice.digest-more', { more })}`] : []),
          '',
        ]),
  ]
  if (lines.length === 0) return null
  const day = about.edition ?? dayOf(about.until ?? new Date(0).toISOString(), settings.timeZone)
  return { subject: phrase(facts, subject, { day: sayDay(day) }), lines: lines.slice(0, -1) }
}
