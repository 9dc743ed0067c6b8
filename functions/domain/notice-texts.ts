import type { NoticeTemplate } from '../../schemas/notice-template.ts'
import type { TaskRow } from '../../schemas/rows.ts'
import type { TargetId } from '../../schemas/settings.ts'
import { targetInWords } from './access-words.ts'
import { alarmTexts } from './alarm-words.ts'
import { sayInstant } from './civil-time.ts'
import { endInWords, tasksDigest, unitDigest } from './notice-digests.ts'
import type { Mail, NoticeFacts, Words } from './notice-facts.ts'
import { lineDecided, requestFiled, requestSettled } from './notice-requests.ts'
import { phrase, within } from './step-words.ts'
import { traitsOf } from './target-traits.ts'
import { taskInWords } from './task-words.ts'
import { type Code, say, sayDay } from './texts/index.ts'

export type { Mail, NoticeFacts } from './notice-facts.ts'

const targetNames: Readonly<Record<TargetId, Code>> = {
  directory: 'target.directory',
  mail: 'target.mail',
  erp: 'target.erp',
  'data-centre': 'target.data-centre',
}

type AlarmTold = NonNullable<NoticeFacts['about']['alarms']>[number]

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

/** R11: how the person comes to a password. Never what it is. */
function passwordCode({ settings, target }: NoticeFacts): Code {
  const own = settings.targets.find(({ id }) => id === target)
  if (own === undefined || !traitsOf(own).setsPassword) return 'notice.password-desk'
  return settings.credentials.codeRequired ? 'notice.password-code' : 'notice.password-here'
}

function accountReady(facts: NoticeFacts): Words | null {
  const { settings, target, account, person, instead } = facts
  if (target === null || account === null || person === null) return null
  const system = targetInWords(facts, target)
  return {
    subject: phrase(facts, 'notice.account-ready-subject', { system }),
    lines: [
      say(settings.locale, 'notice.account-ready', { name: account, person: person.name, system }),
      say(settings.locale, passwordCode(facts)),
      ...(instead ? [say(settings.locale, 'notice.instead-of')] : []),
    ],
  }
}

function accessEnding(facts: NoticeFacts): Words | null {
  const { settings, ends } = facts
  const [first] = ends.map(({ lastDay }) => lastDay).sort()
  if (first === undefined) return null
  return {
    subject: phrase(facts, 'notice.access-ending-subject', { until: sayDay(first) }),
    lines: [
      say(settings.locale, 'notice.access-ending'),
      ...ends.map(end => `- ${endInWords(facts, end)}`),
      '',
      say(settings.locale, 'notice.ask-head'),
    ],
  }
}

const causes: Readonly<Record<NonNullable<NoticeFacts['about']['cause']>, Code>> = {
  'hr-event': 'notice.cause-hr-event',
  import: 'notice.cause-import',
  calendar: 'notice.cause-calendar',
  drift: 'notice.cause-drift',
  form: 'notice.cause-form',
}

function batchStopped(facts: NoticeFacts): Words {
  const { cause, hold = '-' } = facts.about
  const said = {
    hold,
    cause: within(facts, cause === undefined ? 'notice.cause-unknown' : causes[cause]),
  }
  return {
    subject: phrase(facts, 'notice.batch-stopped-subject'),
    lines: [say(facts.settings.locale, 'notice.batch-stopped', said)],
  }
}

const suspensionReported = (facts: NoticeFacts): Words => ({
  subject: phrase(facts, 'notice.suspension-reported-subject'),
  lines: [
    say(facts.settings.locale, 'notice.suspension-reported', {
      person: personIn(facts),
      hold: facts.about.hold ?? '-',
    }),
  ],
})

const doorIn = ({ settings }: NoticeFacts, serial: string | null): string =>
  settings.doors.find(door => door.serial === serial)?.name ?? serial ?? within({ settings }, 'alarm.no-door')

function alarmLine(facts: NoticeFacts, { kind, door, at, times }: AlarmTold): string {
  const { locale, timeZone } = facts.settings
  const said = {
    alarm: within(facts, alarmTexts[kind]),
    door: doorIn(facts, door),
    at: sayInstant(at, timeZone),
    times,
  }
  return `- ${say(locale, times === 1 ? 'notice.alarm' : 'notice.alarm-repeated', said)}`
}

/** Of one alarm its subject tells what it is; of several how many there are. */
function doorAlarms(facts: NoticeFacts): Words | null {
  const { about, settings } = facts
  const alarms = about.alarms ?? []
  const [first] = alarms
  if (first === undefined) return null
  const alone = alarms.length === 1
  return {
    subject: alone
      ? phrase(facts, 'notice.door-alarm-subject', {
          alarm: within(facts, alarmTexts[first.kind]),
          door: doorIn(facts, first.door),
        })
      : phrase(facts, 'notice.door-alarms-subject', { alarms: alarms.length }),
    lines: [
      say(settings.locale, 'notice.door-alarms'),
      ...alarms.map(alarm => alarmLine(facts, alarm)),
      ...(alone && about.personId !== null
        ? ['', say(settings.locale, 'notice.door-alarm-person', { person: personIn(facts) })]
        : []),
    ],
  }
}
const aboutCard = (facts: NoticeFacts, subject: Code, text: Code): Words => ({
  subject: phrase(facts, subject),
  lines: [say(facts.settings.locale, text, { person: personIn(facts) })],
})

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
  'request-filed': requestFiled,
  'request-settled': requestSettled,
  'line-decided': lineDecided,
  'account-ready': accountReady,
  'access-ending': accessEnding,
  'digest-unit': unitDigest,
  'digest-it': facts => tasksDigest(facts, 'notice.digest-it-subject'),
  'digest-tasks': facts => tasksDigest(facts, 'notice.digest-tasks-subject'),
  'batch-stopped': batchStopped,
  'suspension-reported': suspensionReported,
  'visit-unescorted': facts => ({
    subject: phrase(facts, 'notice.visit-unescorted-subject'),
    lines: [say(facts.settings.locale, 'notice.visit-unescorted', { visit: facts.about.visit ?? '-' })],
  }),
  'target-out-of-reach': facts => ({
    subject: phrase(facts, 'notice.out-of-reach-subject', { target: targetIn(facts) }),
    lines: [say(facts.settings.locale, 'notice.out-of-reach')],
  }),
  'door-alarms': doorAlarms,
  'card-receipt': facts => aboutCard(facts, 'notice.card-receipt-subject', 'notice.card-receipt'),
  'card-lost': facts => aboutCard(facts, 'notice.card-lost-subject', 'notice.card-lost'),
  'card-copied': facts => aboutCard(facts, 'notice.card-copied-subject', 'notice.card-copied'),
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
