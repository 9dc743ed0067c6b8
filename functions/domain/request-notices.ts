import type { NoticeRow } from '../../schemas/notice.ts'
import type { RequestRow } from '../../schemas/rows.ts'

type Draft = Pick<NoticeRow, 'template' | 'to' | 'about'> & { readonly fact: string }

/**
 * R8: the mails about a request, to whoever signed it, and to the unit's head where somebody else signed.
 *
 * @param what what is told of it: the same of the same request is told once
 */
export function requestNotices(
  template: 'request-filed' | 'request-settled',
  { number, unit, signer }: Pick<RequestRow, 'number' | 'unit' | 'signer'>,
  what: string,
): Draft[] {
  const about = { personId: null, task: null, target: null, request: number }
  const recipients: Draft['to'][] = [
    { kind: 'person', personId: signer.personId },
    ...(signer.capacity === 'head' ? [] : [{ kind: 'unit-head' as const, unit }]),
  ]
  return recipients.map(to => ({ template, to, about, fact: `${number} ${what}` }))
}
