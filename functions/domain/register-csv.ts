import type {
  AccessChange,
  DomainUser,
  Permission,
  PersonThen,
  RegisterPage,
  VisitEntry,
} from '../../schemas/registers.ts'
import type { Settings } from '../../schemas/settings.ts'
import type { Right } from '../../schemas/target.ts'
import { plainWord } from './account-name.ts'
import { sayInstant } from './civil-time.ts'
import { separatorOf, writeCsv } from './csv.ts'
import { phrase, rightInWords } from './step-words.ts'
import { type Code, sayDay } from './texts/index.ts'

/** What the catalogue has a phrase for. */
const titles: Readonly<Record<RegisterPage['register'], readonly [title: Code, columns: Code]>> = {
  'mail-addresses': ['register.mail-addresses', 'register.of-mail-addresses'],
  'domain-users': ['register.domain-users', 'register.of-domain-users'],
  permissions: ['register.permissions', 'register.of-permissions'],
  removals: ['register.removals', 'register.of-changes'],
  changes: ['register.changes', 'register.of-changes'],
  visits: ['register.visits', 'visit.of-register'],
}
const systems: Readonly<Record<Permission['system'], Code>> = {
  directory: 'target.directory',
  mail: 'target.mail',
  erp: 'target.erp',
  'data-centre': 'target.data-centre',
}
const kinds: Readonly<Record<AccessChange['change'], Code>> = {
  opened: 'change.opened',
  closed: 'change.closed',
  created: 'change.created',
  deleted: 'change.deleted',
  adopted: 'change.adopted',
  'right-granted': 'change.right-granted',
  'right-revoked': 'change.right-revoked',
  'right-changed': 'change.right-changed',
  'end-later': 'change.end-later',
  'end-earlier': 'change.end-earlier',
}
const approvals: Readonly<Record<NonNullable<VisitEntry['approval']>, Code>> = {
  pending: 'visit.approval-pending',
  approved: 'visit.approval-approved',
  rejected: 'visit.approval-rejected',
}
const exits: Readonly<Record<NonNullable<VisitEntry['exit']>, Code>> = {
  verified: 'visit.exit-verified',
  corrected: 'visit.exit-corrected',
}
/** Kinds of causes are an open list: what is not named here is `other`. */
const causes: Readonly<Record<string, Code>> = {
  form: 'cause.form',
  'hr-event': 'cause.personnel',
  import: 'cause.personnel',
  calendar: 'cause.calendar',
  drift: 'cause.drift',
  outside: 'cause.outside',
  adoption: 'cause.adoption',
  hold: 'cause.hold',
  suspension: 'cause.hold',
}
/** Also capacities of signers; a role that is not named here is told by its own word. */
const roles: Readonly<Record<string, Code>> = {
  head: 'role.head',
  deputy: 'role.deputy',
  'parent-head': 'role.parent-head',
  authority: 'role.authority',
  hr: 'role.hr',
  it: 'role.it',
  security: 'role.security',
}

/** A register as a file. `next`: where the following part is; a table has no place to say it. */
export interface RegisterFile {
  readonly name: string
  readonly text: string
  readonly next: string | null
}

/** A page of a register as a file that opens in Excel: a table of its own, with its heading. */
export function registerFile(page: RegisterPage, settings: Settings): RegisterFile {
  const [title, columns] = titles[page.register]
  const words = wordsOf(settings)
  const slug = words.say(title).split(' ').map(plainWord).join('-')
  return {
    name: `${slug}-${page.asAt}${page.page === 1 ? '' : `-${page.page}`}.csv`,
    text: writeCsv([words.say(columns).split(';'), ...recordsOf(page, words)], separatorOf(settings.locale)),
    next: page.cursor === null ? null : `/registers/${page.register}?${queryOf(page, page.cursor)}`,
  }
}

const queryOf = (page: RegisterPage, cursor: string): string =>
  new URLSearchParams({
    asAt: page.asAt,
    ...('from' in page && { from: page.from }),
    ...('to' in page && { to: page.to }),
    cursor,
  }).toString()

function recordsOf(page: RegisterPage, words: Words): string[][] {
  switch (page.register) {
    case 'mail-addresses':
      return page.entries.map(({ address, ...one }) => [
        address,
        ...words.person(one.person),
        words.state(one),
        words.end(one.expiresAt),
        words.instant(one.readAt),
      ])
    case 'domain-users':
      return page.entries.map(({ user, rights, ...one }) => [
        user,
        ...words.person(one.person),
        words.state(one),
        words.end(one.expiresAt),
        rights
          .filter(id => id.startsWith('internet:'))
          .map(id => id.slice('internet:'.length))
          .join(', '),
        rights
          .filter(id => !id.startsWith('internet:'))
          .map(id => words.right('directory', { id }))
          .join(', '),
        words.instant(one.readAt),
      ])
    case 'permissions':
      return page.entries.map(one => [
        ...words.person(one.person),
        words.say(systems[one.system]),
        one.right === null ? words.say('register.account') : words.right(one.system, { id: one.right }),
        one.type ?? '',
        one.operations.join(', '),
        one.specific.join(', '),
        one.grantedBy.name,
        sayDay(one.from),
        one.until === null ? words.say('register.endless') : sayDay(one.until),
        one.request,
        one.line,
      ])
    case 'visits':
      return page.entries.map(one => [
        words.instant(one.enteredAt),
        one.leftAt === null ? '' : words.instant(one.leftAt),
        one.visitor === null ? '' : `${one.visitor.givenNames} ${one.visitor.surnames}`,
        one.visitor?.nationalId ?? '',
        one.visitor?.passport ? `${one.visitor.passport.country} ${one.visitor.passport.number}` : '',
        one.visitor?.company ?? '',
        one.reason ?? '',
        one.escort?.name ?? '',
        words.say(one.escorted ? 'visit.yes' : 'visit.no'),
        one.approval === null ? '' : words.say(approvals[one.approval]),
        one.enteredBy.name ?? '',
        one.exit === null ? '' : words.say(exits[one.exit]),
        one.visit,
      ])
    default:
      return page.entries.map(one => [
        words.instant(one.at),
        ...words.person(one.person),
        words.say(systems[one.system]),
        one.account ?? '',
        words.say(kinds[one.change]),
        one.right === null ? '' : words.right(one.system, { id: one.right }),
        words.allowed(one.system, one.was),
        words.allowed(one.system, one.now),
        // A right without an end of its own ends with its account.
        one.right !== null && one.until === null ? '' : words.end(one.until),
        words.say(causes[one.cause.kind] ?? 'cause.other'),
        one.request ?? '',
        one.askedBy?.person?.name ?? '',
        one.askedBy === null ? '' : words.role(one.askedBy.role),
        one.askedBy?.onBehalfOf?.name ?? '',
        one.begunAt === null ? '' : words.instant(one.begunAt),
        one.readBackAt === null ? words.say('register.attested') : words.instant(one.readBackAt),
      ])
  }
}

type Words = ReturnType<typeof wordsOf>

/** Cells in the body's language, its zone and its catalogues. */
function wordsOf(settings: Settings) {
  const say = (code: Code) => phrase({ settings }, code)
  const instant = (at: string) => sayInstant(at, settings.timeZone)
  const right = (system: Permission['system'], named: Pick<Right, 'id'> & Partial<Right>) =>
    system === 'data-centre'
      ? (settings.doors.find(door => door.serial === named.id)?.name ?? named.id)
      : rightInWords({ settings, target: system, name: '' }, named)
  return {
    say,
    right,
    /** Only an ERP's right can allow more or less than its name says. */
    allowed: (system: Permission['system'], detail: Right | null) =>
      system === 'erp' && detail !== null ? right(system, detail) : '',
    instant,
    end: (at: string | null) => (at === null ? say('register.endless') : instant(at)),
    person: ({ nationalId, name, position, unit }: PersonThen) => [
      nationalId ?? '',
      name ?? '',
      position ?? '',
      unit?.name ?? '',
    ],
    state: ({ state, open }: Pick<DomainUser, 'state' | 'open'>) =>
      say(open ? 'register.open' : state === 'enabled' ? 'register.expired' : 'register.disabled'),
    role: (role: string) => (roles[role] === undefined ? role : say(roles[role])),
  }
}
