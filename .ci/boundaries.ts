// The import rules, run so that a tool which saw nothing cannot pass.
import { existsSync, readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cruise, type ICruiseResult } from 'dependency-cruiser'
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config'

/** Every folder that holds code of ours, and the loose files beside them. */
const rooms = ['schemas', 'functions', 'infra', 'test', '.ci', 'vitest.config.ts', '.dependency-cruiser.ts']
const isSource = /[.](ts|mts|mjs|js)$/
const isGenerated = /(^|\/)(node_modules|cdk[.]out|[.]local|[.]cache|coverage)(\/|$)/

export interface Violation {
  readonly rule: string
  readonly from: string
  readonly to: string
  readonly reason: string
}
export interface Boundaries {
  readonly violations: readonly Violation[]
  /** Source files on disk that the tool did not see: the rules say nothing about them. */
  readonly unseen: readonly string[]
  readonly files: number
}

/** Source files under the rooms of `root`, as paths relative to it with forward slashes. */
function sourceFiles(root: string): string[] {
  return rooms
    .flatMap(room => {
      const path = join(root, room)
      if (!existsSync(path)) return []
      if (isSource.test(room)) return [room]
      return readdirSync(path, { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile() && isSource.test(entry.name))
        .map(entry => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    })
    .filter(file => !isGenerated.test(file))
}

/** Cruises the tree at `root` with its own rules. Changes the working directory while it runs, as the tool demands. */
export async function checkBoundaries(root: string): Promise<Boundaries> {
  const { default: rules } = await import(pathToFileURL(join(root, '.dependency-cruiser.ts')).href)
  const files = sourceFiles(root)
  const { output } = await cruise(
    rooms.filter(room => existsSync(join(root, room))),
    { ...rules.options, ruleSet: { forbidden: rules.forbidden }, validate: true, baseDir: root },
    rules.options.enhancedResolveOptions,
    { tsConfig: extractTSConfig(join(root, 'tsconfig.json')) },
  )
  const { modules, summary } = output as ICruiseResult
  const seen = new Set(modules.map(module => module.source))
  const reasons = new Map(
    rules.forbidden.map((rule: { name: string; comment: string }) => [rule.name, rule.comment]),
  )
  return {
    files: files.length,
    unseen: files.filter(file => !seen.has(file)),
    violations: summary.violations.map(({ rule, from, to }) => ({
      rule: rule.name,
      from,
      to,
      reason: String(reasons.get(rule.name)),
    })),
  }
}

if (import.meta.main) {
  const { violations, unseen, files } = await checkBoundaries(process.cwd())
  for (const { rule, from, to, reason } of violations)
    console.error(`${rule}: ${from} → ${to}\n    ${reason}`)
  for (const file of unseen) console.error(`not seen, so no rule was applied: ${file}`)
  if (files === 0) console.error('no source file was found')
  if (violations.length + unseen.length > 0 || files === 0) process.exit(1)
  console.log(`imports: ${files} files keep to their rooms`)
}
