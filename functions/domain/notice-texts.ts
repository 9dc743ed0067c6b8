import type { NoticeTemplate, TaskRow } from '../../schemas/rows.ts'
import type { Settings, TargetId } from '../../schemas/settings.ts'
import { sayInstant } from './civil-time.ts'
import { phrase } from './step-words.ts'
import { taskInWords } from './task-words.ts'
import { type Code, say } from './texts/index.ts'

/** What a mail may tell, joined when it is sent. Names go into the mail and nowhere else; a national id never does. */
export interface NoticeFacts {
  readonly settings: Settings
  /** Null: the person is no longer kept. */
  readonly person: { readonly name: string; readonly unit: string } | null
  readonly target: TargetId | null
  readonly task: TaskRow | null
}

export interface Mail {
  readonly subject: string
  readonly text: string
}

interface Words {
  readonly subject: string
  readonly lines: readonly string[]
}

const targetNames: Readonly<Record<TargetId, Code>> = {
  directory: 'target.directory',
  mail: 'target.mail',
  erp: 'target.erp',
}

/** A phrase in the middle of a sentence. */
const within = (facts: NoticeFacts, code: Code): string => {
  const said = phrase(facts, code)
  return `${said.slice(0, 1).toLowerCase()}${said.slice(1)}`
}

const targetIn = (facts: NoticeFacts): string =>
  facts.target === null ? phrase(facts, 'target.none') : within(facts, targetNames[facts.target])

const personIn = (facts: NoticeFacts): string =>
  facts.person === null ? within(facts, 'notice.person-gone') : `${facts.person.name} (${facts.person.unit})`

function taskLines(facts: NoticeFacts, task: TaskRow): string[] {
  const { settings } = facts
  const { locale, timeZone } = settings
  const steps = taskInWords(settings, task).map((sentence, index) => `${index + 1}. ${sentence}`)
  const numbers = { task: task.id, request: task.request ?? '' }
  return [
    ...steps,
    '',
    ...(task.until === null
      ? []
      : [say(locale, 'notice.task-until', { until: sayInstant(task.until, timeZone) })]),
    say(locale, task.request === null ? 'notice.task-without-request' : 'notice.task-number', numbers),
  ]
}

function aboutTask(facts: NoticeFacts, subject: Code, opening: Code): Words | null {
  const { settings, task } = facts
  if (task === null) return null
  const due = sayInstant(task.dueBy, settings.timeZone)
  return {
    subject: phrase(facts, subject, { target: targetIn(facts), due, times: task.escalations }),
    lines: [say(settings.locale, opening, { person: personIn(facts) }), '', ...taskLines(facts, task)],
  }
}

/** Every mail there is: another one is an entry here, its words in the catalogue and its name in `NoticeTemplate`. */
const templates: Readonly<Record<NoticeTemplate, (facts: NoticeFacts) => Words | null>> = {
  'task-opened': facts =>
    aboutTask(
      facts,
      facts.task?.urgent ? 'notice.task-opened-urgent-subject' : 'notice.task-opened-subject',
      'notice.task-opened',
    ),
  'task-changed': facts => aboutTask(facts, 'notice.task-changed-subject', 'notice.task-changed'),
  'task-withdrawn': facts => aboutTask(facts, 'notice.task-withdrawn-subject', 'notice.task-withdrawn'),
  'task-overdue': facts => aboutTask(facts, 'notice.task-overdue-subject', 'notice.task-overdue'),
  'copy-to-head': facts => ({
    subject: phrase(facts, 'notice.copy-to-head-subject'),
    lines: [say(facts.settings.locale, 'notice.copy-to-head')],
  }),
}

/** A mail in words; null: what it was to tell of is gone. */
export function renderNotice(template: NoticeTemplate, facts: NoticeFacts): Mail | null {
  const words = templates[template](facts)
  if (words === null) return null
  const { settings } = facts
  const footer = say(settings.locale, 'notice.footer', { body: settings.body.name })
  return {
    // A line break in a subject would begin another header.
    subject: words.subject.replace(/[\p{C}\u2028\u2029]+/gu, ' '),
    text: [...words.lines, '', '--', footer, ''].join('\n'),
  }
}
