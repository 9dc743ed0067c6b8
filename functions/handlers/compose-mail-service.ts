import { getSecret } from '@aws-lambda-powertools/parameters/secrets'
import { SESv2Client, SESv2ServiceException, SendEmailCommand } from '@aws-sdk/client-sesv2'
import { createDigestStore } from '../stores/digests.ts'
import { createNoticeStore } from '../stores/notices.ts'
import { createRequestStore } from '../stores/requests.ts'
import { createTaskStore } from '../stores/tasks.ts'
import { createUnitStore } from '../stores/units.ts'
import type { Post } from '../workflows/send-notice.ts'
import { base, settings, tables } from './compose-base.ts'
import { callHelpDesk } from './help-desk.ts'

const client = new SESv2Client({})

/** A changed key reaches a warm function after at most this many seconds. */
const secretMaxAge = 300

/** Refusals that another try in a minute does not mend. */
const lasting = new Set([
  'AccountSuspendedException',
  'BadRequestException',
  'MailFromDomainNotVerifiedException',
  'MessageRejected',
  'NotFoundException',
  'SendingPausedException',
])

/** Everything that sending a mail or calling the help desk's program needs. What the mail service says comes back as its closed code, never as its text. */
export const post: Post = {
  ...base,
  tasks: createTaskStore(tables, settings),
  requests: createRequestStore(tables, settings),
  units: createUnitStore(tables),
  digests: createDigestStore(tables, settings),
  notices: createNoticeStore(tables),
  async post({ from, to, subject, text }) {
    const content = (data: string) => ({ Data: data, Charset: 'UTF-8' })
    try {
      const { MessageId } = await client.send(
        new SendEmailCommand({
          FromEmailAddress: from,
          Destination: { ToAddresses: [to] },
          Content: { Simple: { Subject: content(subject), Body: { Text: content(text) } } },
        }),
      )
      return { taken: true, messageId: MessageId ?? '' }
    } catch (error) {
      const fault = error instanceof SESv2ServiceException ? error.name : 'unreachable'
      return { taken: false, fault, lasting: lasting.has(fault) }
    }
  },
  async call(body, milliseconds) {
    const { webhook } = settings.notices
    // The settings named one when the fact happened.
    if (webhook === undefined) return { taken: false, fault: 'no-webhook', lasting: true }
    const key = await getSecret(webhook.secret, { maxAge: secretMaxAge })
    if (typeof key !== 'string' || key.length < 32) return { taken: false, fault: 'no-key', lasting: true }
    return callHelpDesk({ url: webhook.url, key }, body, milliseconds)
  },
}
