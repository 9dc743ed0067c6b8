import { connect, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls'

/**
 * What can happen to a line between two programs. `reset-mid-answer` lets the first bytes of each answer through and then
 * breaks the connection; `frozen` accepts and never answers; `slow` delays each piece of an answer by half a second.
 */
export type LineFault = 'unreachable' | 'reset-mid-answer' | 'frozen' | 'slow'

export interface HostileProxy {
  readonly port: number
  /** Holds for open connections too; healing ends what was frozen. `unreachable`: nobody listens on the port any more. */
  setFault(fault: LineFault | null): Promise<void>
  close(): Promise<void>
}

const slowness = 500
/** Enough of an answer for a client to believe that it has begun. */
const firstBytes = 24

interface Certified {
  readonly cert: string
  readonly key: string
}

/**
 * A loopback port in front of a server. `certificate`: it speaks TLS itself with that certificate, towards a server that
 * speaks none (`behindTls` false) or any (`behindTls` true: not verified, it is our own).
 */
export async function openHostileProxy(
  behind: number | (() => number),
  options: { host?: string; certificate?: Certified; behindTls?: boolean } = {},
): Promise<HostileProxy> {
  let fault: LineFault | null = null
  const open = new Set<Socket>()
  const host = options.host ?? '127.0.0.1'

  const keep = (socket: Socket) => {
    open.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => open.delete(socket))
  }
  const serve = (client: Socket) => {
    keep(client)
    const target = typeof behind === 'function' ? behind() : behind
    const upstream = options.behindTls
      ? tlsConnect({ port: target, host, rejectUnauthorized: false })
      : connect({ port: target, host, noDelay: true })
    keep(upstream)
    let asked = false
    client.on('data', bytes => {
      asked = true
      if (fault !== 'frozen') upstream.write(bytes)
    })
    upstream.on('data', bytes => {
      if (fault === 'frozen') return
      if (fault === 'slow') return void setTimeout(() => client.writable && client.write(bytes), slowness)
      if (fault === 'reset-mid-answer' && asked) {
        client.write(bytes.subarray(0, firstBytes))
        return void setTimeout(() => client.destroy(), 5)
      }
      client.write(bytes)
    })
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => setTimeout(() => client.destroy(), fault === 'slow' ? slowness + 50 : 0))
  }
  const make = (): Server =>
    options.certificate === undefined
      ? createServer({ noDelay: true }, serve)
      : createTlsServer({ ...options.certificate }, serve)

  let server = make()
  const port = await listen(server, 0)
  const stop = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve())
      for (const socket of open) socket.destroy()
    })
  return {
    port,
    async setFault(next) {
      if (next === fault) return
      const before = fault
      fault = next
      if (next === 'unreachable') await stop()
      else if (before === 'unreachable') {
        server = make()
        await listen(server, port)
      } else if (before === 'frozen' || before === 'reset-mid-answer')
        for (const socket of open) socket.destroy()
    },
    close: async () => {
      if (fault !== 'unreachable') await stop()
    },
  }
}

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.on('tlsClientError', () => undefined)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
