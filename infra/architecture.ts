import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { synthesize } from './app.ts'
import { drawPicture } from './architecture-picture.ts'

/**
 * `node infra/architecture.ts` draws docs/architecture.svg and writes docs/architecture.md from the synthesized template;
 * with `--check` it only says whether the files there are still what the template would give.
 */

interface Resource {
  readonly Type: string
  // biome-ignore lint/suspicious/noExplicitAny: a template is JSON of many shapes; what is missing here must throw
  readonly Properties: any
}
type Resources = Readonly<Record<string, Resource>>

interface Drawn {
  readonly id: string
  readonly name: string
  readonly capability: string
  readonly routes: readonly string[]
  readonly state: readonly string[]
  readonly ledger: readonly string[]
  readonly rings: readonly string[]
  readonly limits: string
  readonly failure: string
}

const docs = resolve(import.meta.dirname, '..', 'docs')

/** Logical ids begin with the construct's id: the capability. */
const capabilities: Readonly<Record<string, string>> = {
  FrontDoor: 'Front door',
  AccessRequests: 'Access requests',
  Register: 'Register',
  Audit: 'Ledger',
  Provisioning: 'Provisioning',
  Credentials: 'Credentials',
}

/** The generated files of docs/, by name. */
export async function drawArchitecture(): Promise<Record<string, string>> {
  const resources = await synthesizeResources()
  const functions = ofType(resources, 'AWS::Lambda::Function').map(([id, lambda]) =>
    describeFunction(resources, id, lambda),
  )
  return {
    'architecture.svg': picture(resources, functions),
    'architecture.md': describe(functions),
  }
}

function describe(functions: readonly Drawn[]): string {
  return `${[
    '# Architecture',
    'Picture and tables are made from the synthesized template by `node infra/architecture.ts`; a test fails when they are stale.',
    '![The architecture, drawn from the synthesized template](architecture.svg)',
    'Solid lines carry work, dotted ones ring a doorbell: a message says whom to look at, never what to do. Every function has a role, a log and alarms of its own; the workers stand in a network whose only roads lead to the tables, the queues, the secrets and, through the VPN, to the body’s own servers.',
    '## Who may do what',
    table(
      ['function', 'routes', 'state', 'ledger', 'rings', 'limits'],
      functions.map(one => [
        one.name,
        one.routes.map(route => `\`${route}\``).join('<br>'),
        one.state.join(', '),
        one.ledger.join(', '),
        one.rings.join(', '),
        one.limits,
      ]),
    ),
    '## What a failure means',
    table(
      ['when this fails', 'it means'],
      functions.map(one => [one.name, one.failure]),
    ),
  ].join('\n\n')}\n`
}

async function synthesizeResources(): Promise<Resources> {
  const folder = await mkdtemp(join(tmpdir(), 'llavero-draw-'))
  try {
    const [bundle, outdir] = [join(folder, 'bundle'), join(folder, 'out')]
    await mkdir(bundle)
    await writeFile(join(bundle, 'index.mjs'), 'export const handler = async () => undefined\n')
    const { stack } = await synthesize({
      outdir,
      context: { checks: 'off' },
      bundles: { directory: () => bundle },
    })
    return JSON.parse(await readFile(join(outdir, `${stack}.template.json`), 'utf8')).Resources
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const ofType = (resources: Resources, type: string) =>
  Object.entries(resources).filter(([, resource]) => resource.Type === type)

const refersTo = (value: unknown, id: string) => JSON.stringify(value ?? null).includes(`"${id}"`)

const capabilityOf = (id: string) => Object.keys(capabilities).find(prefix => id.startsWith(prefix)) ?? ''

function describeFunction(resources: Resources, id: string, lambda: Resource): Drawn {
  const { Environment, MemorySize, Timeout, ReservedConcurrentExecutions, Role } = lambda.Properties
  const statements: { Effect: string; Action: string | string[]; Resource: unknown }[] =
    resources[Role['Fn::GetAtt'][0]]?.Properties.Policies[0].PolicyDocument.Statement
  const [stateTable, ledgerTable] = ['Register', 'Audit'].map(
    prefix =>
      ofType(resources, 'AWS::DynamoDB::GlobalTable').find(([table]) => table.startsWith(prefix))?.[0] ?? '',
  )
  const rightsOn = (table = '') =>
    statements
      .filter(one => one.Effect === 'Allow' && refersTo(one.Resource, table))
      .flatMap(one => {
        const indexes = JSON.stringify(one.Resource).match(/\/index\/[a-z-]+/g)
        if (indexes) return indexes.map(index => `Query ${index.slice('/index/'.length)}`)
        return [one.Action].flat().map(action => action.replace('dynamodb:', ''))
      })
  const integrations = ofType(resources, 'AWS::ApiGatewayV2::Integration')
    .filter(([, integration]) => refersTo(integration.Properties.IntegrationUri, id))
    .map(([integration]) => integration)
  const errors = ofType(resources, 'AWS::CloudWatch::Alarm').find(
    ([, { Properties: alarm }]) => alarm.MetricName === 'Errors' && refersTo(alarm.Dimensions, id),
  )
  return {
    id,
    name: Environment.Variables.POWERTOOLS_SERVICE_NAME,
    capability: capabilityOf(id),
    routes: ofType(resources, 'AWS::ApiGatewayV2::Route')
      .filter(([, route]) => integrations.some(one => refersTo(route.Properties.Target, one)))
      .map(([, route]) => route.Properties.RouteKey),
    state: rightsOn(stateTable),
    ledger: rightsOn(ledgerTable),
    rings: Object.keys(Environment.Variables)
      .flatMap(name => /^QUEUE_([A-Z]+)$/.exec(name)?.[1]?.toLowerCase() ?? [])
      .sort(),
    limits: [
      `${MemorySize} MB`,
      `${Timeout} s`,
      ...(ReservedConcurrentExecutions === undefined ? [] : [`${ReservedConcurrentExecutions} at once`]),
    ].join(', '),
    failure: /What it means: (.*) What to do:/.exec(errors?.[1].Properties.AlarmDescription)?.[1] ?? '',
  }
}

function picture(resources: Resources, functions: readonly Drawn[]): string {
  const targets = functions.flatMap(one => /^converge-(.*)$/.exec(one.name)?.[1] ?? [])
  const capability = (prefix: string) => {
    const own = functions.filter(one => one.capability === prefix)
    const verbs = (table: 'state' | 'ledger') => {
      const rights = new Set(own.flatMap(one => one[table]))
      return [
        ...([...rights].some(right => /Get|Query/.test(right)) ? ['reads'] : []),
        ...(rights.has('PutItem') || rights.has('UpdateItem')
          ? [table === 'ledger' ? 'appends' : 'writes']
          : []),
      ].join(', ')
    }
    return {
      title: capabilities[prefix] ?? prefix,
      functions: own.map(one => one.name),
      open: own.some(one => one.routes.length > 0),
      state: verbs('state'),
      ledger: verbs('ledger'),
      rings: own.some(one => one.rings.length > 0),
    }
  }
  return drawPicture({
    routes: ofType(resources, 'AWS::ApiGatewayV2::Route').length,
    capabilities: Object.keys(capabilities)
      .filter(prefix => prefix !== 'Provisioning')
      .map(capability),
    provisioning: { ...capability('Provisioning'), sweeper: 'sweep-due' },
    targets: targets.map(id => ({
      id,
      worker: `converge-${id}`,
      port: portTo(resources, id),
      rings: (functions.find(one => one.name === `converge-${id}`)?.rings ?? []).filter(rung => rung !== id),
    })),
  })
}

function portTo(resources: Resources, target: string): number {
  const [, group] =
    ofType(resources, 'AWS::EC2::SecurityGroup').find(([id]) => id.startsWith(`Provisioning${target}`)) ?? []
  return group?.Properties.SecurityGroupEgress.find((rule: { CidrIp: unknown }) =>
    refersTo(rule.CidrIp, 'SiteNetwork'),
  ).ToPort
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return [heads, heads.map(() => '---'), ...rows].map(row => `| ${row.join(' | ')} |`).join('\n')
}

if (import.meta.main)
  for (const [name, drawn] of Object.entries(await drawArchitecture())) {
    const file = join(docs, name)
    if (!process.argv.includes('--check')) await writeFile(file, drawn)
    else if ((await readFile(file, 'utf8').catch(() => '')) !== drawn) {
      process.stderr.write(`docs/${name} is stale: run \`node infra/architecture.ts\` and commit it.\n`)
      process.exitCode = 1
    }
  }
