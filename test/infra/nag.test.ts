import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Queue } from 'aws-cdk-lib/aws-sqs'
import { App, Stack } from 'aws-cdk-lib/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { addChecks } from '../../infra/app.ts'
import { type Synthesized, synthesizeSample } from './synthesized.ts'

interface Report {
  readonly pluginReports: {
    readonly pluginName: string
    readonly conclusion: string
    readonly violations: unknown[]
    readonly suppressedViolations?: { readonly ruleName: string; readonly reason: string }[]
  }[]
}

describe('cdk-nag', () => {
  let checked: Synthesized
  beforeAll(async () => {
    checked = await synthesizeSample({ checks: 'on' })
  })

  it('leaves the template as it is', async () => {
    expect(checked.text).toBe((await synthesizeSample()).text)
  })

  it('finds nothing that has no reason given for it', () => {
    const { pluginReports }: Report = JSON.parse(checked.report ?? '{}')
    const nag = pluginReports.find(one => one.pluginName === 'AwsSolutions')
    expect(nag).toMatchObject({ conclusion: 'success', violations: [] })
    const suppressed = nag?.suppressedViolations ?? []
    expect(suppressed.map(one => one.ruleName).sort()).toEqual([
      // The contract and the sign of life are open, and door controllers come by a secret path.
      'AwsSolutions-APIG4',
      'AwsSolutions-APIG4',
      'AwsSolutions-APIG4',
      'AwsSolutions-APIG4',
      // Network interfaces of three workers, and of the three functions that set passwords.
      'AwsSolutions-IAM5[Resource::*]',
      'AwsSolutions-IAM5[Resource::*]',
      'AwsSolutions-IAM5[Resource::*]',
      'AwsSolutions-IAM5[Resource::*]',
      'AwsSolutions-IAM5[Resource::*]',
      'AwsSolutions-IAM5[Resource::*]',
      // Three secrets that the body's own administrators rotate, the paths that stand in devices, and the key of codes that end by themselves.
      'AwsSolutions-SMG4',
      'AwsSolutions-SMG4',
      'AwsSolutions-SMG4',
      'AwsSolutions-SMG4',
      'AwsSolutions-SMG4',
    ])
    for (const one of suppressed) expect(one.reason.length).toBeGreaterThan(80)
  })

  it('stops the synthesis at a planted queue that anybody may read in the clear', async () => {
    const outdir = await mkdtemp(join(tmpdir(), 'llavero-nag-'))
    const exitCode = process.exitCode
    try {
      const app = new App({ outdir, builtinCloudFormationValidation: false })
      new Queue(new Stack(app, 'planted'), 'Open')
      await addChecks(app)
      expect(() => app.synth()).toThrow(/AwsSolutions-SQS4/)
    } finally {
      process.exitCode = exitCode
      await rm(outdir, { recursive: true, force: true })
    }
  })
})
