import { signatureOf } from '../domain/webhook-call.ts'
import type { Posted } from '../workflows/send-notice.ts'

const timeoutMilliseconds = 10_000

/**
 * Calls the help desk's program. Whatever it answers but 2xx is tried again; a redirection is not followed, for the body is
 * signed for this address alone. What it says is not read.
 */
export async function callHelpDesk(
  { url, key }: { readonly url: string; readonly key: string },
  body: string,
  milliseconds: number,
  timeout = timeoutMilliseconds,
): Promise<Posted> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-llavero-signature': signatureOf(body, key, milliseconds),
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
    })
    await answer.body?.cancel()
    if (answer.ok) return { taken: true, messageId: '' }
    return { taken: false, fault: `answered-${answer.status}`, lasting: false }
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError'
    return { taken: false, fault: late ? 'timeout' : 'unreachable', lasting: false }
  }
}
