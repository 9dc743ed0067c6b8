import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { createServer, get, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { findFreePort } from '../../infra/local/postgres/fault-proxy.ts'
import { type TestCertificate, testCertificates } from './certificates.ts'
import { openDoorController } from './door-controller/index.ts'
import { answerDoors } from './door-server.ts'
import { first, siteSecret } from './door-side.ts'
import { openDoorOffice } from './doors.ts'
import { findNginx } from './nginx/installed.ts'
import { type Names, openNames } from './nginx/names.ts'
import { openRelay, type Relay } from './nginx/relay.ts'
import { realServersRequired } from './samba/installed.ts'

const runbook = readFileSync('docs/runbooks/door-relay.md', 'utf8')
const configuration = 'docs/runbooks/door-relay/nginx.conf'
const secret = '7f3a9c1e5b7d2f4a6c8e0b1d3f5a7c9e1b3d5f7a9c1e3b5d7f9a1c3e5b7d9f1a'
/** A day on which neither this machine nor nginx can be. */
const apiDate = 'Thu, 22 Feb 2018 16:19:20 GMT'

/** What stands in the runbook between fences of that kind. */
const blockOf = (kind: string): string => {
  const found = new RegExp(`^\`\`\`${kind}\n(.*?)^\`\`\`$`, 'ms').exec(runbook)?.[1]
  if (found === undefined) throw new Error(`The runbook has no block \`\`\`${kind}`)
  return found
}

/** Replaces each of the runbook's values by one of the test's; every one has to be there. */
const fillIn = (text: string, values: Readonly<Record<string, string>>): string =>
  Object.entries(values).reduce((filled, [from, to]) => {
    expect(filled).toContain(from)
    return filled.replaceAll(from, to)
  }, text)

const run = (folder: string, kind: string, site = 'casa-central') => {
  const commands = blockOf(`sh ${kind}`).replaceAll('casa-central', site)
  return execFileSync('bash', ['-euc', commands], { cwd: folder, stdio: 'pipe' })
}

interface Heard {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Buffer
  readonly subject: string | undefined
}

const heard: Heard[] = []

/** What stands for the API: nobody is heard without a certificate of the truststore. */
async function openApi(certificate: TestCertificate, truststore: string, port = 0): Promise<Server> {
  const server = createServer(
    {
      cert: certificate.cert,
      key: certificate.key,
      ca: truststore,
      requestCert: true,
      rejectUnauthorized: true,
    },
    async (asked, answer) => {
      const chunks: Buffer[] = []
      for await (const chunk of asked) chunks.push(chunk)
      const { method, url, headers } = asked
      const subject = (asked.socket as TLSSocket).getPeerCertificate().subject?.CN
      heard.push({ method, url, headers, body: Buffer.concat(chunks), subject: String(subject) })
      answer.writeHead(url?.includes('/registry') ? 406 : 200, {
        date: apiDate,
        'content-type': 'text/plain',
      })
      answer.end('C:1:DATA UPDATE user Pin=1000001\tName=Ñuñoa\n')
    },
  )
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(port, '127.0.0.1', done)
  })
  return server
}

const close = (server: Server) =>
  new Promise<void>(done => {
    server.close(() => done())
    server.closeAllConnections()
  })

const installed = findNginx()

const proveRelay = (): void => {
  let folder: string
  let server: TestCertificate
  let truststore: string
  let names: Names
  let api: Server
  let apiPort: number
  let port: number
  let files: Record<string, string>
  let relay: Relay
  const more: { close(): Promise<unknown> }[] = []

  const siteOf = (values: Readonly<Record<string, string>> = {}) =>
    fillIn(blockOf('nginx'), {
      '10.20.30.2:8080': `127.0.0.1:${port}`,
      '10.20.30.0/24': '127.0.0.1',
      '10.20.0.53': `127.0.0.1:${names.port}`,
      'puertas.valleclaro.example': `localhost:${apiPort}`,
      '0000000000000000000000000000000000000000000000000000000000000000': secret,
      '/var/log/nginx/door-relay.log': '{log}',
      ...values,
    })
  /** The relay under test, or another in its place while the test lasts. */
  const openAnother = async (change: { site?: string; files?: Record<string, string> }) => {
    await relay.stop()
    const another = await openRelay({
      configuration,
      port,
      site: change.site ?? siteOf(),
      files: { ...files, ...change.files },
    })
    more.push(another)
    await another.start()
    return another
  }

  beforeAll(async () => {
    server = (await testCertificates()).sound
    folder = await mkdtemp(join(tmpdir(), 'llavero-relay-certificates-'))
    for (const kind of ['authority', 'request', 'sign', 'truststore']) run(folder, kind)
    const read = (name: string) => readFile(join(folder, name), 'utf8')
    truststore = await read('truststore.pem')
    files = {
      'relay.crt': await read('relay.crt'),
      'relay.key': await read('relay.key.new'),
      'api-ca.crt': server.ca,
    }
    names = await openNames()
    api = await openApi(server, truststore)
    apiPort = (api.address() as AddressInfo).port
    port = await findFreePort()
    relay = await openRelay({ configuration, port, site: siteOf(), files })
    await relay.start()
  })
  afterEach(async () => {
    heard.length = 0
    names.address = '127.0.0.1'
    for (const one of more.splice(0)) await one.close()
    await relay.start()
  })
  afterAll(async () => {
    await relay?.close()
    if (api) await close(api)
    await names?.close()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  const call = (
    path: string,
    options: {
      method?: string
      body?: Buffer | string
      headers?: Record<string, string>
      from?: string
    } = {},
  ) =>
    new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((done, fail) => {
      const asked = request(
        {
          ...{ port, path, host: '127.0.0.1', agent: false },
          ...(options.from && { localAddress: options.from }),
          method: options.method ?? (options.body === undefined ? 'GET' : 'POST'),
          headers: { 'user-agent': 'iClock Proxy/1.09', ...options.headers },
        },
        async answer => {
          const chunks: Buffer[] = []
          for await (const chunk of answer) chunks.push(chunk)
          done({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          })
        },
      )
      asked.once('error', fail)
      asked.end(options.body)
    })

  it('carries a device’s whole life: it registers, is brought a badge, reports, and loses it again', async () => {
    const office = await openDoorOffice()
    office.certifyBy(await readFile(join(folder, 'authority-casa-central.crt'), 'utf8'))
    const doors = createServer(
      {
        ...{ cert: server.cert, key: server.key, ca: truststore },
        ...{ requestCert: true, rejectUnauthorized: true },
      },
      answerDoors(office),
    )
    await new Promise<void>(done => doors.listen(0, '127.0.0.1', done))
    const at = (doors.address() as AddressInfo).port
    await openAnother({
      site: siteOf({
        'puertas.valleclaro.example': `localhost:${at}`,
        '0000000000000000000000000000000000000000000000000000000000000000': siteSecret,
      }),
    })
    const device = openDoorController({
      serial: first,
      url: `http://127.0.0.1:${port}/iclock`,
      timeZone: 'America/Santiago',
      now: () => office.world.time.now,
      manual: true,
    })
    const talk = async () => {
      for (let turn = 0; turn < 8; turn++) {
        expect([await device.step(), device.lastError]).toEqual(['online', device.lastError])
        await office.answerBells()
      }
    }
    try {
      const someone = await office.hire('José Ñ', "O'Ryan Díaz", 'dideco')
      await office.grant(someone, [first])
      await office.answerBells()
      await office.handOver(someone.personId, '5111111')
      await office.answerBells()
      await talk()
      expect(device.swipe('5111111')).toMatchObject({ opened: true })
      await talk()
      expect(device.unsent()).toEqual([])
      expect(office.events.length).toBeGreaterThan(0)
      await office.terminate(someone)
      await office.answerBells()
      await talk()
      expect(device.swipe('5111111')).toMatchObject({ opened: false })
      expect(device.users()).toEqual([])
      // The truststore lets the relay in still; the site is another relay's.
      run(folder, 'authority', 'anexo')
      office.certifyBy(await readFile(join(folder, 'authority-anexo.crt'), 'utf8'))
      expect(await call(`/iclock/ping?SN=${first}`)).toMatchObject({ status: 404 })
    } finally {
      await device.close()
      await close(doors)
      await office.world.close()
    }
  })

  it('carries what devices ask for to the path of their site, with a certificate of its own', async () => {
    const answer = await call('/iclock/getrequest?SN=ACC%201&x=%C3%B1;a=%2F..%2F&y')
    expect(answer).toMatchObject({ status: 200, body: 'C:1:DATA UPDATE user Pin=1000001\tName=Ñuñoa\n' })
    expect(heard).toMatchObject([
      {
        method: 'GET',
        url: `/iclock/${secret}/getrequest?SN=ACC%201&x=%C3%B1;a=%2F..%2F&y`,
        headers: { host: `localhost:${apiPort}`, 'user-agent': 'iClock Proxy/1.09' },
        subject: 'relay casa-central',
      },
    ])
  })

  it('carries a call in the letters that the device writes it in', async () => {
    await call('/iclock/getRequest?SN=ACC1')
    expect(heard).toMatchObject([{ url: `/iclock/${secret}/getRequest?SN=ACC1` }])
  })

  it('alters no byte of what devices send: TAB, LF, UTF-8, nor what is none of them', async () => {
    const lines = 'time=2017-01-10 11:49:32\tpin=0\tcardno=0\tevent=27\tindex=21\r\nname=Ñandú\t\n\n'
    const body = Buffer.concat([Buffer.from(lines), Buffer.from([...Array(256).keys()])])
    const headers = { 'content-type': 'application/push;charset=UTF-8' }
    await call('/iclock/cdata?SN=ACC1&table=rtlog', { body, headers })
    expect(heard).toMatchObject([
      { method: 'POST', url: `/iclock/${secret}/cdata?SN=ACC1&table=rtlog`, headers },
    ])
    expect(heard[0]?.body.equals(body)).toBe(true)
  })

  it('passes the API’s Date and its refusals on as they are: devices set their clocks by the one and stop at the other', async () => {
    const answer = await call('/iclock/registry?SN=ACC1', { body: 'DeviceType=acc' })
    expect(answer).toMatchObject({ status: 406, headers: { date: apiDate } })
    expect(Object.keys(answer.headers).filter(name => name === 'date')).toHaveLength(1)
  })

  it('carries a large upload whole, and refuses one of more than a megabyte without sending any of it', async () => {
    const large = Buffer.alloc(1_000_000, 'ñ')
    expect((await call('/iclock/cdata?SN=ACC1', { body: large })).status).toBe(200)
    expect(heard[0]?.body.equals(large)).toBe(true)
    const tooLarge = Buffer.alloc(1024 * 1024 + 1)
    expect((await call('/iclock/cdata?SN=ACC1', { body: tooLarge })).status).toBe(413)
    const unsaid = { body: tooLarge, headers: { 'transfer-encoding': 'chunked' } }
    expect((await call('/iclock/cdata?SN=ACC1', unsaid)).status).toBe(413)
    expect(heard).toHaveLength(1)
  })

  it('lets nobody near who is not of the devices’ network', async () => {
    expect((await call('/iclock/ping', { from: '127.0.0.2' })).status).toBe(403)
    expect((await call('/iclock/cdata', { from: '127.0.0.2', body: 'x' })).status).toBe(403)
    expect(heard).toEqual([])
  })

  it.each([
    '/',
    '/iclock/',
    `/iclock/${secret}/ping`,
    '/iclock/../health',
    '/iclock/a%2Fb',
    '/iclock/ping/../../people/1-9',
    '/people/12345678-5',
    '/iclock/ping%0d%0aX-A:b',
  ])('carries no path that is not a call of a device: %s', async path => {
    expect([400, 404]).toContain((await call(path)).status)
    expect(heard).toEqual([])
  })

  it('carries nothing but GET and POST', async () => {
    for (const method of ['PUT', 'DELETE', 'OPTIONS'])
      expect([method, (await call('/iclock/cdata', { method })).status]).toEqual([method, 403])
    expect(heard).toEqual([])
  })

  it('holds each device to its own number of calls: later ones are told so, and those of others are carried', async () => {
    await openAnother({ site: siteOf({ 'allow 127.0.0.1': 'allow 127.0.0.0/8' }) })
    const [, rate = '', burst = ''] =
      /rate=(\d+)r\/s.*burst=(\d+)/s.exec(readFileSync(configuration, 'utf8')) ?? []
    const wild = Array.from({ length: 4 * (Number(rate) + Number(burst)) }, () => call('/iclock/ping'))
    const calm = call('/iclock/ping', { from: '127.0.0.3' })
    const statuses = (await Promise.all(wild)).map(answer => answer.status)
    expect(new Set(statuses)).toEqual(new Set([200, 429]))
    expect((await calm).status).toBe(200)
  })

  it('finds the API where its name has moved to, without being told', async () => {
    expect((await call('/iclock/ping')).status).toBe(200)
    names.address = '127.0.0.9'
    // The name was good for one second.
    for (let waited = 0; waited < 100 && (await call('/iclock/ping')).status === 200; waited++)
      await pause(50)
    expect((await call('/iclock/ping')).status).toBe(502)
    names.address = '127.0.0.1'
    for (let waited = 0; waited < 100 && (await call('/iclock/ping')).status !== 200; waited++)
      await pause(50)
    expect((await call('/iclock/ping')).status).toBe(200)
  })

  it('comes up before the API’s name is known', async () => {
    names.address = '127.0.0.9'
    await relay.stop()
    await relay.start()
    expect((await call('/iclock/ping')).status).toBe(502)
  })

  it('is refused by the API with a certificate of another authority, and heard again with its own', async () => {
    const other = await mkdtemp(join(tmpdir(), 'llavero-relay-other-'))
    for (const kind of ['authority', 'request', 'sign']) run(other, kind)
    const [crt, key] = await Promise.all(
      ['relay.crt', 'relay.key.new'].map(name => readFile(join(other, name), 'utf8')),
    )
    await rm(other, { recursive: true })
    const another = await openAnother({ files: { 'relay.crt': crt ?? '', 'relay.key': key ?? '' } })
    expect((await call('/iclock/ping')).status).toBeGreaterThanOrEqual(400)
    expect(heard).toEqual([])
    await another.stop()
    await relay.start()
    expect((await call('/iclock/ping')).status).toBe(200)
  })

  it('is needed: the API hears nobody who comes without a certificate', async () => {
    await expect(
      new Promise((done, fail) => {
        const asked = {
          port: apiPort,
          host: '127.0.0.1',
          path: '/iclock/x/ping',
          ca: server.ca,
          agent: false,
        }
        get(asked, done).once('error', fail)
      }),
    ).rejects.toThrow()
    expect(heard).toEqual([])
  })

  it('is shut out by a truststore without its authority, and relays of other sites are not', async () => {
    const both = await mkdtemp(join(tmpdir(), 'llavero-relay-both-'))
    await cp(join(folder, 'authority-casa-central.crt'), join(both, 'authority-casa-central.crt'))
    for (const kind of ['authority', 'request', 'sign']) run(both, kind, 'norte')
    run(both, 'truststore')
    const read = (name: string) => readFile(join(both, name), 'utf8')
    const north = { 'relay.crt': await read('relay.crt'), 'relay.key': await read('relay.key.new') }
    const [all, without] = [await read('truststore.pem'), await read('authority-norte.crt')]
    await rm(both, { recursive: true })
    const heardWith = async (trusted: string, own: Record<string, string>) => {
      await close(api)
      api = await openApi(server, trusted, apiPort)
      const another = await openAnother({ files: own })
      const { status } = await call('/iclock/ping')
      await another.stop()
      return status === 200
    }
    expect([await heardWith(all, {}), await heardWith(all, north)]).toEqual([true, true])
    expect([await heardWith(without, {}), await heardWith(without, north)]).toEqual([false, true])
    await close(api)
    api = await openApi(server, truststore, apiPort)
  })

  it('goes on with the same truststore when its certificate is renewed', async () => {
    const renewed = await mkdtemp(join(tmpdir(), 'llavero-relay-renewed-'))
    await cp(folder, renewed, { recursive: true })
    for (const kind of ['request', 'sign']) run(renewed, kind)
    const [crt = '', key = ''] = await Promise.all(
      ['relay.crt', 'relay.key.new'].map(name => readFile(join(renewed, name), 'utf8')),
    )
    await rm(renewed, { recursive: true })
    expect(crt).not.toBe(files['relay.crt'])
    await openAnother({ files: { 'relay.crt': crt, 'relay.key': key } })
    expect((await call('/iclock/ping')).status).toBe(200)
  })

  it('tells nothing to a server whose authority it does not know, though it has the right name', async () => {
    await close(api)
    const foreign = (await testCertificates()).sound
    const impostor = await openApi(foreign, truststore, apiPort)
    expect((await call('/iclock/cdata', { body: 'pin=1000001\tcardno=4711' })).status).toBe(502)
    expect(heard).toEqual([])
    await close(impostor)
    api = await openApi(server, truststore, apiPort)
    expect((await call('/iclock/ping')).status).toBe(200)
  })

  it('tells nothing to a server of another name, though it knows its authority', async () => {
    await openAnother({
      site: siteOf({ [`localhost:${apiPort}`]: `puertas.valleclaro.example:${apiPort}` }),
    })
    expect((await call('/iclock/cdata', { body: 'pin=1000001\tcardno=4711' })).status).toBe(502)
    expect(heard).toEqual([])
  })

  it('tells nothing to a server whose certificate has ended', async () => {
    await close(api)
    const { expired } = await testCertificates()
    const old = await openApi(expired, truststore, apiPort)
    await openAnother({ files: { 'api-ca.crt': expired.ca } })
    expect((await call('/iclock/cdata', { body: 'pin=1000001\tcardno=4711' })).status).toBe(502)
    expect(heard).toEqual([])
    await close(old)
    api = await openApi(server, truststore, apiPort)
  })

  it('writes the site’s secret, a path or what a device says into no log, whatever goes wrong, and says who called and what became of it', async () => {
    const another = await openAnother({})
    await call('/iclock/cdata?SN=ACC1', { body: 'pin=1000001\tcardno=4711' })
    await call('/iclock/cdata?SN=ACC1', { body: Buffer.alloc(2_000_000) })
    await call('/iclock/ping?SN=ACC1', { from: '127.0.0.2' })
    await call('/nowhere')
    await close(api)
    await call('/iclock/cdata?SN=ACC1', { body: 'pin=1000001\tcardno=4711' })
    const foreign = await openApi((await testCertificates()).sound, truststore, apiPort)
    await call('/iclock/cdata?SN=ACC1', { body: 'pin=1000001\tcardno=4711' })
    await close(foreign)
    const deaf = createServer({ cert: server.cert, key: server.key }, asked => asked.socket.destroy())
    await new Promise<void>(done => deaf.listen(apiPort, '127.0.0.1', done))
    await call('/iclock/cdata?SN=ACC1', { body: 'pin=1000001\tcardno=4711' })
    await close(deaf)
    api = await openApi(server, truststore, apiPort)
    await another.stop()

    const lines = (await another.accessLog()).trimEnd().split('\n')
    const told = lines.map(line => / (127\S+ \w+ \d+ upstream=\S+)/.exec(line)?.[1])
    // A line is written when the call is over for nginx, which may be after the next one has begun.
    expect(told.sort()).toEqual([
      '127.0.0.1 GET 404 upstream=-',
      '127.0.0.1 POST 200 upstream=200',
      '127.0.0.1 POST 413 upstream=-',
      '127.0.0.1 POST 502 upstream=502',
      '127.0.0.1 POST 502 upstream=502',
      '127.0.0.1 POST 502 upstream=502',
      '127.0.0.2 GET 403 upstream=-',
    ])
    const written = await another.written()
    expect(written).not.toContain(secret.slice(0, 12))
    expect(written).not.toMatch(/iclock|SN=|ACC1|4711|1000001|nowhere/)
  })

  it('accepts the authorities of AWS by files that Debian has', () => {
    const named = [...blockOf('sh accept').matchAll(/\/usr\/\S+/g)].flatMap(([path]) =>
      path.includes('[1-4]') ? [1, 2, 3, 4].map(n => path.replace('[1-4]', String(n))) : [path],
    )
    expect(named).toHaveLength(5)
    if (existsSync('/usr/share/ca-certificates/mozilla'))
      expect(named.filter(path => !existsSync(path))).toEqual([])
  })
}

if (installed.usable) describe(`The relay of door controllers, ${installed.title}`, proveRelay)
else
  describe('The relay of door controllers, nginx', () => {
    it('is proven on Debian’s nginx', context => {
      if (realServersRequired) throw new Error(installed.reason)
      process.stderr.write(`skipped: ${installed.reason}\n`)
      context.skip(installed.reason)
    })
  })
