// Writes docs/connectors.md from the report of a run of test/connectors against the real servers, or, with --check, fails
// where the page does not say what that run has proven.
//
// usage: node .ci/connectors.ts [--check] <report.json>
import { readFileSync, writeFileSync } from 'node:fs'
import { join, sep } from 'node:path'

interface Assertion {
  readonly ancestorTitles: readonly string[]
  readonly title: string
  readonly status: string
  readonly meta?: { readonly hazard?: string; readonly became?: string }
}
interface Report {
  readonly testResults: readonly { readonly name: string; readonly assertionResults: readonly Assertion[] }[]
}

const page = join(import.meta.dirname, '..', 'docs', 'connectors.md')

/** `<Connector> made hostile, <Server and version>` or `<Connector>, <Server and version>`. */
const suiteTitle = /^(?<connector>.+?)(?<hostile> made hostile)?, (?<server>\S.*\d.*|embedded .+)$/

interface Suite {
  readonly connector: string
  readonly server: string
  readonly hostile: boolean
  readonly tests: readonly Assertion[]
}

function suitesOf(report: Report): Suite[] {
  const suites = new Map<string, { title: RegExpExecArray; tests: Assertion[] }>()
  for (const file of report.testResults) {
    if (!file.name.includes(`${sep}test${sep}connectors${sep}`)) continue
    for (const test of file.assertionResults) {
      const name = test.ancestorTitles.find(title => title !== '') ?? ''
      const title = suiteTitle.exec(name)
      if (title === null) continue
      const suite = suites.get(name) ?? { title, tests: [] }
      suite.tests.push(test)
      suites.set(name, suite)
    }
  }
  return [...suites.values()].map(({ title, tests }) => ({
    connector: title.groups?.connector ?? '',
    server: title.groups?.server ?? '',
    hostile: title.groups?.hostile !== undefined,
    tests,
  }))
}

const byText = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0)
const distinct = (texts: readonly string[]) => [...new Set(texts)]
const cell = (text: string) => text.replaceAll('|', '\\|')
const table = (heading: readonly string[], rows: readonly (readonly string[])[]) =>
  [heading, heading.map(() => '---'), ...rows].map(cells => `| ${cells.map(cell).join(' | ')} |`).join('\n')

function capabilities(connector: string, suites: readonly Suite[]): string {
  const servers = distinct(suites.map(({ server }) => server)).sort(byText)
  const rows: string[][] = []
  const groups = distinct(
    suites.flatMap(({ tests }) => tests.map(test => test.ancestorTitles.slice(1).join(', '))),
  )
  for (const group of groups) {
    const ofGroup = suites.flatMap(({ server, tests }) =>
      tests
        .filter(test => test.ancestorTitles.slice(1).join(', ') === group)
        .map(test => ({ server, title: test.title, passed: test.status === 'passed' })),
    )
    for (const title of distinct(ofGroup.map(test => test.title)))
      rows.push([
        group === '' ? title : `${group}: ${title}`,
        ...servers.map(server =>
          ofGroup.some(test => test.server === server && test.title === title && test.passed) ? 'yes' : '',
        ),
      ])
  }
  return `## ${connector}\n\n${table(['proven', ...servers], rows)}`
}

function hostility(suites: readonly Suite[]): string {
  const columns = suites.map(({ connector, server }) => `${connector}, ${server}`)
  const hazards = distinct(suites.flatMap(({ tests }) => tests.flatMap(({ meta }) => meta?.hazard ?? [])))
  const rows = hazards.map(hazard => [
    hazard,
    ...suites.map(
      ({ tests }) =>
        tests.find(({ meta, status }) => meta?.hazard === hazard && status === 'passed')?.meta?.became ?? '',
    ),
  ])
  return table(['the target is', ...columns], rows)
}

function write(report: Report): string {
  const suites = suitesOf(report).sort((one, other) =>
    byText(`${one.connector} ${one.server}`, `${other.connector} ${other.server}`),
  )
  const hostile = suites.filter(suite => suite.hostile)
  const plain = suites.filter(suite => !suite.hostile)
  const connectors = distinct(plain.map(({ connector }) => connector))
  return `# What each connector was proven to do, and against what

Written by \`npm run generate:connectors\` from the report of the suites in \`test/connectors\`; \`.ci/run\` fails where it is not
what its own run has proven. A server without a version is an embedded one or a double made for the tests; every other
one is the real program from its own distribution. What was never tried against the real thing is told at the end.

## Targets made hostile

Each cell is one test over the whole engine: somebody has access, somebody is to get it and somebody is to lose it while
the target misbehaves and the body's other targets are well. In every one of them nobody lost access who should have it,
nothing was called done that had not been read back, no other target waited, and afterwards all that had been filed
was done. "Waits" means that the row is due again after a back-off, with the fault shown, or that the target as a whole is
told to be \`out-of-reach\` and its rows stay due; a sentence in the place of a result says why that hazard cannot exist there.

${hostility(hostile)}

${connectors
  .map(connector =>
    capabilities(
      connector,
      plain.filter(suite => suite.connector === connector),
    ),
  )
  .join('\n\n')}

## Not tried against the real thing

- Active Directory on Microsoft's own server: the verdict is Samba's ([what only Microsoft's would show](active-directory.md)).
- Microsoft 365: the service itself was never called; its double refuses what the published shapes do not allow.
- SQL Server: statements are compiled and type-checked, not run.
`
}

/** Which fault is shown may depend on the moment at which a line broke: the page tells one run's, and is not held to it. */
const withoutCodes = (text: string) => text.replaceAll(/ \(`[a-z-]+`(, `[a-z-]+`)*\)/g, '')

const check = process.argv.includes('--check')
const path = process.argv.slice(2).find(argument => !argument.startsWith('--'))
if (path === undefined) throw new Error('usage: node .ci/connectors.ts [--check] <report.json>')
const report: Report = JSON.parse(readFileSync(path, 'utf8'))
const text = write(report)
if (!check) writeFileSync(page, text)
else if (withoutCodes(readFileSync(page, 'utf8')) !== withoutCodes(text)) {
  const kept = new Set(withoutCodes(readFileSync(page, 'utf8')).split('\n'))
  const proven = withoutCodes(text).split('\n')
  console.error('docs/connectors.md does not say what this run has proven: npm run generate:connectors')
  for (const line of proven) if (!kept.has(line)) console.error(`proven: ${line}`)
  process.exit(1)
}
