import type { NoticeRow, Recipient } from '../../schemas/rows.ts'
import type { TargetRow } from '../../schemas/target.ts'
import { type Mail, renderNotice } from '../domain/notice-texts.ts'
import type { NoticeStore } from '../stores/notices.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { TaskStore } from '../stores/tasks.ts'
import { type Engine, instantOf } from './engine.ts'
import { factsOf, namesOf } from './known-people.ts'

/** Outlives the longest run of the function, so that it ends only when the run is surely dead. */
const leaseMilliseconds = 90_000
const dayMilliseconds = 86_400_000
/** Seconds until the next try; after the last of them it is parked, and tried once a day. */
const backOffSeconds = [60, 300, 900, 3600, 3600, 3600, 3600]

/** What the mail service said. `lasting`: trying again soon mends nothing. */
export type Posted =
  | { readonly taken: true; readonly messageId: string }
  | { readonly taken: false; readonly fault: string; readonly lasting: boolean }

export interface Post extends Pick<Engine, 'settings' | 'people' | 'clock' | 'log'> {
  readonly tasks: Pick<TaskStore, 'load'>
  readonly notices: NoticeStore
  readonly post: (mail: Mail & { readonly from: string; readonly to: string }) => Promise<Posted>
}

/**
 * Sends one mail: takes it with a lease, joins names and addresses, and marks it sent. A mail is sent again only where a
 * run died between the mail service's answer and its mark.
 *
 * @returns `parked` where a human has to look
 */
export async function sendNotice(post: Post, id: string): Promise<'sent' | 'parked' | 'later' | 'nothing'> {
  const found = await post.notices.load(id)
  const now = post.clock()
  if (found === null || found.state === 'sent') return 'nothing'
  const row = await post.notices.claim(found, instantOf(now), instantOf(now + leaseMilliseconds))
  if (row === null) return 'nothing'
  const posted = await send(post, row)
  if (posted.taken) {
    await post.notices.sent(row, instantOf(post.clock()), posted.messageId)
    post.log('notice-sent', { notice: id, template: row.template })
    return 'sent'
  }
  const seconds = posted.lasting ? undefined : backOffSeconds[row.attempts - 1]
  const dueAt = instantOf(post.clock() + (seconds === undefined ? dayMilliseconds : seconds * 1000))
  const state = seconds === undefined ? 'parked' : 'pending'
  await post.notices.failed(row, { dueAt, state, fault: posted.fault })
  post.log(state === 'parked' ? 'notice-parked' : 'notice-failed', { notice: id, fault: posted.fault })
  return state === 'parked' ? 'parked' : 'later'
}

async function send(post: Post, row: NoticeRow): Promise<Posted> {
  const { settings } = post
  const { personId, target, task } = row.about
  const person = personId === null ? null : await post.people.load(personId)
  const to = await addressOf(post, row.to, person)
  if (to === null) return { taken: false, fault: 'no-address', lasting: true }
  const mail = renderNotice(row.template, {
    settings,
    person: person && named(post, person),
    target,
    task: task === null ? null : await post.tasks.load(task),
  })
  if (mail === null) return { taken: false, fault: 'nothing-to-tell', lasting: true }
  return post.post({ ...mail, from: settings.notices.from, to })
}

function named(post: Post, person: PersonAggregate): { name: string; unit: string } | null {
  const facts = factsOf(post, person)
  const names = namesOf(post, person, facts)
  if (names === null) return null
  return {
    name: `${names.givenNames} ${names.surnames}`,
    unit: facts.unit ?? person.row.declared?.unit ?? '-',
  }
}

/** A person is written to at the address that the mail system shows for them, as long as it is open. */
async function addressOf(post: Post, to: Recipient, about: PersonAggregate | null): Promise<string | null> {
  const { notices } = post.settings
  switch (to.kind) {
    case 'it':
      return notices.it
    case 'escalation':
      return notices.escalation
    case 'vendor':
      return notices.vendors[to.target] ?? notices.it
    case 'person': {
      const person = about?.row.personId === to.personId ? about : await post.people.load(to.personId)
      return openAddress(person?.targets.get('mail'))
    }
  }
}

const openAddress = (mail: TargetRow | undefined): string | null =>
  mail?.observed?.state === 'enabled' ? mail.observed.name : null
