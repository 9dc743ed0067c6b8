import type { NoticeTemplate } from '../../schemas/notice-template.ts'

/**
 * What becomes of a mail to a person who has no open mailbox of their own: it waits for one and then goes to the head of
 * their unit, it waits and is then a human's to look at, it goes to those above at once, or it is not sent (the unit's digest
 * tells of it).
 */
export type WithoutMailbox = 'waits-for-head' | 'waits' | 'superior' | 'drops'

const withoutMailbox: Partial<Record<NoticeTemplate, WithoutMailbox>> = {
  'account-ready': 'waits-for-head',
  'copy-to-head': 'waits',
  'access-ending': 'drops',
  'card-receipt': 'drops',
}

export const withoutMailboxOf = (template: NoticeTemplate): WithoutMailbox =>
  withoutMailbox[template] ?? 'superior'

/** Mails of one day that tell of many things, and those that cannot wait for them. They are never one too many. */
const unlimited: readonly NoticeTemplate[] = [
  'digest-unit',
  'digest-it',
  'digest-tasks',
  'batch-stopped',
  'suspension-reported',
  'door-alarms',
  'card-lost',
  'card-copied',
  'visit-unescorted',
]

/** Whether it counts among the mails of an hour to one address of the settings. */
export const isLimited = (template: NoticeTemplate): boolean => !unlimited.includes(template)

/** Mails an hour to one address of the settings; what is more waits for the digest. */
export const mostAnHour = 20
