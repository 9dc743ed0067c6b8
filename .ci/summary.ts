// Closes a run of `.ci/run` with one line taken from vitest's own report. Fails when anything failed or nothing ran.
import { readFileSync } from 'node:fs'

interface Report {
  readonly success: boolean
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly {
    readonly status: string
    readonly name: string
    readonly assertionResults: readonly unknown[]
  }[]
}

/** Null when the tests died before they could report. */
function read(path: string): Report | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
}

const report = read(process.argv[2] ?? '')
if (report === null) {
  console.error('the tests left no report')
  console.log('0 passed, 1 failed, 0 skipped')
  process.exit(1)
}
// A file that cannot even be loaded has no failed test in it: it counts as one.
const unloaded = report.testResults.filter(
  file => file.status === 'failed' && file.assertionResults.length === 0,
)
for (const { name } of unloaded) console.error(`could not be loaded: ${name}`)
const passed = report.numPassedTests
const failed = report.numFailedTests + unloaded.length
const skipped = report.numPendingTests + report.numTodoTests
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
if (!report.success || failed > 0 || passed === 0) process.exit(1)
