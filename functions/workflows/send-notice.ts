import type { NoticeRow } from '../../schemas/notice.ts'
import { isLimited, mostAnHour } from '../domain/notice-rules.ts'
import { type Mail, renderNotice } from '../domain/notice-texts.ts'
import { callBody } from '../domain/webhook-call.ts'
import type { NoticeStore } from '../stores/notices.ts'
import { type Engine, instantOf } from './engine.ts'
import { addressOf } from './find-address.ts'
import { type FactSource, factsFor } from './gather-facts.ts'

/** Outlives the longest run of the function, so that it ends only when the run is surely dead. */
const leaseMilliseconds = 90_000
const hourMilliseconds = 3_600_000
const dayMilliseconds = 86_400_000
/** Seconds until the next try; after the last of them it is parked, and tried once a day. */
const backOffSeconds = [60, 300, 900, 3600, 3600, 3600, 3600]
/** Hours until the next look for a mailbox: one on the first, then six. */
const waitHours = { first: 1, later: 6 }

/** What the mail service, or the help desk's program, said. `lasting`: trying again soon mends nothing. */
export type Posted =
  | { readonly taken: true; readonly messageId: string }
  | { readonly taken: false; readonly fault: string; readonly lasting: boolean }

export interface Post extends FactSource, Pick<Engine, 'log'> {
  readonly notices: NoticeStore
  readonly post: (mail: Mail & { readonly from: string; readonly to: string }) => Promise<Posted>
  /** Sends a body to the help desk's program, signed with the time given. */
  readonly call: (body: string, milliseconds: number) => Promise<Posted>
}

/** What became of a mail. `nothing`: it was done with, is not due, or somebody else has it. */
export type Sent = 'sent' | 'parked' | 'later' | 'waits' | 'dropped' | 'deferred' | 'nothing'

/**
 * Sends one mail: takes it with a lease, joins names and addresses, and marks it sent. A mail is sent again only where a
 * run died between the mail service's answer and its mark.
 */
export async function sendNotice(post: Post, id: string): Promise<Sent> {
  const found = await post.notices.load(id)
  const now = post.clock()
  if (found === null || !['pending', 'parked'].includes(found.state)) return 'nothing'
  const row = await post.notices.claim(found, instantOf(now), instantOf(now + leaseMilliseconds))
  if (row === null) return 'nothing'
  const posted = row.to.kind === 'webhook' ? await call(post, row) : await send(post, row)
  if (typeof posted === 'string') return posted
  return conclude(post, row, posted)
}

async function conclude(post: Post, row: NoticeRow, posted: Posted): Promise<Sent> {
  const now = post.clock()
  const fields = { notice: row.id, template: row.template }
  if (posted.taken) {
    await post.notices.sent(row, instantOf(now), posted.messageId)
    post.log('notice-sent', fields)
    return 'sent'
  }
  const seconds = posted.lasting ? undefined : backOffSeconds[row.attempts - 1]
  const dueAt = instantOf(now + (seconds === undefined ? dayMilliseconds : seconds * 1000))
  const state = seconds === undefined ? 'parked' : 'pending'
  await post.notices.failed(row, { dueAt, state, fault: posted.fault }, instantOf(now))
  post.log(state === 'parked' ? 'notice-parked' : 'notice-failed', { ...fields, fault: posted.fault })
  return state === 'parked' ? 'parked' : 'later'
}

async function send(post: Post, row: NoticeRow): Promise<Posted | Sent> {
  const { settings, notices } = post
  const now = post.clock()
  const to = await addressOf(post, row)
  if (to === 'no-address') return { taken: false, fault: to, lasting: true }
  if (to === 'drops') return drop(post, row, 'no-address')
  if (to === 'waits') return wait(post, row)
  const mail = renderNotice(row.template, await factsFor(post, row, to.instead))
  if (mail === null) return drop(post, row, 'nothing-to-tell')
  if (to.shared !== null && isLimited(row.template)) {
    const hourAgo = instantOf(now - hourMilliseconds)
    if (!(await notices.takeSlot(to.address, instantOf(now), hourAgo, mostAnHour))) {
      await notices.defer(row, to.shared, instantOf(now))
      post.log('notice-deferred', { notice: row.id, template: row.template })
      return 'deferred'
    }
  }
  return post.post({ ...mail, from: settings.notices.from, to: to.address })
}

async function call(post: Post, row: NoticeRow): Promise<Posted | Sent> {
  const mail = renderNotice(row.template, await factsFor(post, row))
  if (mail === null) return drop(post, row, 'nothing-to-tell')
  return post.call(callBody(row, mail.subject), post.clock())
}

async function drop(post: Post, row: NoticeRow, fault: string): Promise<Sent> {
  await post.notices.drop(row, fault)
  post.log('notice-dropped', { notice: row.id, template: row.template, fault })
  return 'dropped'
}

/** Nothing failed: the person's mailbox is still to come. */
async function wait(post: Post, row: NoticeRow): Promise<Sent> {
  const now = post.clock()
  const young = now - Date.parse(row.createdAt) < hourMilliseconds
  const hours = young ? waitHours.first : waitHours.later
  await post.notices.wait(row, instantOf(now + hours * hourMilliseconds))
  post.log('notice-waits', { notice: row.id, template: row.template })
  return 'waits'
}
