import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Context, synthesize } from '../../infra/app.ts'

/** A template is JSON of many shapes: a test that reads a member which is not there fails, and should. */
// biome-ignore lint/suspicious/noExplicitAny: typing CloudFormation's properties would test the types, not the template
export type Properties = any

export interface Resource {
  readonly Type: string
  readonly Properties: Properties
  readonly DeletionPolicy?: string
  readonly UpdateReplacePolicy?: string
}

export interface Statement {
  readonly Effect: 'Allow' | 'Deny'
  readonly Action: string | string[]
  readonly Resource: unknown
  readonly Principal?: unknown
  readonly Condition?: unknown
}

export interface Synthesized {
  readonly template: {
    readonly Resources: Record<string, Resource>
    readonly Parameters: Record<string, { Default?: unknown; Type: string }>
  }
  readonly text: string
  readonly manifest: Record<string, unknown>
  /** Present with the checks on only. */
  readonly report: string | null
}

/** The template of the sample body, synthesized with empty bundles: what is asked here is the cloud, not the code. */
export async function synthesizeSample(context: Context = { checks: 'off' }): Promise<Synthesized> {
  const folder = await mkdtemp(join(tmpdir(), 'llavero-synth-'))
  try {
    const [bundle, outdir] = [join(folder, 'bundle'), join(folder, 'out')]
    await mkdir(bundle)
    await writeFile(join(bundle, 'index.mjs'), 'export const handler = async () => undefined\n')
    const { stack } = await synthesize({ outdir, context, bundles: { directory: () => bundle } })
    const text = await readFile(join(outdir, `${stack}.template.json`), 'utf8')
    return {
      text,
      template: JSON.parse(text),
      manifest: JSON.parse(await readFile(join(outdir, 'manifest.json'), 'utf8')),
      report: await readFile(join(outdir, 'validation-report.json'), 'utf8').catch(() => null),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export function ofType(synthesized: Synthesized, type: string): [id: string, resource: Resource][] {
  return Object.entries(synthesized.template.Resources).filter(([, resource]) => resource.Type === type)
}

export const list = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value])

/** A function's name as the product uses it: without the stack's prefix. */
export const nameOf = (lambda: Resource): string =>
  lambda.Properties.Environment.Variables.POWERTOOLS_SERVICE_NAME

/** What the function's own role allows and denies. */
export function statementsOf(synthesized: Synthesized, lambda: Resource): Statement[] {
  const role = synthesized.template.Resources[lambda.Properties.Role['Fn::GetAtt'][0]]
  return (role?.Properties.Policies ?? []).flatMap(
    (policy: { PolicyDocument: { Statement: Statement[] } }) => policy.PolicyDocument.Statement,
  )
}
