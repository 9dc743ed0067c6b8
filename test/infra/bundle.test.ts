import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleFunctions } from '../../infra/bundle.ts'
import { functionNames } from '../../infra/capabilities/grants.ts'
import { Settings } from '../../schemas/settings.ts'

const repository = resolve(import.meta.dirname, '../..')

describe('the bundles', () => {
  let folder: string
  let settings: Settings
  const entry = async (name: string, source: string) => {
    const file = join(folder, `${name}.ts`)
    await writeFile(file, source)
    return file
  }
  beforeAll(async () => {
    // Inside the repository, so that the entries find its packages.
    await mkdir(join(repository, '.cache'), { recursive: true })
    folder = await mkdtemp(join(repository, '.cache', 'bundle-test-'))
    const sample = await readFile(join(repository, 'infra/settings/valle-claro.json'), 'utf8')
    settings = Settings.parse(JSON.parse(sample))
  })
  afterAll(async () => rm(folder, { recursive: true, force: true }))

  it('name the entry file that a declared function lacks', async () => {
    await expect(
      bundleFunctions(['file-complaint'], settings, { cache: join(folder, 'cache') }),
    ).rejects.toThrow(/functions\/handlers\/file-complaint\.ts/)
  })

  it('hold one module and the body’s settings, the same each time, and come from the cache the second time', async () => {
    const entries = {
      one: await entry(
        'one',
        "import * as z from 'zod'\nexport const handler = () => z.string().parse('one')",
      ),
      two: await entry('two', 'export const handler = () => 2'),
    }
    const build = (cache: string) =>
      bundleFunctions(['one', 'two'], settings, { entries, cache: join(folder, cache) })
    const first = await build('cache')
    expect(first.built).toBe(true)
    expect((await readdir(first.directory('one'))).sort()).toEqual(['index.mjs', 'settings.json'])
    expect(JSON.parse(await readFile(join(first.directory('two'), 'settings.json'), 'utf8'))).toEqual(
      settings,
    )
    const { handler } = await import(pathToFileURL(join(first.directory('one'), 'index.mjs')).href)
    expect(handler()).toBe('one')

    expect((await build('cache')).built).toBe(false)
    const elsewhere = await build('other')
    expect(await readFile(join(elsewhere.directory('one'), 'index.mjs'))).toEqual(
      await readFile(join(first.directory('one'), 'index.mjs')),
    )
  })

  it('are made anew when a source or the settings change', async () => {
    const cache = join(folder, 'cache')
    const entries = { fickle: await entry('fickle', 'export const handler = () => 1') }
    const before = await bundleFunctions(['fickle'], settings, { entries, cache })
    await entry('fickle', 'export const handler = () => 2')
    const after = await bundleFunctions(['fickle'], settings, { entries, cache })
    expect(after.directory('fickle')).not.toBe(before.directory('fickle'))
    const other = await bundleFunctions(
      ['fickle'],
      { ...settings, timeZone: 'America/Punta_Arenas' },
      { entries, cache },
    )
    expect(other.built).toBe(true)
  })

  it('leave nothing half-made behind when a source does not compile', async () => {
    const cache = join(folder, 'broken')
    const entries = { broken: await entry('broken', 'export const handler = (') }
    await expect(bundleFunctions(['broken'], settings, { entries, cache })).rejects.toThrow(/Build failed/)
    expect(await readdir(cache)).toEqual([])
  })

  it('take credentials from the environment and bring no other way of finding them', async () => {
    const entries = {
      table: await entry(
        'table',
        "import { DynamoDBClient } from '@aws-sdk/client-dynamodb'\nexport const handler = () => new DynamoDBClient({ region: 'sa-east-1' }).config.credentials()",
      ),
    }
    const bundles = await bundleFunctions(['table'], settings, { entries, cache: join(folder, 'cache') })
    const file = join(bundles.directory('table'), 'index.mjs')
    expect(await readFile(file, 'utf8')).not.toMatch(
      /AWS_CONTAINER_CREDENTIALS|AssumeRoleWithWebIdentity|credential_process/,
    )
    const { handler } = await import(pathToFileURL(file).href)
    const kept = { id: process.env.AWS_ACCESS_KEY_ID, secret: process.env.AWS_SECRET_ACCESS_KEY }
    try {
      process.env.AWS_ACCESS_KEY_ID = 'submit-request'
      process.env.AWS_SECRET_ACCESS_KEY = 'any'
      expect(await handler()).toMatchObject({ accessKeyId: 'submit-request', secretAccessKey: 'any' })
    } finally {
      if (kept.id === undefined) delete process.env.AWS_ACCESS_KEY_ID
      else process.env.AWS_ACCESS_KEY_ID = kept.id
      if (kept.secret === undefined) delete process.env.AWS_SECRET_ACCESS_KEY
      else process.env.AWS_SECRET_ACCESS_KEY = kept.secret
    }
  })

  /** The same source as a bundle says it and as the packages themselves do. */
  const bothWays = async (name: string, source: string) => {
    const entries = { [name]: await entry(name, source) }
    const bundles = await bundleFunctions([name], settings, { entries, cache: join(folder, 'cache') })
    const bundled = await import(pathToFileURL(join(bundles.directory(name), 'index.mjs')).href)
    const plain = await import(pathToFileURL(entries[name] ?? '').href)
    return { bundled: await bundled.handler(), plain: await plain.handler() }
  }

  it.each(['client-dynamodb', 'client-sqs', 'client-secrets-manager', 'client-sesv2'])(
    'make every error of %s as the SDK itself makes it, with all of its fields',
    async client => {
      const { bundled, plain } = await bothWays(
        `errors-of-${client}`,
        `import * as sdk from '@aws-sdk/${client}'
         const Base = Object.entries(sdk).find(([name]) => name.endsWith('ServiceException'))[1]
         const named = Object.entries(sdk).filter(([, one]) => typeof one === 'function' && one.prototype instanceof Base)
         const all = ['message', 'Item', 'CancellationReasons', 'Reasons', 'ThrottlingReasons', 'throttlingReasons', '$metadata']
         export const handler = () => named.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, One]) => {
           const made = new One(Object.fromEntries(all.map(field => [field, field])))
           const kin = [made instanceof One, made instanceof Base, made instanceof Error]
           return [name, One.shapeId, kin, Object.getOwnPropertyNames(made).filter(own => own !== 'stack').map(own => [own, made[own]])]
         })`,
      )
      expect(plain.length).toBeGreaterThan(10)
      expect(bundled).toEqual(plain)
    },
  )

  it('read an error of DynamoDB with what it says of each part of a transaction', async () => {
    const { bundled, plain } = await bothWays(
      'refused',
      `import { DynamoDBClient, TransactionCanceledException, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb'
       const body = JSON.stringify({
         __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException', Message: 'no',
         CancellationReasons: [{ Code: 'None' }, { Code: 'ConditionalCheckFailed', Item: { pk: { S: 'a' } } }],
       })
       const answer = { statusCode: 400, headers: {}, body: new Response(body).body }
       const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
       const client = new DynamoDBClient({ region: 'sa-east-1', credentials, requestHandler: { handle: async () => ({ response: answer }) } })
       export const handler = () => client.send(new TransactWriteItemsCommand({ TransactItems: [] })).catch(error =>
         [error instanceof TransactionCanceledException, error.name, error.message, error.$fault, error.CancellationReasons])`,
    )
    expect(bundled).toEqual([true, 'TransactionCanceledException', 'no', 'client', expect.any(Array)])
    expect(bundled[4][1]).toMatchObject({ Code: 'ConditionalCheckFailed', Item: { pk: { S: 'a' } } })
    expect(bundled).toEqual(plain)
  })

  it('find the service in every region where the SDK itself does, also in one that it has no name for', async () => {
    const { bundled, plain } = await bothWays(
      'regions',
      `import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
       import { SQSClient, ListQueuesCommand } from '@aws-sdk/client-sqs'
       const regions = ['sa-east-1', 'us-east-1', 'mx-central-1', 'ca-west-1', 'sa-west-7', 'cn-north-1', 'us-gov-west-1', 'us-iso-east-1', 'aws-global', 'aws-cn-global']
       const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
       const hostOf = async (Client, Command, region, rest) => {
         let host
         const requestHandler = { handle: async request => { host = request.hostname; throw new Error('enough') } }
         await new Client({ region, credentials, requestHandler, maxAttempts: 1, ...rest }).send(new Command({})).catch(() => undefined)
         return [region, host]
       }
       export const handler = () => Promise.all([{}, { useDualstackEndpoint: true }, { useFipsEndpoint: true }].flatMap(rest =>
         regions.flatMap(region => [hostOf(DynamoDBClient, ListTablesCommand, region, rest), hostOf(SQSClient, ListQueuesCommand, region, rest)])))`,
    )
    expect(bundled).toContainEqual(['sa-east-1', 'dynamodb.sa-east-1.amazonaws.com'])
    expect(bundled).toEqual(plain)
  })

  it('keep SQL Server’s driver in a file of its own, for the bodies whose ERP speaks it', async () => {
    const entries = {
      erp: await entry(
        'erp',
        "export const handler = async () => new (await import('tedious')).Request('select 1', () => undefined)",
      ),
      mail: await entry('mail', 'export const handler = () => undefined'),
    }
    const options = { entries, cache: join(folder, 'cache') }
    const without = await bundleFunctions(['erp', 'mail'], settings, options)
    expect((await readdir(without.directory('erp'))).sort()).toEqual(['index.mjs', 'settings.json'])

    const targets = settings.targets.map(target =>
      target.kind === 'sql' ? { ...target, dialect: 'sql-server' as const } : target,
    )
    const bundles = await bundleFunctions(['erp', 'mail'], { ...settings, targets }, options)
    expect((await readdir(bundles.directory('erp'))).sort()).toEqual([
      'index.mjs',
      'lazy-tedious.mjs',
      'settings.json',
    ])
    expect((await readdir(bundles.directory('mail'))).sort()).toEqual(['index.mjs', 'settings.json'])
    const { handler } = await import(pathToFileURL(join(bundles.directory('erp'), 'index.mjs')).href)
    expect(await handler()).toMatchObject({ sqlTextOrProcedure: 'select 1' })
  })

  it('carry the connectors of the body’s own kinds of target and of no other', async () => {
    const has = (text: string) => ({
      tables: text.includes('llavero_owner'),
      graph: text.includes('signInSessionsValidFromDateTime'),
    })
    const mailOf = async (body: Settings) => {
      const bundles = await bundleFunctions(['converge-mail'], body, { cache: join(folder, 'cache') })
      return has(await readFile(join(bundles.directory('converge-mail'), 'index.mjs'), 'utf8'))
    }
    expect(await mailOf(settings)).toEqual({ tables: true, graph: false })
    const mail = {
      id: 'mail',
      kind: 'microsoft-365',
      mode: 'active',
      secret: 'llavero/mail',
      domain: 'valleclaro.example',
      licence: '18181a46-0d4e-45cd-891e-60aabd171b4e',
      usageLocation: 'CL',
    }
    const targets = settings.targets.map(target => (target.id === 'mail' ? mail : target))
    expect(await mailOf(Settings.parse({ ...settings, targets }))).toEqual({ tables: false, graph: true })
  })

  it('carry no driver for databases where the ERP is a Tryton', async () => {
    const tryton = {
      id: 'erp',
      kind: 'tryton',
      mode: 'active',
      secret: 'llavero/erp',
      database: 'municipalidad',
      modules: { bodega: { consulta: ['Bodega'] } },
    }
    const targets = settings.targets.map(target => (target.id === 'erp' ? tryton : target))
    const body = Settings.parse({ ...settings, targets })
    const bundles = await bundleFunctions(['converge-erp'], body, { cache: join(folder, 'cache') })
    const text = await readFile(join(bundles.directory('converge-erp'), 'index.mjs'), 'utf8')
    expect(text).toContain('common.db.login')
    expect(text).not.toContain('llavero_owner')
    expect(text.length).toBeLessThan(600_000)
  })

  it('say once what the SDK’s errors have in common, and no region by name', async () => {
    const bundles = await bundleFunctions(['converge-mail'], settings)
    const text = await readFile(join(bundles.directory('converge-mail'), 'index.mjs'), 'utf8')
    expect(text).toContain('ConditionalCheckFailedException')
    expect(text).not.toContain('name="ConditionalCheckFailedException"')
    expect(text).not.toContain('South America (Sao Paulo)')
  })

  it('stay, each of them, within 600 KB', async () => {
    const names = functionNames(['directory', 'mail', 'erp'])
    const bundles = await bundleFunctions(names, settings)
    for (const name of names) {
      const { size } = await stat(join(bundles.directory(name), 'index.mjs'))
      expect([name, size <= 600_000, size]).toEqual([name, true, size])
    }
  })
})
