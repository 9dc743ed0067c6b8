import { parseArgs } from 'node:util'
import { synthesize } from './app.ts'

/**
 * `node infra/synth.ts <outdir> [--settings file] [--checks on|off]`: writes the cloud assembly and prints where it is.
 * Made to run in a child process that exits: the CDK's memory goes with it.
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { settings: { type: 'string' }, stack: { type: 'string' }, checks: { type: 'string' } },
})
const { directory, stack } = await synthesize({
  outdir: positionals[0] ?? 'cdk.out',
  context: {
    ...(values.settings !== undefined && { settings: values.settings }),
    ...(values.stack !== undefined && { stack: values.stack }),
    checks: values.checks === 'on' ? 'on' : 'off',
  },
})
process.stdout.write(`${JSON.stringify({ directory, template: `${stack}.template.json` })}\n`)
