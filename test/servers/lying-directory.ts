import { connect, createServer, type TLSSocket } from 'node:tls'
import {
  frameLength,
  type Request,
  readRequest,
  resultMessage,
} from '../../infra/local/directory/messages.ts'
import type { TestCertificate } from './certificates.ts'

/**
 * What a directory may tell instead of the truth. `busy`: 51 to everything but a bind. `empty`: success, and no entries.
 * `cut`: of each search the first entry, then 11, an administrative limit.
 */
export type Lie = 'busy' | 'empty' | 'cut'

export interface LyingDirectory {
  readonly port: number
  close(): Promise<void>
}

const asked = { search: 0x63, bind: 0x60, unbind: 0x42, abandon: 0x50 }
const told = { entry: 0x64, done: 0x65, reference: 0x73 }

/** Speaks LDAPS with a certificate of its own and passes messages on, to and from a real directory, as `lie` says. */
export async function openLyingDirectory(
  behind: URL,
  { cert, key }: TestCertificate,
  lie: () => Lie | null,
): Promise<LyingDirectory> {
  const open = new Set<TLSSocket>()
  const keep = (socket: TLSSocket) => {
    open.add(socket)
    socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket))
  }
  const server = createServer({ cert, key }, client => {
    const upstream = connect({
      host: behind.hostname,
      port: Number(behind.port || 636),
      rejectUnauthorized: false,
    })
    for (const socket of [client, upstream]) keep(socket)
    const shown = new Map<number, number>()
    const isOperation = ({ tag }: Request) =>
      tag !== asked.bind && tag !== asked.unbind && tag !== asked.abandon

    readMessages(client, (frame, request) => {
      if (lie() === 'busy' && isOperation(request)) client.write(resultMessage(request, 51, 'busy'))
      else upstream.write(frame)
    })
    readMessages(upstream, (frame, { id, tag, ...rest }) => {
      const isFound = tag === told.entry || tag === told.reference
      if (lie() === 'empty' && isFound) return
      if (lie() === 'cut' && isFound) {
        const before = shown.get(id) ?? 0
        shown.set(id, before + 1)
        if (before > 0) return
      }
      const cut = tag === told.done && (shown.get(id) ?? 0) > 1
      client.write(cut ? resultMessage({ ...rest, id, tag: asked.search }, 11, 'cut') : frame)
    })
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  server.on('tlsClientError', () => undefined)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}

/** Message by message, however the bytes come. */
function readMessages(socket: TLSSocket, take: (frame: Buffer, message: Request) => void): void {
  let buffer: Buffer = Buffer.alloc(0)
  socket.on('data', (bytes: Buffer) => {
    buffer = Buffer.concat([buffer, bytes])
    for (let length = frameLength(buffer); length !== null; length = frameLength(buffer)) {
      const frame = buffer.subarray(0, length)
      buffer = buffer.subarray(length)
      take(frame, readRequest(frame))
    }
  })
}
