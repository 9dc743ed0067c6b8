import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { largestUpload, serveDevice } from '../../functions/workflows/serve-device.ts'
import type { DoorOffice } from './doors.ts'

/** As API Gateway tells it; null: the connection asked for none. */
function certificateOf(socket: Socket): string | null {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
  return certificate?.toString() ?? null
}

/** What stands between devices and the workflow on AWS, as little of it as there can be. */
export const answerDoors =
  (office: Pick<DoorOffice, 'doors' | 'world'>): RequestListener =>
  async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://device')
    const [, , site = '', call = ''] = pathname.split('/')
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const answer = await serveDevice(office.doors, {
      method: request.method === 'POST' ? 'POST' : 'GET',
      site,
      certificate: certificateOf(request.socket),
      call,
      query: new Map([...searchParams].map(([name, value]) => [name.toLowerCase(), value])),
      body: body.length > largestUpload ? null : body.toString('utf8'),
    }).catch(() => ({ status: 500, text: '' }))
    response.setHeader('Date', new Date(office.world.time.now).toUTCString())
    response.writeHead(answer.status, { 'content-type': 'text/plain' })
    response.end(answer.text)
  }

/** That, on loopback. */
export async function serveDoors(office: Pick<DoorOffice, 'doors' | 'world'>) {
  const server = createServer(answerDoors(office))
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return {
    urlOf: (site: string) => `http://127.0.0.1:${port}/iclock/${site}`,
    close: () =>
      new Promise<void>(done => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}
