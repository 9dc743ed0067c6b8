import type { LineStatus } from '../../schemas/request.ts'
import { accessInWords } from './access-words.ts'
import type { LineFacts, NoticeFacts, RequestFacts, Words } from './notice-facts.ts'
import { phrase, within } from './step-words.ts'
import { type Code, say, sayDay } from './texts/index.ts'

const statuses: Readonly<Record<LineStatus, Code>> = {
  rejected: 'line.rejected',
  observed: 'line.observed',
  'awaiting-approval': 'line.awaiting-approval',
  accepted: 'line.accepted',
  'in-progress': 'line.in-progress',
  done: 'line.done',
  acknowledged: 'line.acknowledged',
  contested: 'line.contested',
  failed: 'line.failed',
  ended: 'line.ended',
}

/** One line of a form: whom, what, how it stands, and why. */
export function lineInWords({ settings }: Pick<NoticeFacts, 'settings'>, line: LineFacts): string[] {
  const { locale } = settings
  const person = line.person ?? within({ settings }, 'notice.person-gone')
  const status = within({ settings }, statuses[line.status])
  const until =
    line.until === null ? [] : [phrase({ settings }, 'notice.until', { until: sayDay(line.until) })]
  return [
    `${line.line}. ${say(locale, line.kind === 'activation' ? 'notice.line-on' : 'notice.line-off', { person, status })}`,
    `    ${[accessInWords({ settings }, line.access), ...until].join('. ')}.`,
    ...line.reasons.map(
      ({ rule, message }) =>
        `    ${say(locale, 'notice.line-reason', { rule, message: message.replace(/\.$/, '') })}`,
    ),
  ]
}

const linesInWords = (facts: NoticeFacts, { lines }: RequestFacts): string[] =>
  lines.flatMap(line => lineInWords(facts, line))

const settled: readonly LineStatus[] = ['done', 'acknowledged']
const refused: readonly LineStatus[] = ['rejected', 'observed']

export function requestFiled(facts: NoticeFacts): Words | null {
  const { settings, request } = facts
  if (request === null) return null
  const { number, unit, lines } = request
  const has = (status: LineStatus) => lines.some(line => line.status === status)
  const over = lines.every(({ status }) => status === 'rejected')
  return {
    subject: phrase(facts, 'notice.request-filed-subject', {
      number,
      accepted: lines.filter(({ status }) => !refused.includes(status) && status !== 'awaiting-approval')
        .length,
      lines: lines.length,
    }),
    lines: [
      say(settings.locale, 'notice.request-filed', { number, unit }),
      '',
      ...linesInWords(facts, request),
      '',
      ...(has('observed') ? [say(settings.locale, 'notice.request-observed')] : []),
      say(settings.locale, over ? 'notice.request-closed' : 'notice.request-follows'),
    ],
  }
}

export function requestSettled(facts: NoticeFacts): Words | null {
  const { settings, request } = facts
  if (request === null) return null
  const { number, unit, lines } = request
  return {
    subject: phrase(facts, 'notice.request-settled-subject', {
      number,
      done: lines.filter(({ status }) => settled.includes(status)).length,
      lines: lines.length,
    }),
    lines: [
      say(settings.locale, 'notice.request-settled', { number, unit }),
      '',
      ...linesInWords(facts, request),
    ],
  }
}

export function lineDecided(facts: NoticeFacts): Words | null {
  const { settings, request, about } = facts
  const line = request?.lines.find(one => one.line === about.line)
  if (request === null || line === undefined) return null
  const { number, unit } = request
  return {
    subject: phrase(facts, 'notice.line-decided-subject', {
      number,
      line: line.line,
      status: within(facts, statuses[line.status]),
    }),
    lines: [say(settings.locale, 'notice.line-decided', { number, unit }), '', ...lineInWords(facts, line)],
  }
}
