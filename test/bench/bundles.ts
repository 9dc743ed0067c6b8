import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { bundleFunctions } from '../../infra/bundle.ts'
import { functionNames } from '../../infra/capabilities/grants.ts'
import { Settings } from '../../schemas/settings.ts'

const run = promisify(execFile)
const repository = resolve(import.meta.dirname, '../..')

/** The SDK alone, doing what every function does at its start. */
const bareSource = `
  import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
  import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
  export const handler = () => DynamoDBDocumentClient.from(new DynamoDBClient({}))
`

export interface BundleRow {
  readonly name: string
  /** Of the one file; of the SDK as installed, nothing is counted (0). */
  readonly bytes: number
  /** Median of fresh processes. */
  readonly importMilliseconds: number
  /** Over that of the bare SDK as npm installs it. */
  readonly timesBare: number
}

const bareInstalled = 'bare SDK, as installed'

/** Import time and size of every function's bundle, the bare SDK, as installed and bundled, first. Rounds go through all bundles, so that a busy minute hurts all alike. */
export async function benchBundles(rounds = 11): Promise<BundleRow[]> {
  const document = await readFile(join(repository, 'infra/settings/valle-claro.json'), 'utf8')
  const settings = Settings.parse(JSON.parse(document))
  const names = functionNames(settings.targets.map(target => target.id))
  const bundles = await bundleFunctions(names, settings)
  await mkdir(join(repository, '.cache'), { recursive: true })
  const folder = await mkdtemp(join(repository, '.cache', 'bench-'))
  try {
    const bare = await writeBare(folder)
    const files = new Map([
      [bareInstalled, bare.installed],
      ['bare SDK, bundled', bare.bundled],
      ...names.map(name => [name, join(bundles.directory(name), 'index.mjs')] as const),
    ])
    const times = new Map<string, number[]>([...files.keys()].map(name => [name, []]))
    for (let round = 0; round < rounds; round++)
      for (const [name, file] of files) times.get(name)?.push(await importTime(file))
    const yardstick = median(times.get(bareInstalled) ?? [])
    return await Promise.all(
      [...files].map(async ([name, file]) => {
        const importMilliseconds = median(times.get(name) ?? [])
        const bytes = name === bareInstalled ? 0 : (await stat(file)).size
        return { name, bytes, importMilliseconds, timesBare: importMilliseconds / yardstick }
      }),
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function writeBare(folder: string): Promise<{ installed: string; bundled: string }> {
  const installed = join(folder, 'bare.mjs')
  const bundled = join(folder, 'bare-bundled.mjs')
  await writeFile(installed, bareSource)
  await build({
    entryPoints: [installed],
    outfile: bundled,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  })
  return { installed, bundled }
}

/** Milliseconds that one fresh process takes to import a file, without its own start. */
async function importTime(file: string): Promise<number> {
  const script = `const start = performance.now(); await import(${JSON.stringify(pathToFileURL(file).href)}); process.stdout.write(String(performance.now() - start)); process.exit()`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, AWS_REGION: 'sa-east-1', STATE_TABLE: 'state', LEDGER_TABLE: 'ledger' },
  })
  return Number(stdout)
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN
}
