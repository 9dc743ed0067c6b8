import { defineConfig } from 'vitest/config'

/** Where `.ci/run` wants the machine-readable report; nobody else asks for one. */
const report = process.env.TEST_REPORT

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A net for what hangs, not a measure: the slowest of them takes a quarter of it on a quiet machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    passWithNoTests: false,
    allowOnly: false,
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
  },
})
