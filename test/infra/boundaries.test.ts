import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Boundaries, checkBoundaries } from '../../.ci/boundaries.ts'
import rules from '../../.dependency-cruiser.ts'

/** One forbidden import for each rule: the culprits to add. */
const plants: Record<string, Record<string, string>> = {
  'schemas-know-nobody': {
    'schemas/planted-act.ts':
      "import { planted } from '../functions/domain/planted-rule.ts'\nexport const act = planted\n",
  },
  'schemas-are-only-zod': {
    'schemas/planted-clock.ts':
      "import { Temporal } from 'temporal-polyfill'\nexport const now = Temporal.Now\n",
  },
  'domain-knows-schemas-only': {
    'functions/domain/planted-look.ts':
      "import { planted } from '../stores/planted-rows.ts'\nexport const look = planted\n",
  },
  'domain-is-pure': {
    'functions/domain/planted-sdk.ts':
      "import { DynamoDBClient } from '@aws-sdk/client-dynamodb'\nexport const client = DynamoDBClient\n",
  },
  'domain-touches-no-machine': {
    'functions/domain/planted-disk.ts':
      "import { readFileSync } from 'node:fs'\nexport const read = readFileSync\n",
  },
  'workflows-know-rules-only': {
    'functions/workflows/planted-answer.ts':
      "import { planted } from '../handlers/planted-entry.ts'\nexport const answer = planted\n",
  },
  'workflows-are-given-stores': {
    'functions/workflows/planted-keep.ts':
      "import { planted } from '../stores/planted-rows.ts'\nexport const keep = planted\n",
  },
  'workflows-are-given-connectors': {
    'functions/workflows/planted-act.ts':
      "import type { Planted } from '../connectors/planted-mail/index.ts'\nexport type Act = Planted\n",
  },
  'workflows-take-the-contract-as-types': {
    'functions/workflows/planted-fault.ts':
      "import { ConnectorError } from '../connectors/contract.ts'\nexport const fault = ConnectorError\n",
  },
  'workflows-speak-no-protocol': {
    'functions/workflows/planted-bind.ts': "import { Client } from 'ldapts'\nexport const bind = Client\n",
  },
  'connectors-know-no-other-room': {
    'functions/connectors/planted-mail/keeps.ts':
      "import type { Planted } from '../../stores/planted-rows.ts'\nexport type Keeps = Planted\n",
  },
  'connectors-know-no-other-connector': {
    'functions/connectors/planted-mail/borrows.ts':
      "import { planted } from '../planted-erp/index.ts'\nexport const borrows = planted\n",
  },
  'the-contract-knows-no-connector': {
    'functions/connectors/planted-registry.ts':
      "import { planted } from './planted-erp/index.ts'\nexport const registry = planted\n",
  },
  'connectors-know-no-aws': {
    'functions/connectors/planted-mail/fetches-secret.ts':
      "import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'\nexport const client = SecretsManagerClient\n",
  },
  'stores-know-no-other-room': {
    'functions/stores/planted-act.ts':
      "import { planted } from '../connectors/planted-mail/index.ts'\nexport const act = planted\n",
  },
  'only-compose-puts-together': {
    'functions/handlers/planted-build.ts':
      "import { planted } from '../stores/planted-rows.ts'\nexport const handler = planted\n",
  },
  'handlers-leave-functions-alone': {
    'functions/handlers/planted-outside.ts':
      "import { planted } from '../../infra/planted-stack.ts'\nexport const handler = planted\n",
  },
  'infra-sees-schemas-only': {
    'infra/planted-rule.ts':
      "import { planted } from '../functions/domain/planted-rule.ts'\nexport const rule = planted\n",
  },
  'nobody-imports-the-laptop': {
    'infra/planted-local.ts':
      "import { planted } from './local/planted-cloud.ts'\nexport const local = planted\n",
  },
  'nobody-imports-tests': {
    'infra/local/planted-fixture.ts':
      "import { planted } from '../../test/planted-fixture.ts'\nexport const fixture = planted\n",
  },
  'environment-is-read-in-compose': {
    'functions/workflows/planted-environment.ts':
      "import { env } from 'node:process'\nexport const table = env['TABLE']\n",
  },
  'functions-ship-declared-packages': {
    'functions/handlers/planted-dev.ts':
      "import { assert } from 'fast-check'\nexport const handler = assert\n",
  },
  'no-cycles': {
    'functions/domain/planted-hen.ts':
      "import { egg } from './planted-egg.ts'\nexport const hen = () => egg\n",
    'functions/domain/planted-egg.ts':
      "import { hen } from './planted-hen.ts'\nexport const egg = () => hen\n",
  },
  'no-orphans': { 'functions/domain/planted-forgotten.ts': 'export const forgotten = 1\n' },
  'nothing-unresolvable': {
    'functions/domain/planted-hole.ts':
      "import { gone } from './planted-gone.ts'\nexport const hole = gone\n",
  },
}

/** What the culprits import: innocent by itself. */
const innocent: Record<string, string> = {
  'functions/domain/planted-rule.ts': 'export const planted = 1\n',
  'functions/stores/planted-rows.ts': 'export const planted = 1\nexport type Planted = 1\n',
  'functions/connectors/planted-mail/index.ts': 'export const planted = 1\nexport type Planted = 1\n',
  'functions/connectors/planted-erp/index.ts': 'export const planted = 1\n',
  'functions/handlers/planted-entry.ts': 'export const planted = 1\n',
  'infra/planted-stack.ts': 'export const planted = 1\n',
  'infra/local/planted-cloud.ts': 'export const planted = 1\n',
  'test/planted-fixture.ts': 'export const planted = 1\n',
}

const here = process.cwd()
const copied = ['schemas', 'functions', 'infra', 'test', '.ci', 'vitest.config.ts', '.dependency-cruiser.ts']
const settings = ['package.json', 'tsconfig.json', 'biome.json', '.gitignore']
const temporary: string[] = []

function copyOfTheTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'llavero-boundaries-'))
  temporary.push(copy)
  for (const path of [...copied, ...settings]) cpSync(join(here, path), join(copy, path), { recursive: true })
  symlinkSync(join(here, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

function plant(root: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}

afterAll(() => {
  for (const path of temporary) rmSync(path, { recursive: true, force: true })
})

describe('who may import whom', () => {
  let planted: Boundaries
  beforeAll(async () => {
    const copy = copyOfTheTree()
    plant(copy, innocent)
    for (const files of Object.values(plants)) plant(copy, files)
    planted = await checkBoundaries(copy)
  })

  it('has a planted violation for every rule, and a rule for every plant', () => {
    expect(Object.keys(plants).sort()).toEqual(rules.forbidden.map(({ name }) => name).sort())
  })

  it('gives every rule its reason', () => {
    for (const { name, comment } of rules.forbidden) expect(comment?.length, name).toBeGreaterThan(40)
  })

  it.each(Object.keys(plants))('catches a violation of %s under its name', rule => {
    const culprits = Object.keys(plants[rule] ?? {})
    expect(
      planted.violations.filter(({ from }) => culprits.includes(from)).map(violation => violation.rule),
    ).toContain(rule)
  })

  it('blames nobody but the planted files', () => {
    const culprits = new Set(Object.values(plants).flatMap(files => Object.keys(files)))
    expect(planted.violations.filter(({ from }) => !culprits.has(from))).toEqual([])
  })

  it('fails when it saw fewer modules than there are source files', async () => {
    const copy = copyOfTheTree()
    const path = join(copy, '.dependency-cruiser.ts')
    writeFileSync(
      path,
      `${readFileSync(path, 'utf8')}\nrules.options.exclude = { path: '^schemas/' }\n`
        .replace('export default {', 'const rules = {')
        .concat('export default rules\n'),
    )
    expect((await checkBoundaries(copy)).unseen).toContain('schemas/person.ts')
  })
})

describe('who may read the environment', () => {
  const reading =
    'export const table = process.env.TABLE\nconst { env } = process\nexport const other = env\n'
  const culprits = ['domain', 'workflows', 'stores', 'connectors', 'handlers'].map(
    room => `functions/${room}/planted-environment.ts`,
  )
  const allowed = 'functions/handlers/compose-planted.ts'
  /** Lines that biome refuses, by file. */
  let refused: Map<string, number>
  beforeAll(() => {
    const copy = copyOfTheTree()
    plant(copy, Object.fromEntries([...culprits, allowed].map(path => [path, reading])))
    let report: string
    try {
      report = execFileSync(
        'biome',
        ['lint', '--only=style/noRestrictedGlobals', '--reporter=json', 'functions'],
        {
          cwd: copy,
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        },
      )
    } catch (failure) {
      report = (failure as { stdout: string }).stdout
    }
    refused = new Map()
    for (const { location } of JSON.parse(report).diagnostics as {
      location: { path: string | { file: string } }
    }[]) {
      const path = typeof location.path === 'string' ? location.path : location.path.file
      refused.set(path, (refused.get(path) ?? 0) + 1)
    }
  })

  it.each(culprits)('refuses process in %s, however it is reached', culprit => {
    expect(refused.get(culprit)).toBe(2)
  })

  it('lets the file that puts things together read it', () => {
    expect(refused.has(allowed)).toBe(false)
  })
})
