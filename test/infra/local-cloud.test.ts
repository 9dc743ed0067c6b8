import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Cloud } from '../../infra/local/cloud/index.ts'
import { openSmallApp, type SmallApp, smallTemplate } from './local-cloud-app.ts'

let app: SmallApp
let cloud: Cloud
const HOUR = 3_600_000

beforeAll(async () => {
  app = await openSmallApp()
  cloud = await app.start()
})
afterAll(async () => {
  await cloud?.close()
  await app.remove()
})

const items = async () => (await cloud.snapshot()).Table?.map(item => item.pk?.S) ?? []
const call = async (path: string, options: RequestInit & { token?: string } = {}) => {
  const authorization = { authorization: `Bearer ${options.token ?? (await app.token())}` }
  const headers = { ...authorization, ...(options.headers as Record<string, string>) }
  return fetch(`http://127.0.0.1:${cloud.port}${path}`, { ...options, headers })
}

describe('a function', () => {
  it('sees the environment that the template gives it and nothing of the laptop', async () => {
    process.env.LAPTOP_SECRET = 'hush'
    const env = (await cloud.invoke('web', { do: 'env' })) as Record<string, string>
    delete process.env.LAPTOP_SECRET
    expect(env).toMatchObject({
      AWS_ACCESS_KEY_ID: 'web',
      AWS_LAMBDA_FUNCTION_NAME: 'llavero-web',
      TABLE: 'Table',
    })
    expect(Object.keys(env).filter(name => !/^(AWS_|LAMBDA_|_X_AMZN|TABLE|QUEUE|TZ)/.test(name))).toEqual([])
  })

  it('stays warm between its runs and runs in parallel with itself', async () => {
    const first = (await cloud.invoke('web', { do: 'count' })) as number
    expect(await cloud.invoke('web', { do: 'count' })).toBe(first + 1)
    const together = () => Promise.all([1, 2].map(() => cloud.invoke('web', { do: 'span', ms: 700 })))
    await together()
    const spans = (await together()) as { from: number; to: number }[]
    expect(Math.max(...spans.map(each => each.from))).toBeLessThan(Math.min(...spans.map(each => each.to)))
  })

  it('is stopped at its timeout, and after a crash starts anew', async () => {
    await expect(cloud.invoke('web', { do: 'wait', ms: 5_000 })).rejects.toThrow('timed out after 2 seconds')
    await expect(cloud.invoke('web', { do: 'crash' })).rejects.toThrow('ended with 3')
    await expect(cloud.invoke('web', { do: 'fail' })).rejects.toThrow('RangeError: as asked')
    expect(await cloud.invoke('web', { do: 'wait', ms: 1 })).toBe('waited')
  })

  it('lives by the moved clock, which timers and the outside do not see', async () => {
    await cloud.clock.set(Date.now() + 30 * 24 * HOUR)
    const seen = (await cloud.invoke('web', { do: 'clock' })) as Record<'now' | 'date' | 'real', number>
    cloud.clock.reset()
    expect(seen.now - seen.real).toBeGreaterThan(29 * 24 * HOUR)
    expect(Math.abs(seen.now - seen.date)).toBeLessThan(100)
    const again = (await cloud.invoke('web', { do: 'clock' })) as typeof seen
    expect(Math.abs(again.now - again.real)).toBeLessThan(1_000)
  })

  it('writes its log to a file', async () => {
    await call('/health')
    await sleep(200)
    expect(await readFile(join(app.options.dataDir, 'functions.log'), 'utf8')).toContain('"said":"log line"')
  })
})

describe('a policy of the template', () => {
  it('lets a function do what it grants and nothing else', async () => {
    await expect(cloud.invoke('web', { do: 'put', pk: 'a', text: 'b' })).resolves.toBe('put')
    await expect(cloud.invoke('work', { do: 'get', pk: 'a' })).rejects.toThrow('dynamodb:GetItem')
    await expect(cloud.invoke('web', { do: 'secret', name: 'llavero/directory' })).rejects.toThrow(
      'not authorized',
    )
    expect(await cloud.invoke('work', { do: 'secret', name: 'llavero/directory' })).toContain('ldaps')
    expect(cloud.faults().filter(fault => fault.startsWith('User: '))).toHaveLength(2)
    expect(cloud.faults().filter(fault => fault.startsWith('web: AccessDeniedException'))).toHaveLength(1)
  })

  it('is weighed afterwards: what was granted and never used is listed', async () => {
    await cloud.invoke('web', { do: 'get', pk: 'a' })
    const web = cloud.permissions().find(each => each.function === 'web')
    expect(web?.unused.map(each => each.split(' ')[0])).toContain('dynamodb:UpdateItem')
    expect(web?.unused.map(each => each.split(' ')[0])).not.toContain('dynamodb:GetItem')
    expect(cloud.permissions().find(each => each.function === 'work')?.unused).toEqual([])
  })
})

describe('a queue', () => {
  it('delivers to its function, and rings again for the messages that failed until it gives up', async () => {
    await cloud.invoke('web', { do: 'send', text: 'good' })
    await cloud.invoke('web', { do: 'send', text: 'bad' })
    await cloud.quiet()
    expect(await items()).toContain('message good')
    expect(cloud.deadLetters().map(letter => letter.body)).toEqual(['bad'])
  })

  it('brings a whole batch again when the worker dies', async () => {
    await cloud.invoke('web', { do: 'send', text: 'crash' })
    await cloud.quiet()
    expect(cloud.deadLetters().map(letter => letter.body)).toEqual(['bad', 'crash'])
  })
})

describe('a schedule', () => {
  it('is named as its function and runs on demand', async () => {
    expect(cloud.schedules).toEqual(['work'])
    const ticks = async () => (await items()).filter(pk => pk?.startsWith('tick')).length
    const before = await ticks()
    await cloud.runSchedule('work')
    expect(await ticks()).toBe(before + 1)
  })

  it('fires once when the clock jumps over many of its turns, with the time it jumped to', async () => {
    await cloud.clock.set(Date.parse('2030-01-01T12:00:00Z'))
    cloud.clock.reset()
    expect((await items()).filter(pk => pk?.startsWith('tick 2030-01-01T12:00:0'))).toHaveLength(1)
  })
})

describe('the HTTP API', () => {
  it('hands on path parameters decoded, the claims of the token, query and body', async () => {
    const answer = await call('/people/12%2F3%20K?a=1&a=2', {
      token: await app.token({ roles: ['it', 'hr'] }),
    })
    expect(answer.headers.get('x-echo')).toBe('yes')
    const event = await answer.json()
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'GET /people/{nationalId}',
      pathParameters: { nationalId: '12/3 K' },
      queryStringParameters: { a: '1,2' },
      requestContext: { authorizer: { jwt: { claims: { sub: 'somebody', roles: '[it hr]' } } } },
      isBase64Encoded: false,
    })
    expect(((await (await call('/people/me')).json()) as { routeKey: string }).routeKey).toBe(
      'GET /people/me',
    )
  })

  it('gives text bodies as text and all others in base64', async () => {
    const post = async (type: string) =>
      (await call('/requests', { method: 'POST', body: 'ñ', headers: { 'content-type': type } })).json()
    expect(await post('application/json; charset=utf-8')).toMatchObject({ body: 'ñ', isBase64Encoded: false })
    expect(await post('application/octet-stream')).toMatchObject({ body: 'w7E=', isBase64Encoded: true })
  })

  it('asks for a valid token where the route does', async () => {
    const status = async (path: string, token: string) => (await call(path, { token })).status
    expect(await status('/people/me', 'nonsense')).toBe(401)
    expect(await status('/people/me', await app.token({}, '-1s'))).toBe(401)
    expect(await status('/people/me', await app.token({ aud: 'another' }))).toBe(401)
    expect(await status('/people/me', await app.token({ iss: 'https://other.example' }))).toBe(401)
    expect(await status('/people/me', await app.token({ aud: undefined, client_id: 'llavero' }))).toBe(200)
    expect(await status('/health', 'nonsense')).toBe(200)
    const refused = await call('/people/me', { token: 'nonsense' })
    expect(refused.headers.get('content-type')).toBe('application/problem+json')
    expect(await refused.json()).toMatchObject({ status: 401, type: 'urn:llavero:problem:unauthorized' })
  })

  it('checks the expiry of a token by the real clock, however far the clock was moved', async () => {
    await cloud.clock.set(Date.now() + 365 * 24 * HOUR)
    const answer = await call('/people/me')
    cloud.clock.reset()
    expect(answer.status).toBe(200)
    const { requestContext } = (await answer.json()) as { requestContext: { timeEpoch: number } }
    expect(requestContext.timeEpoch - Date.now()).toBeGreaterThan(364 * 24 * HOUR)
  })

  it('knows no other paths or methods, and refuses what cannot be decoded', async () => {
    expect((await call('/nowhere')).status).toBe(404)
    expect((await call('/people/')).status).toBe(404)
    expect((await call('/health', { method: 'DELETE' })).status).toBe(404)
    expect((await call('/people/%E0%A4%A')).status).toBe(400)
  })

  it('refuses a body over 6 MB with an answer that the client can read', async () => {
    const options = { method: 'POST', headers: { 'content-type': 'application/json' } }
    const large = await call('/requests', { ...options, body: `"${'x'.repeat(20 * 1024 * 1024)}"` })
    expect(large.status).toBe(413)
    expect(await large.json()).toMatchObject({ status: 413 })
    expect((await call('/requests', { ...options, body: `"${'x'.repeat(5 * 1024 * 1024)}"` })).status).toBe(
      200,
    )
  })

  const raw = (path: string, headers: Record<string, string> = {}) =>
    new Promise<number | undefined>(done => {
      request({ port: cloud.port, host: '127.0.0.1', path, headers }, answer => {
        answer.resume()
        done(answer.statusCode)
      }).end()
    })

  it('answers only to the names of this machine', async () => {
    expect(await raw('/health', { host: 'evil.example' })).toBe(403)
    expect(await raw('/health', { host: `localhost:${cloud.port}` })).toBe(200)
  })

  it('takes no target of a request for a fault of its own', async () => {
    expect(
      await Promise.all(['//', '//[', '*', 'http://[::1', '/%00', '/health?a=%'].map(path => raw(path))),
    ).toEqual([400, 400, 404, 400, 404, 200])
  })

  it("logs the route's pattern and never the path", async () => {
    await call('/people/12345678-5')
    await sleep(200)
    const log = await readFile(join(app.options.dataDir, 'access.log'), 'utf8')
    expect(log).toContain('{"route":"GET /people/{nationalId}","status":"200"}')
    expect(log).not.toContain('12345678')
  })

  it('serves a second API beside the first, and logs its calls as its own stage says', async () => {
    const body = 'pin=1\tcardno=2\nañ'
    const answer = await fetch(`http://127.0.0.1:${cloud.port}/iclock/hush/cdata?SN=1`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/push;charset=UTF-8' },
    })
    expect(await answer.json()).toMatchObject({
      routeKey: 'POST /iclock/{site}/{call}',
      pathParameters: { site: 'hush', call: 'cdata' },
      body: Buffer.from(body).toString('base64'),
      isBase64Encoded: true,
    })
    await sleep(200)
    const log = await readFile(join(app.options.dataDir, 'access.log'), 'utf8')
    expect(log).toContain('{"device":"POST /iclock/{site}/{call}"}\n')
    expect(log).not.toContain('hush')
  })
})

describe('the state', () => {
  it('goes back to a snapshot while the workers stay warm', async () => {
    const before = await cloud.snapshot()
    const count = (await cloud.invoke('work', { do: 'count' })) as number
    await cloud.invoke('web', { do: 'put', pk: 'later', text: 'x' })
    const slow = cloud.invoke('web', { do: 'wait', ms: 300 })
    await cloud.restore(before)
    await expect(slow).resolves.toBe('waited')
    expect(await items()).not.toContain('later')
    expect(await cloud.invoke('work', { do: 'count' })).toBe(count + 1)
  })

  it('outlives the process, and the bootstrap is done once', async () => {
    await cloud.invoke('web', { do: 'put', pk: 'bootstrap', text: 'kept' })
    await cloud.close()
    cloud = await app.start()
    expect((await cloud.snapshot()).Table).toContainEqual({ pk: { S: 'bootstrap' }, text: { S: 'kept' } })
    await cloud.close()
    const template = smallTemplate('x')
    const changed = { ...app.options.template } as ReturnType<typeof smallTemplate>
    const bootstrap = {
      ...template.Resources.Bootstrap,
      Properties: { ...changed.Resources.Bootstrap?.Properties, hash: 'two' },
    }
    cloud = await app.start({
      template: { ...changed, Resources: { ...changed.Resources, Bootstrap: bootstrap } },
    })
    expect((await cloud.snapshot()).Table).toContainEqual({ pk: { S: 'bootstrap' }, text: { S: 'Update' } })
  })
})

describe('a template', () => {
  const refused = async (change: (resources: ReturnType<typeof smallTemplate>['Resources']) => void) => {
    const template = structuredClone(app.options.template) as ReturnType<typeof smallTemplate>
    change(template.Resources)
    return app.start({ template, dataDir: join(app.options.dataDir, randomUUID()) }).then(
      () => 'started',
      (error: Error) => error.message,
    )
  }

  it('with a resource of an unknown type stops the start', async () => {
    const message = await refused(all => {
      all.Stream = { Type: 'AWS::Kinesis::Stream', Properties: {} }
    })
    expect(message).toContain('Stream: the type AWS::Kinesis::Stream is not honoured')
  })

  it('with a property that is not honoured stops the start', async () => {
    const message = await refused(all => {
      Object.assign(all.Queue?.Properties ?? {}, { FifoQueue: true })
    })
    expect(message).toContain('Queue: the property FifoQueue of AWS::SQS::Queue is not honoured')
  })

  it('without the permission for API Gateway to invoke stops the start', async () => {
    const message = await refused(all => {
      delete all.DevicePermission
    })
    expect(message).toContain('DeviceRoute: API Gateway has no permission')
  })

  it('with one route in two APIs, which have one address here, stops the start', async () => {
    const message = await refused(all => {
      Object.assign(all.DeviceRoute?.Properties ?? {}, { RouteKey: 'GET /people/{name}' })
    })
    expect(message).toMatch(/^(Device|Person)Route is not honoured/)
  })

  it('whose schedule would be tried again stops the start', async () => {
    const message = await refused(all => {
      delete all.EveryOnce
    })
    expect(message).toContain('retries of work are not honoured')
  })

  it('whose queue shows a message again while its function may still run stops the start', async () => {
    const message = await refused(all => {
      Object.assign(all.Queue?.Properties ?? {}, { VisibilityTimeout: 1 })
    })
    expect(message).toContain('visible again before work ends')
  })

  it('whose bootstrap fails stops the start', async () => {
    const message = await refused(all => {
      const properties = all.workFunction?.Properties as { Environment: { Variables: object } }
      Object.assign(properties.Environment.Variables, { BOOTSTRAP: 'FAILED' })
    })
    expect(message).toContain('work answered FAILED')
  })

  it('says what in it does nothing here, and why', () => {
    expect(cloud.inert).toContainEqual({ id: 'Log', type: 'AWS::Logs::LogGroup', reason: expect.any(String) })
  })
})
