import * as z from 'zod'

/** The mails there are. Each has its words in the catalogue and its facts in `domain/notice-texts.ts`. */
export const NoticeTemplate = z.enum([
  'task-opened',
  'task-changed',
  'task-withdrawn',
  'task-overdue',
  'copy-to-head',
  'request-filed',
  'request-settled',
  'line-decided',
  'account-ready',
  'access-ending',
  'digest-unit',
  'digest-it',
  'digest-tasks',
  'batch-stopped',
  'suspension-reported',
  'target-out-of-reach',
  'door-alarms',
  'card-receipt',
  'card-lost',
  'card-copied',
  'visit-unescorted',
])
export type NoticeTemplate = z.infer<typeof NoticeTemplate>
