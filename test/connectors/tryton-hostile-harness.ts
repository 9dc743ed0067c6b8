import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTrytonConnector } from '../../functions/connectors/tryton/index.ts'
import { testCertificates } from '../servers/certificates.ts'
import { type HostileProxy, type LineFault, openHostileProxy } from '../servers/hostile-proxy.ts'
import type { TrytonServer } from '../servers/tryton/tryton.ts'
import { startTryton } from '../servers/tryton/tryton.ts'
import type { HostileHarness, MakeHazard } from './hostile-harness.ts'
import { hideUsers, lookInTryton, trytonSettings } from './tryton-harness.ts'

/** A Tryton as an enemy, behind TLS as a reverse proxy gives it. */
export async function openHostileTryton(): Promise<HostileHarness> {
  const server = await startTryton()
  const distorted = await openDistortion(server)
  const [own, strangers] = [await testCertificates(), await testCertificates()]
  const certified = (certificate: { cert: string; key: string }) =>
    openHostileProxy(distorted.port, { certificate })
  const lines = {
    sound: await certified(own.sound),
    expired: await certified(own.expired),
    strangers: await certified(strangers.sound),
  }
  let line: HostileProxy = lines.sound
  const front = await openHostileProxy(() => line.port)
  const settings = trytonSettings(front.port)
  let passed = 0
  const connector = createTrytonConnector(
    settings,
    { url: `https://127.0.0.1:${front.port}`, ...server.service, ca: own.sound.ca },
    () => Date.now() + passed,
  )

  const onLine =
    (fault: LineFault): MakeHazard =>
    async () => {
      await front.setFault(fault)
      return () => front.setFault(null)
    }
  /** Connections that are kept open know nothing of what has changed since. */
  const breakOff = async () => {
    await front.setFault('frozen')
    await front.setFault(null)
  }
  const shown =
    (other: HostileProxy): MakeHazard =>
    async () => {
      line = other
      await breakOff()
      return async () => {
        line = lines.sound
        await breakOff()
      }
    }
  const distortedBy =
    (how: Distortion): MakeHazard =>
    async () => {
      distorted.by = how
      return async () => {
        distorted.by = null
      }
    }
  const setServicePassword = async (password: string) => {
    const admin = await server.asAdmin()
    const [row] = await server.query('SELECT id FROM res_user WHERE login = $1', [server.service.user])
    await admin.call('model.res.user.write', [row?.id], { password }, {})
    await server.query('DELETE FROM ir_session')
  }

  return {
    settings,
    connector,
    look: login => lookInTryton(server, login),
    hazards: {
      unreachable: onLine('unreachable'),
      'reset mid-answer': onLine('reset-mid-answer'),
      frozen: onLine('frozen'),
      slow: onLine('slow'),
      'empty answer': distortedBy('empty'),
      'no permission to read': () => hideUsers(server),
      'truncated page': distortedBy('half-pages'),
      'restored from an old backup': () => server.backUp(),
      'clock ten minutes off': 'no end is armed in it, and the age of its sessions is its own affair',
      'certificate expired': shown(lines.expired),
      'wrong CA': shown(lines.strangers),
      'service password changed': async () => {
        await setServicePassword('Otra-Passw0rd-2026')
        return async () => {
          await setServicePassword(server.service.password)
          // Until then it does not try: every bad log-in would count against the right one.
          passed += 11 * 60_000
        }
      },
      throttled: distortedBy('throttled'),
    },
    async close() {
      await connector.close()
      for (const each of [front, ...Object.values(lines)]) await each.close()
      await distorted.close()
      await server.close()
    },
  }
}

/** `half-pages`: of each page of users, the second half is missing. */
type Distortion = 'empty' | 'half-pages' | 'throttled'

/** An HTTP proxy that changes what Tryton says. */
async function openDistortion(server: TrytonServer) {
  const state: { by: Distortion | null } = { by: null }
  const proxy = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const body = Buffer.concat(pieces).toString()
    const { id, params } = JSON.parse(body) as { id: number; params: unknown[] }
    response.setHeader('content-type', 'application/json')
    if (state.by === 'throttled') {
      response.statusCode = 429
      return void response.end()
    }
    if (state.by === 'empty') return void response.end(JSON.stringify({ id, result: [] }))
    const answered = await fetch(`${server.url}${request.url}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(request.headers.authorization === undefined
          ? {}
          : { authorization: request.headers.authorization }),
      },
      body,
    }).catch(() => null)
    if (answered === null) return void response.destroy()
    response.statusCode = answered.status
    const text = await answered.text()
    if (state.by !== 'half-pages' || typeof params[2] !== 'number') return void response.end(text)
    const { result } = JSON.parse(text) as { result: unknown[] }
    response.end(JSON.stringify({ id, result: result.slice(0, Math.ceil(result.length / 2)) }))
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  return Object.assign(state, {
    port: (proxy.address() as AddressInfo).port,
    close: () =>
      new Promise<void>(resolve => {
        proxy.close(() => resolve())
        proxy.closeAllConnections()
      }),
  })
}
