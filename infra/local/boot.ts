import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Settings } from '../../schemas/settings.ts'
import { type Bench, openBench } from './bench.ts'
import { type Client, clientOf } from './client.ts'
import { type Cloud, startCloud } from './cloud/index.ts'
import { startDirectory } from './directory/index.ts'
import { startDoors } from './doors.ts'
import { type Issuer, openIssuer, sitesOf } from './issuer.ts'
import { keepJson, keptJson } from './kept-json.ts'
import { startPostgres } from './postgres/start-postgres.ts'
import { answerLocally } from './routes.ts'
import type { SampleBody } from './sample/body.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export interface Laptop {
  readonly base: string
  readonly client: Client
  readonly issuer: Issuer
  readonly sample: SampleBody
  /** The sample form's: everything it asks for stands in the targets. */
  readonly formNumber: string
  /** What the tables would have charged since the start. */
  readonly consumed: Cloud['consumed']
  close(): Promise<void>
}

/** Told how long a part of the start took; parts run side by side. */
export type Measure = <T>(part: string, work: Promise<T>) => Promise<T>

/** Generated once: what the help desk gave out before a restart still holds after it. */
function codesKey(dataDir: string): string {
  const file = join(dataDir, 'codes-key.json')
  const key: string = keptJson(file) ?? randomBytes(32).toString('hex')
  keepJson(file, key)
  return key
}

/** In a child that exits: the CDK's memory goes with it. */
async function synthesize(outdir: string): Promise<{ directory: string; template: string }> {
  // The bundler is written in Go and would otherwise take 300 MB.
  const env = { ...process.env, GOMEMLIMIT: '150MiB' }
  const child = promisify(execFile)(process.execPath, ['infra/synth.ts', outdir], { cwd: ROOT, env })
  return JSON.parse((await child).stdout)
}

/**
 * Starts targets, cloud and sample body over a data directory, new or found. A start over found data finishes what was
 * interrupted and files nothing again.
 */
export async function bootLaptop(dataDir: string, port: number, measure: Measure): Promise<Laptop> {
  mkdirSync(dataDir, { recursive: true })
  const settings = Settings.parse(keptJson(join(ROOT, 'infra/settings/valle-claro.json')))
  const [directorySettings] = settings.targets.filter(target => target.id === 'directory')
  if (directorySettings === undefined) throw new Error('the sample settings name no directory')

  const opened = new AsyncDisposableStack()
  const closing = <T extends { close(): Promise<void> }>(part: T) => opened.adopt(part, one => one.close())
  try {
    let bench: Bench | undefined
    const startingDirectory = startDirectory({
      dataDir: join(dataDir, 'directory'),
      settings: directorySettings,
      now: () => bench?.now() ?? Date.now(),
    })
    const [postgres, directory, issuer, assembly] = await Promise.all([
      measure('postgresql', startPostgres({ dataDir: join(dataDir, 'postgres') })).then(closing),
      measure('directory', startingDirectory).then(closing),
      openIssuer(dataDir, settings),
      measure('synthesis', synthesize(join(dataDir, 'cdk.out'))),
    ])
    const { url, bindDn, password, ca } = directory
    const startingCloud = startCloud({
      template: keptJson(join(assembly.directory, assembly.template)),
      assetDir: assembly.directory,
      parameters: { IssuerUrl: issuer.url, Audience: issuer.audience },
      secrets: {
        'llavero/directory': JSON.stringify({ url, bindDn, password, ca }),
        'llavero/mail': JSON.stringify({ url: postgres.mailUrl }),
        [settings.credentials.secret]: codesKey(dataDir),
        'llavero/erp': JSON.stringify({ url: postgres.erpUrl }),
        'llavero/doors': JSON.stringify({ sites: sitesOf(settings, issuer) }),
      },
      dataDir: join(dataDir, 'cloud'),
      port,
      keys: issuer.jwks,
      localRoutes: (request, response) => answerLocally(bench, request, response),
    })
    const cloud = closing(await measure('cloud', startingCloud))
    const base = `http://127.0.0.1:${cloud.port}`
    const client = clientOf(base)
    const sites = sitesOf(settings, issuer)
    const doors = closing(startDoors({ settings, sites, base, dataDir, now: cloud.clock.now }))
    bench = openBench({ settings, issuer, client, cloud, directory, postgres, doors, dataDir })
    await measure('sample body', bench.start())
    const [sample, formNumber, { consumed }] = [bench.sample(), bench.formNumber(), cloud]
    return { base, client, issuer, sample, formNumber, consumed, close: () => opened.disposeAsync() }
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}
