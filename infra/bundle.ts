import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Metafile, Plugin } from 'esbuild'
import type { Settings, TargetSettings } from '../schemas/settings.ts'
import { lean, refusals } from './lean.ts'

const repository = resolve(import.meta.dirname, '..')

/**
 * Packages that only `import('…')` reaches: each becomes a file of its own beside `index.mjs`, read when it is first
 * wanted and there only for a body that wants it. tedious (SQL Server, with tarn for its pool) is 1.2 MB with its code pages.
 */
const lazyPackages: Record<string, (settings: Settings) => boolean> = {
  tedious: speaksSqlServer,
  tarn: speaksSqlServer,
}

function speaksSqlServer(settings: Settings): boolean {
  return settings.targets.some(target => target.kind === 'sql' && target.dialect === 'sql-server')
}

/** Kind of target → the folder of its connector, which `functions/handlers/compose-*.ts` put together. */
const connectorFolders: Record<TargetSettings['kind'], string> = {
  'active-directory': 'active-directory',
  postfixadmin: 'mail',
  'microsoft-365': 'microsoft-365',
  sql: 'erp',
  tryton: 'tryton',
  scim: 'scim',
  'security-push': 'badges',
  manual: 'manual',
}

export interface BundleOptions {
  /** Function name → its entry file. Default: `functions/handlers/<name>.ts`. */
  readonly entries?: Readonly<Record<string, string>>
  /** Where finished bundles rest between runs. Outside `.local/`, so that a reset does not cost a build. */
  readonly cache?: string
}

export interface Bundles {
  /** Directory of a function's asset: `index.mjs` (export `handler`) and `settings.json`. */
  directory(name: string): string
}

/**
 * Bundles all functions in one esbuild call, or takes them from the cache: the key is the hash of every source a bundle
 * can contain, the locked packages, this file, the names and the settings. A package changed by hand under
 * `node_modules` is not noticed: delete `.cache`. `built` tells whether esbuild had to run.
 */
export async function bundleFunctions(
  names: readonly string[],
  settings: Settings,
  options: BundleOptions = {},
): Promise<Bundles & { readonly built: boolean }> {
  const entries = Object.fromEntries(
    names.map(name => [
      name,
      options.entries?.[name] ?? join(repository, 'functions', 'handlers', `${name}.ts`),
    ]),
  )
  const missing = Object.values(entries).filter(file => !existsSync(file))
  if (missing.length > 0)
    throw new Error(`No entry file for a function that the app declares: ${missing.join(', ')}`)

  const document = `${JSON.stringify(settings, null, 2)}\n`
  const cache = options.cache ?? join(repository, '.cache', 'bundles')
  const finished = join(cache, await hashInputs(entries, document))
  const bundles = (built: boolean) => ({ built, directory: (name: string) => join(finished, name) })
  if (existsSync(finished)) {
    await utimes(finished, new Date(), new Date())
    return bundles(false)
  }

  await mkdir(cache, { recursive: true })
  const draft = await mkdtemp(join(cache, 'draft-'))
  try {
    await runEsbuild(entries, settings, draft)
    for (const name of names) await writeFile(join(draft, name, 'settings.json'), document)
    await rm(join(draft, 'lazy'), { recursive: true, force: true })
    await rename(draft, finished).catch(async error => {
      // Another synthesis of the same inputs was faster: its bundles are these.
      if (!existsSync(finished)) throw error
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  await forgetOldBundles(cache)
  return bundles(true)
}

async function runEsbuild(
  entries: Readonly<Record<string, string>>,
  settings: Settings,
  outdir: string,
): Promise<void> {
  const wanted = Object.keys(lazyPackages).filter(name => lazyPackages[name]?.(settings))
  // Loaded here only: a run that finds its bundles in the cache pays nothing for it.
  const { build } = await import('esbuild')
  const { metafile } = await build({
    absWorkingDir: repository,
    entryPoints: {
      ...Object.fromEntries(Object.entries(entries).map(([name, file]) => [`${name}/index`, file])),
      ...Object.fromEntries(wanted.map(name => [`lazy/${name}`, `lazy:${name}`])),
    },
    outdir,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    outExtension: { '.js': '.mjs' },
    legalComments: 'none',
    banner: {
      js: [
        "import{createRequire as __cr}from'node:module'",
        'const require=__cr(import.meta.url)',
        // zod writes itself faster parsers at run time: 10 ms of every cold start for what a function parses few times.
        'globalThis.__zod_globalConfig={jitless:true};',
      ].join(';'),
    },
    metafile: true,
    logLevel: 'silent',
    plugins: [lean, lazy, ownConnectors(settings)],
  })
  await placeLazyPackages(metafile, wanted, outdir)
}

/** Copies each lazy package's file beside the bundles that may ask for it. */
async function placeLazyPackages(
  metafile: Metafile,
  wanted: readonly string[],
  outdir: string,
): Promise<void> {
  for (const [file, output] of Object.entries(metafile.outputs))
    for (const name of wanted)
      if (output.imports.some(one => one.path === lazyFile(name)))
        await cp(join(outdir, 'lazy', `${name}.mjs`), resolve(repository, file, '..', lazyFile(name)))
}

const lazyFile = (name: string) => `./lazy-${name}.mjs`

const lazy: Plugin = {
  name: 'lazy-packages',
  setup(build) {
    build.onResolve({ filter: new RegExp(`^(${Object.keys(lazyPackages).join('|')})$`) }, found =>
      found.kind === 'dynamic-import' ? { path: lazyFile(found.path), external: true } : undefined,
    )
    build.onResolve({ filter: /^lazy:/ }, found => ({ path: found.path.slice(5), namespace: 'lazy' }))
    // They are CommonJS, whose names an ES module's file has to spell out.
    build.onLoad({ filter: /.*/, namespace: 'lazy' }, async found => {
      const names = Object.keys(await import(found.path)).filter(name => /^[A-Za-z_]\w*$/.test(name))
      const named = names.filter(name => name !== 'default').join(', ')
      return {
        contents: `import * as all from '${found.path}'\nexport const { ${named} } = all`,
        resolveDir: repository,
      }
    })
  },
}

/** Leaves out the connectors of other bodies: a mailbox in Microsoft 365 needs no driver for PostgreSQL, few ERPs one for SQL Server. */
function ownConnectors(settings: Settings): Plugin {
  const wanted = settings.targets.map(target => connectorFolders[target.kind])
  return {
    name: 'own-connectors',
    setup(build) {
      if (!speaksSqlServer(settings))
        build.onResolve({ filter: /^\.\/sql-server\.ts$/ }, ({ path, resolveDir }) => ({
          path: resolve(resolveDir, path),
          namespace: 'of-other-bodies',
        }))
      build.onResolve({ filter: /^\.\.\/connectors\/[^/]+\/index\.ts$/ }, ({ path, resolveDir }) =>
        wanted.includes(path.split('/')[2] ?? '')
          ? undefined
          : { path: resolve(resolveDir, path), namespace: 'of-other-bodies' },
      )
      build.onLoad({ filter: /.*/, namespace: 'of-other-bodies' }, async ({ path }) => ({
        contents: refusals(await readFile(path, 'utf8'), () => 'refuse'),
      }))
    },
  }
}

async function hashInputs(entries: Readonly<Record<string, string>>, document: string): Promise<string> {
  const sources = [
    join(repository, 'package-lock.json'),
    import.meta.filename,
    join(repository, 'infra', 'lean.ts'),
    ...(await listSources(join(repository, 'functions'))),
    ...(await listSources(join(repository, 'schemas'))),
    ...Object.values(entries),
  ]
  const hash = createHash('sha256').update(document)
  for (const [name, file] of Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`\0${name}\0${file}`)
  const contents = await Promise.all(sources.map(file => readFile(file)))
  for (const [index, file] of sources.entries()) hash.update(`\0${file}\0`).update(contents[index] ?? '')
  return hash.digest('hex').slice(0, 32)
}

async function listSources(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return []
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  return found
    .filter(one => one.isFile())
    .map(one => join(one.parentPath, one.name))
    .sort()
}

/** Bundles nobody used for a day make room. */
async function forgetOldBundles(cache: string): Promise<void> {
  const oldest = Date.now() - 24 * 60 * 60 * 1000
  for (const name of await readdir(cache)) {
    const folder = join(cache, name)
    const found = await stat(folder).catch(() => null)
    if (found !== null && found.mtimeMs < oldest) await rm(folder, { recursive: true, force: true })
  }
}
