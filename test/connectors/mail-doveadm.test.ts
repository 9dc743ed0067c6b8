import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConnectorError } from '../../functions/connectors/contract.ts'
import { type MailSessions, openDoveadm } from '../../functions/connectors/mail/doveadm.ts'

/** Answers that a sound Dovecot never gives: the real one is asked in `mail-logins-suite.ts`. */
describe('An answer of the mail server’s HTTP API', () => {
  let server: Server
  let url: string
  let answer: { status: number; text: string }
  let sessions: MailSessions
  const faultOf = (ask: Promise<unknown>) =>
    ask.then(
      () => {
        throw new Error('an error was due')
      },
      error => {
        expect(error).toBeInstanceOf(ConnectorError)
        return error as ConnectorError
      },
    )

  beforeAll(async () => {
    server = createServer((request, response) =>
      request.resume().on('end', () => response.writeHead(answer.status).end(answer.text)),
    )
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
    sessions = openDoveadm('mail', { url, key: 'clave-secreta' })
  })
  afterAll(() => {
    sessions.close()
    return new Promise(resolve => server.close(resolve))
  })

  for (const [what, status, text, kind] of [
    ['that knows not the key', 401, '', 'misconfigured'],
    ['of some other program', 200, '<html></html>', 'misconfigured'],
    ['that is no list', 200, '{}', 'misconfigured'],
    ['that knows not the command', 200, '[["error",{"type":"unknownMethod"},"0"]]', 'misconfigured'],
    ['that says to try again', 200, '[["error",{"exitCode":75},"0"]]', 'unreachable'],
    ['that holds nothing', 200, '[]', 'unreachable'],
    ['to another question', 200, '[["doveadmResponse",[],"7"]]', 'unreachable'],
    ['of a proxy without its server', 502, '', 'unreachable'],
    ['that asks for patience', 429, '', 'throttled'],
  ] as const)
    it(`${what} is ${kind}, never "no session is open"`, async () => {
      answer = { status, text }
      for (const ask of [sessions.openOf, sessions.end]) {
        const error = await faultOf(ask(['ana@valle.example']))
        expect(error).toMatchObject({ kind, retryable: true })
        expect(JSON.stringify([error, error.cause, error.stack])).not.toMatch(/clave-secreta|ana@/)
      }
    })

  it('is taken only for the very address: others in it are somebody else’s', async () => {
    const rows = [{ username: 'susana@valle.example' }, { username: 'ANA@valle.example' }]
    answer = { status: 200, text: JSON.stringify([['doveadmResponse', rows, '0']]) }
    expect(await sessions.openOf(['ana@valle.example'])).toEqual(new Set(['ana@valle.example']))
    expect(await sessions.openOf(['sana@valle.example'])).toEqual(new Set())
  })

  it('is not even asked for with an address that stands for several', async () => {
    answer = { status: 200, text: '[["doveadmResponse",[],"0"]]' }
    for (const address of ['*@valle.example', 'an?@valle.example'])
      expect(await faultOf(sessions.end([address]))).toMatchObject({
        kind: 'misconfigured',
        retryable: false,
      })
  })

  it('is never asked for in clear on another machine', async () => {
    for (const elsewhere of [url.replace('127.0.0.1', '0.0.0.0'), 'ftp://127.0.0.1', 'no address'])
      expect(
        (await faultOf(openDoveadm('mail', { url: elsewhere, key: 'k' }).openOf(['a@b.example']))).kind,
      ).toBe('misconfigured')
  })
})
