import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { App, DefaultStackSynthesizer, Stack, Validations } from 'aws-cdk-lib/core'
import * as z from 'zod'
import { Settings } from '../schemas/settings.ts'
import { type Bundles, bundleFunctions } from './bundle.ts'
import { AccessRequests } from './capabilities/access-requests.ts'
import { Alarms } from './capabilities/alarms.ts'
import { Credentials } from './capabilities/credentials.ts'
import { DataCentre } from './capabilities/data-centre.ts'
import { Employment } from './capabilities/employment.ts'
import { FrontDoor } from './capabilities/front-door.ts'
import { functionNames } from './capabilities/grants.ts'
import { Ledger } from './capabilities/ledger.ts'
import { Provisioning } from './capabilities/provisioning.ts'
import { Reconciliation } from './capabilities/reconciliation.ts'
import { Register } from './capabilities/register.ts'
import { grantRights } from './capabilities/rights.ts'
import { Safeguards } from './capabilities/safeguards.ts'
import { Tasks } from './capabilities/tasks.ts'

const repository = resolve(import.meta.dirname, '..')

/** What may be said with `cdk synth -c name=value`. */
export const Context = z.object({
  /** The body's settings document, from the repository's root. */
  settings: z.string().default('infra/settings/valle-claro.json'),
  /** Name of the stack, and prefix of what has a name: one stack is one body. */
  stack: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}$/)
    .default('llavero'),
  /** `off` leaves out cdk-nag and CloudFormation's own rules: the laptop starts faster, the template is the same. */
  checks: z.enum(['on', 'off']).default('on'),
})
export type Context = z.input<typeof Context>

export interface SynthesisOptions {
  /** Finished bundles, where the template alone is wanted; default: bundle the functions now. */
  readonly bundles?: Bundles
  /** Where the cloud assembly goes; default as the CDK's CLI says, else `cdk.out`. */
  readonly outdir?: string
  readonly context?: Context
}

/** Builds the app of one body and writes its cloud assembly. Needs no account, no region, no credentials, no network. */
export async function synthesize(
  options: SynthesisOptions = {},
): Promise<{ directory: string; stack: string }> {
  const app = new App({
    ...(options.outdir !== undefined && { outdir: resolve(options.outdir) }),
    ...(options.context !== undefined && { context: { ...options.context } }),
    analyticsReporting: false,
    treeMetadata: false,
    builtinCloudFormationValidation: checksOf(options) === 'on',
  })
  const context = Context.parse({
    settings: app.node.tryGetContext('settings'),
    stack: app.node.tryGetContext('stack'),
    checks: app.node.tryGetContext('checks'),
  })
  const settings = Settings.parse(JSON.parse(await readFile(resolve(repository, context.settings), 'utf8')))
  const names = functionNames(settings.targets.map(target => target.id))
  const bundles = options.bundles ?? (await bundleFunctions(names, settings))

  const stack = new Stack(app, context.stack, {
    description: `Llavero: access provisioning for ${settings.body.name}`,
    terminationProtection: true,
    synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
  })
  const alarms = new Alarms(stack, 'Alarms')
  const workshop = { bundles, alarms }
  const door = new FrontDoor(stack, 'FrontDoor', workshop)
  const register = new Register(stack, 'Register', alarms)
  const ledger = new Ledger(stack, 'Audit', alarms)
  const provisioning = new Provisioning(stack, 'Provisioning', workshop, settings.targets)
  const credentials = new Credentials(stack, 'Credentials', workshop, door, {
    settings,
    network: provisioning.network,
  })
  const requests = new AccessRequests(stack, 'AccessRequests', workshop, door)
  const employment = new Employment(stack, 'Employment', workshop, door, {
    senders: settings.hrEventSources,
  })
  const safeguards = new Safeguards(stack, 'Safeguards', workshop, door)
  const reconciliation = new Reconciliation(stack, 'Reconciliation', workshop, door)
  const dataCentre = new DataCentre(stack, 'DataCentre', alarms)
  dataCentre.keepBadges(workshop, door)
  dataCentre.openVisits(workshop, door)
  const tasks = new Tasks(stack, 'Tasks', workshop, door, {
    notices: settings.notices,
    deadLetters: provisioning.deadLetters,
  })
  dataCentre.admitDevices(workshop, settings)
  dataCentre.watch(workshop, door)
  register.open(workshop, door)
  ledger.open(workshop, door)
  provisioning.open(workshop, door)
  register.loadBootstrap(workshop, createHash('sha256').update(JSON.stringify(settings)).digest('hex'))
  grantRights(
    [
      door,
      register,
      ledger,
      provisioning,
      credentials,
      requests,
      employment,
      safeguards,
      tasks,
      reconciliation,
      dataCentre,
    ].flatMap(capability => capability.functions),
    {
      state: register.table,
      ledger: ledger.table,
      doors: dataCentre.table,
      doorbells: provisioning.doorbells,
      secrets: provisioning.secrets,
      sites: dataCentre.sites,
      mails: tasks.mails,
      codes: credentials.key,
    },
  )

  if (context.checks === 'on') await addChecks(app)
  return { directory: app.synth().directory, stack: stack.stackName }
}

/** A finding without a reason given for it, beside the construct it concerns, stops the synthesis. */
export async function addChecks(app: App): Promise<void> {
  // Loaded here only: it brings the whole of aws-cdk-lib with it.
  const { AwsSolutionsChecks } = await import('cdk-nag')
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
}

/** Wanted before the App exists, so read from where the App will find it. */
function checksOf(options: SynthesisOptions): Context['checks'] {
  const fromCli: Context = JSON.parse(process.env.CDK_CONTEXT_JSON ?? '{}')
  return options.context?.checks ?? fromCli.checks ?? 'on'
}

if (import.meta.main) await synthesize()
