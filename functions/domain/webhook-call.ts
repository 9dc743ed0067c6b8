import { createHmac } from 'node:crypto'
import type { NoticeRow } from '../../schemas/notice.ts'

/**
 * What the help desk's program is sent: ids only. No name, no text that could hold personal data; subjects hold none.
 * `at`: when the fact happened. The same fact bears the same id however often it is sent.
 */
export const callBody = (
  { id, template, createdAt, about: { personId, request, task, target } }: NoticeRow,
  subject: string,
): string =>
  JSON.stringify({ id, template, at: createdAt, about: { personId, request, task, target }, subject })

/**
 * `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`: whoever has the key can tell that the body is ours, and by the time
 * that it is no old one sent again.
 */
export function signatureOf(body: string, key: string, milliseconds: number): string {
  const t = Math.floor(milliseconds / 1000)
  return `t=${t},v1=${createHmac('sha256', key).update(`${t}.${body}`).digest('hex')}`
}
