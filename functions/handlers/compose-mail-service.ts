import { SESv2Client, SESv2ServiceException, SendEmailCommand } from '@aws-sdk/client-sesv2'
import { createNoticeStore } from '../stores/notices.ts'
import type { Post } from '../workflows/send-notice.ts'
import { engine, tables } from './compose.ts'

const client = new SESv2Client({})

/** Refusals that another try in a minute does not mend. */
const lasting = new Set([
  'AccountSuspendedException',
  'BadRequestException',
  'MailFromDomainNotVerifiedException',
  'MessageRejected',
  'NotFoundException',
  'SendingPausedException',
])

/** Everything that sending a mail needs. What the mail service says comes back as its closed code, never as its text. */
export const post: Post = {
  ...engine,
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
}
