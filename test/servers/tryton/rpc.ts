/** Somebody's open session with a Tryton: what they may do, they can do with it. */
export interface Rpc {
  readonly uid: number
  /** Fails with the server's own answer. */
  call(method: string, ...params: unknown[]): Promise<unknown>
  logout(): Promise<void>
}

interface Answer {
  readonly result?: unknown
  readonly error?: unknown
}

async function post(url: string, body: object, authorization?: string): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(authorization === undefined ? {} : { authorization }),
    },
    body: JSON.stringify({ id: 1, ...body }),
  })
}

/** Signs in as Tryton's own client does; null: login or password is not accepted, or the user is not active. */
export async function signIn(
  url: string,
  database: string,
  login: string,
  password: string,
): Promise<Rpc | null> {
  const entry = `${url}/${database}/`
  const signed = await post(entry, { method: 'common.db.login', params: [login, { password }, 'en'] })
  if (signed.status === 401) return null
  if (!signed.ok) throw new Error(`Tryton answered a log-in with ${signed.status}`)
  const [uid, key] = ((await signed.json()) as { result: [number, string] }).result
  const authorization = `Session ${Buffer.from(`${login}:${uid}:${key}`).toString('base64')}`
  const call: Rpc['call'] = async (method, ...params) => {
    const answered = await post(entry, { method, params }, authorization)
    if (!answered.ok) throw new Error(`Tryton answered ${method} with ${answered.status}`)
    const { result, error } = (await answered.json()) as Answer
    if (error !== undefined)
      throw new Error(`Tryton refused ${method}: ${JSON.stringify(error).slice(0, 300)}`)
    return result
  }
  return {
    uid,
    call,
    logout: async () => void (await call('common.db.logout')),
  }
}
