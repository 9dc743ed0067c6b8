/** An answer of the HTTP interface. `body` is parsed JSON, or the text where it is none. */
export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: answers are read by shape where they are used
  readonly body: any
}

export interface Call {
  readonly token?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export type Client = (method: string, path: string, call?: Call) => Promise<Answer>

/** Speaks to a running Llavero as anybody else would: over HTTP. A text body goes as it is (say its type). */
export const clientOf =
  (base: string): Client =>
  async (method, path, { token, body, headers } = {}) => {
    const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const response = await fetch(base + path, {
      method,
      ...(sent === undefined ? {} : { body: sent }),
      headers: {
        ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
    })
    const text = await response.text()
    const json = response.headers.get('content-type')?.includes('json') ?? false
    return { status: response.status, body: json && text !== '' ? JSON.parse(text) : text }
  }

/** The body of an answer that must have succeeded. The message names the route and the problem, never the input. */
export function mustBe(answer: Answer, status: number, what: string): Answer['body'] {
  if (answer.status === status) return answer.body
  const faults = (answer.body?.faults ?? []) as { pointer: string; code?: string; message?: string }[]
  const places = faults.slice(0, 5).map(fault => `${fault.pointer} ${fault.code ?? fault.message ?? ''}`)
  throw new Error(
    [`${what}: ${answer.status} instead of ${status}`, answer.body?.type, ...places]
      .filter(Boolean)
      .join('; '),
  )
}
