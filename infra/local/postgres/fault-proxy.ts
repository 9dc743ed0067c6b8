import { connect, createServer, type Server, type Socket } from 'node:net'

export type ConnectionFault = 'down' | 'frozen' | 'slow'

/** A loopback port in front of a server, so that its address stays and the line to it can fail. */
export interface FaultProxy {
  readonly port: number
  /** Holds for the connections that are open as well. Leaving `down` or `frozen` ends what was open. */
  setFault(fault: ConnectionFault | null): void
  /** From now on the connections lead to another port. */
  aim(port: number): void
  close(): Promise<void>
}

const slownessMilliseconds = 500

export async function openFaultProxy(behind: number): Promise<FaultProxy> {
  let target = behind
  let fault: ConnectionFault | null = null
  const open = new Set<Socket>()

  const server = createServer({ noDelay: true }, client => {
    keep(client)
    if (fault === 'down') return void client.resetAndDestroy()
    if (fault === 'frozen') return void client.pause()
    const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true })
    keep(upstream)
    client.on('data', bytes => fault !== 'frozen' && upstream.write(bytes))
    upstream.on('data', bytes => {
      if (fault === 'slow') setTimeout(() => client.write(bytes), slownessMilliseconds)
      else if (fault !== 'frozen') client.write(bytes)
    })
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const)
      one.on('close', () => setTimeout(() => other.destroy(), fault === 'slow' ? slownessMilliseconds : 0))
  })

  function keep(socket: Socket): void {
    open.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => open.delete(socket))
  }

  const port = await listen(server)
  return {
    port,
    setFault(next) {
      if (next === fault) return
      const breaks = next === 'down' || fault === 'down' || fault === 'frozen'
      fault = next
      if (breaks) for (const socket of open) socket.resetAndDestroy()
    },
    aim(next) {
      target = next
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}

const listen = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })

/** A port that nobody listens on at this moment. */
export async function findFreePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  await new Promise(resolve => server.close(resolve))
  return port
}
