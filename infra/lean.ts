import { readFile } from 'node:fs/promises'
import type { Plugin } from 'esbuild'

/**
 * Leaves out what a function of ours never uses. What is gone throws when it is called after all.
 *
 * - The SDK's search for credentials in files, sign-in pages and metadata servers: in Lambda they stand in the environment
 *   (135 KB, 28 ms of cold start); event streams, which no operation on our closed list has; its package.json but the version.
 * - zod's messages in fifty languages, which Powertools' `{ z }` drags in (360 KB; our texts are in one catalogue), and its
 *   conversion to JSON schema (the contract is generated when it is written, not when it is asked for).
 * - DynamoDB's search for its own address, which nobody turns on (6 KB); retries that measure their own rate, which nobody asks
 *   for; the names of all regions, of which the SDK needs the pattern only (3 KB each).
 * - What a hundred classes of the SDK's errors have in common: one of them is written out, the others are made like it (12 KB).
 * - tedious' sign-in through Azure (1 MB; an ERP is entered with a login of its own).
 * - pg's other half for a compiled driver, and its search for a password in a file (12 KB; the secret has it); its readers of
 *   values in binary, and of certificates for channel binding: neither is turned on (4 KB).
 * - Powertools' schemas of records that do not come from a queue (3 KB).
 */
export const lean: Plugin = {
  name: 'lean',
  setup(build) {
    build.onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, found => ({
      path: found.path,
      namespace: 'environment-credentials',
      pluginData: found.resolveDir,
    }))
    build.onLoad({ filter: /.*/, namespace: 'environment-credentials' }, found => ({
      contents: "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env'",
      resolveDir: found.pluginData,
    }))
    build.onLoad({ filter: /@aws-sdk[\\/]client-[a-z-]+[\\/]package\.json$/ }, async ({ path }) => ({
      contents: JSON.stringify({ version: JSON.parse(await readFile(path, 'utf8')).version }),
      loader: 'json',
    }))
    // Config files beside the credentials': where functions run there are none.
    build.onLoad({ filter: /[\\/]shared-ini-file-loader[\\/]loadSharedConfigFiles\.js$/ }, () => ({
      contents: [
        "export { CONFIG_PREFIX_SEPARATOR } from './constants.js'",
        'export const loadSharedConfigFiles = async () => ({ configFile: {}, credentialsFile: {} })',
      ].join('\n'),
    }))
    build.onLoad(
      { filter: /@aws-sdk[\\/]client-[a-z0-9-]+[\\/].*[\\/]models[\\/]errors\.js$/ },
      async ({ path }) => ({
        contents: shortErrors(await readFile(path, 'utf8')),
      }),
    )
    build.onLoad({ filter: /[\\/]util-endpoints[\\/]lib[\\/]aws[\\/]partitions\.js$/ }, async ({ path }) => ({
      contents: withoutRegions(await readFile(path, 'utf8')),
    }))
    build.onLoad({ filter: leftOut }, async ({ path }) => ({
      contents: refusals(await readFile(path, 'utf8'), () => 'refuse'),
    }))
    build.onLoad({ filter: /@aws-lambda-powertools[\\/]parser[\\/].*\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(
        /^import \{ z \} from 'zod';/m,
        "import * as z from 'zod';",
      ),
    }))
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js'",
    }))
    build.onLoad(
      { filter: /[\\/]zod[\\/]v4[\\/]core[\\/](to-json-schema|json-schema-processors)\.js$/ },
      async ({ path }) => ({
        // What makes a method (`create…`) is called while zod loads, and makes one that throws.
        contents: refusals(await readFile(path, 'utf8'), name =>
          name.startsWith('create') ? '() => refuse' : 'refuse',
        ),
      }),
    )
    build.onLoad({ filter: /@aws-sdk[\\/]endpoint-cache[\\/].*\.js$/ }, () => ({
      contents: 'export class EndpointCache {}',
    }))
    // Called while pg loads, to say what it can read.
    build.onLoad({ filter: /[\\/]pg-types[\\/]lib[\\/]binaryParsers\.js$/ }, () => ({
      contents: 'exports.init = () => {}',
    }))
    build.onResolve(
      { filter: /^(@azure\/.*|@smithy\/core\/event-streams|pgpass|\.\/native|\.\/cert-signatures)$/ },
      found => ({
        path: found.path,
        namespace: 'left-out',
      }),
    )
    build.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {}' }))
  },
}

/** Modules of which every export throws. */
const leftOut = new RegExp(
  [
    // Stand in for a Node without its own.
    'checksum/sha256/Sha256Js',
    'checksum/md5/Md5Js',
    // The region stands in the environment.
    'regionConfig/getInstanceMetadataRegion',
    'util-retry/(AdaptiveRetryStrategy|DefaultRateLimiter)',
    '@aws-lambda-powertools/parser/lib/esm/(schemas/(kinesis|dynamodb)|helpers/dynamodb)',
  ]
    .map(path => `/${path}\\.js$`)
    .join('|')
    .replaceAll('/', '[\\\\/]'),
)

/**
 * The SDK writes out each of its error classes, and all are alike: name, whose fault, and fields that are taken over. One that
 * looks otherwise stays as it is.
 */
function shortErrors(source: string): string {
  const likeAll = new RegExp(
    [
      String.raw`export class (\w+) extends __BaseException \{\s*static shapeId = "([\w.]+#)\1";`,
      String.raw`\s*name = "\1";\s*\$fault = "(\w+)";\s*((?:\w+;\s*)*)constructor\(opts\) \{`,
      String.raw`\s*super\(\{\s*name: "\1",\s*\$fault: "\3",\s*\.\.\.opts,\s*\}\);`,
      String.raw`\s*Object\.setPrototypeOf\(this, \1\.prototype\);\s*((?:this\.\w+ = opts\.\w+;\s*)*)\}\s*\}`,
    ].join(''),
    'g',
  )
  const short = source.replace(likeAll, (whole, name, space, fault, declared: string, taken: string) => {
    const fields = declared.match(/\w+/g) ?? []
    const same =
      fields.map(field => `this.${field} = opts.${field};`).join('') === taken.replace(/(?<=;)\s+/g, '')
    if (!same) return whole
    const values = [space, name, fault, ...fields].map(value => `'${value}'`)
    return `export const ${name} = /* @__PURE__ */ errorLike(${values.join(', ')})`
  })
  return `${short}
    function errorLike(space, name, $fault, ...fields) {
      const made = class extends __BaseException {
        static shapeId = space + name
        name = name
        $fault = $fault
        constructor(opts) {
          super({ name, $fault, ...opts })
          Object.setPrototypeOf(this, made.prototype)
          for (const field of fields) this[field] = opts[field]
        }
      }
      return made
    }`
}

/** The SDK looks a region up by its name and else by its partition's pattern, which says the same of all but a few. */
function withoutRegions(source: string): string {
  const [, before = '', json = '', after = ''] = /^(.*?= )(\{.*\})(;?\s*)$/s.exec(source) ?? []
  const { partitions, ...rest } = JSON.parse(json)
  const short = partitions.map((each: { regionRegex: string; regions: object }) => ({
    ...each,
    regions: Object.fromEntries(
      Object.entries(each.regions).filter(([region]) => !new RegExp(each.regionRegex).test(region)),
    ),
  }))
  return `${before}${JSON.stringify({ partitions: short, ...rest })}${after}`
}

/** The same exports, each of which throws when it is called. */
export function refusals(source: string, refusalOf: (name: string) => string): string {
  const names = [...source.matchAll(/^export (?:const|function|class) (\w+)/gm)].map(([, name = '']) => name)
  return [
    "const refuse = () => { throw new Error('left out of the bundle') }",
    ...names.map(name => `export const ${name} = ${refusalOf(name)}`),
  ].join('\n')
}
