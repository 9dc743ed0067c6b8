import { connect, type Socket } from 'node:net'

/** As much of IMAP4rev1 as a proof needs: a login, what lies in the inbox, and whether the session still lives. */
export interface ImapSession {
  /** Subjects of the messages in the inbox. */
  subjects(): Promise<string[]>
  /** Whether the server still answers this session. */
  lives(): Promise<boolean>
  close(): void
}

const patience = 10_000

/** The session, or null if the server says NO to this password. */
export async function logIn(port: number, address: string, password: string): Promise<ImapSession | null> {
  const socket = connect({ port, host: '127.0.0.1' })
  const ask = conversation(socket)
  await ask(null)
  const quoted = (text: string) => `"${text.replaceAll(/(["\\])/g, '\\$1')}"`
  const answer = await ask(`LOGIN ${quoted(address)} ${quoted(password)}`)
  if (!answer.ok) {
    socket.destroy()
    return null
  }
  return {
    async subjects() {
      await ask('EXAMINE INBOX')
      const { text } = await ask('FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])')
      return [...text.matchAll(/^Subject: (.*)\r$/gm)].map(match => match[1] ?? '')
    },
    lives: () =>
      ask('NOOP').then(
        said => said.ok,
        () => false,
      ),
    close: () => socket.destroy(),
  }
}

/** Sends a command and reads up to the line with its tag; null reads the greeting. Fails when the connection is gone. */
function conversation(socket: Socket) {
  let heard = ''
  let serial = 0
  let wake = () => {}
  let over = false
  socket.setEncoding('utf8')
  socket.on('data', text => {
    heard += text
    wake()
  })
  socket.on('error', () => undefined)
  socket.on('close', () => {
    over = true
    wake()
  })
  return async (command: string | null): Promise<{ ok: boolean; text: string }> => {
    const tag = command === null ? '*' : `t${++serial}`
    heard = command === null ? heard : ''
    if (command !== null && !over) socket.write(`${tag} ${command}\r\n`)
    const end = new RegExp(`^${tag === '*' ? '\\*' : tag} (OK|NO|BAD).*\r\n`, 'm')
    const until = Date.now() + patience
    for (;;) {
      const match = end.exec(heard)
      if (match !== null) return { ok: match[1] === 'OK', text: heard }
      if (over || Date.now() > until) throw new Error('the mail server broke off')
      await new Promise<void>(resolve => {
        wake = resolve
        setTimeout(resolve, 250)
      })
    }
  }
}
