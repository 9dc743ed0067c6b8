import { Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import { Duration, Stack, Validations } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import type { ServedTarget, TargetId, TargetSettings } from '../../schemas/settings.ts'
import type { FrontDoor } from './front-door.ts'
import { AppFunction, type AppFunctionProps, type Workshop } from './function.ts'
import { Network } from './network.ts'
import type { Doorbells } from './rights.ts'

/** How long a worker may take for one batch of ten people; the lease on a row must outlast it. */
const workerTimeout = Duration.seconds(60)

/** Batches at once: eight connections is where a directory gains nothing more; the urgent ones have a lane of their own. */
const concurrency = { normal: 5, urgent: 3 }

export const called: Record<TargetId, string> = {
  directory: 'Active Directory',
  mail: 'the mail system',
  erp: 'the ERP',
  'data-centre': 'the doors of the data centre',
}

/** People see to a manual target by themselves, and the doors come to us. */
export const isEntered = (target: TargetSettings): target is ServedTarget =>
  target.kind !== 'manual' && target.kind !== 'security-push'

function portOf(target: ServedTarget): number {
  if (target.kind === 'active-directory') return 636
  if (target.kind === 'tryton') return target.port
  if (target.kind !== 'sql' && target.kind !== 'postfixadmin') return 443
  return target.kind === 'sql' && target.dialect === 'sql-server' ? 1433 : 5432
}

/**
 * The way of a function to its target: through the tunnel to the body's building, one port of it. A service on the internet
 * needs another: its functions stand outside the network, which has no road to the internet, and hold no other secret.
 */
export function roadTo(
  network: Network,
  scope: Construct,
  target: ServedTarget,
): AppFunctionProps['network'] {
  if (target.kind === 'microsoft-365') return undefined
  return {
    vpc: network.vpc,
    subnets: network.subnets,
    securityGroup: network.admit(scope, 'Reach', portOf(target), called[target.id]),
  }
}

/**
 * What people should have becomes what they have: one worker a target, two doorbells each, and the sweeper that rings
 * again whatever is still due.
 *
 * If a worker fails, its target stays as it is and the rows stay due: late, never lost. If the sweeper fails, what was
 * filed still rings once by itself, but nothing is tried again and planned starts and clean-ups wait; accesses that end
 * still end wherever a target holds the end itself.
 */
export class Provisioning extends Construct {
  readonly functions: AppFunction[] = []
  readonly doorbells = new Map<TargetId, Doorbells>()
  readonly secrets = new Map<TargetId, Secret>()
  /** Where every queue of the body puts what a function crashed on five times. */
  readonly deadLetters: Queue
  readonly network: Network

  constructor(scope: Construct, id: string, workshop: Workshop, targets: readonly TargetSettings[]) {
    super(scope, id)
    const network = new Network(this, 'Network')
    this.network = network
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    })
    workshop.alarms.watch(this, 'DeadLettersFound', {
      metric: this.deadLetters.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(5),
        statistic: 'Maximum',
      }),
      threshold: 1,
      means:
        'A worker crashed five times on the same doorbell: a bug, not a target that is down. The people concerned do not get, or do not lose, what their form says, or a mail is not sent; the sweeper goes on trying.',
      remedy:
        'Each message names a person id and a target, or a mail’s id: find them in the worker’s log, correct the bug, then delete the messages. Nothing has to be sent again.',
    })

    for (const target of targets) this.addTarget(workshop, network, this.deadLetters, target)
    this.addSweeper(workshop)
  }

  open(workshop: Workshop, door: FrontDoor): void {
    const maintain = new AppFunction(this, 'MaintainTargets', {
      name: 'maintain-targets',
      workshop,
      description:
        'Shows targets and the work before them, and changes what a target does: report, work, wait.',
      memory: 1024,
      timeout: Duration.seconds(10),
      failure: {
        means:
          'IT cannot see how targets stand, and cannot pause one or resume it. Every target goes on in the mode it is in.',
        remedy: 'Find the correlation id in the log of maintain-targets and repeat the change.',
      },
    })
    this.functions.push(maintain)
    door.route('GET /targets', maintain)
    door.route('PUT /targets/{id}', maintain)
  }

  private addTarget(workshop: Workshop, network: Network, deadLetters: Queue, target: TargetSettings): void {
    const part = new Construct(this, target.id)
    const bell = (name: string) =>
      new Queue(part, name, {
        encryption: QueueEncryption.SQS_MANAGED,
        enforceSSL: true,
        visibilityTimeout: Duration.seconds(6 * workerTimeout.toSeconds()),
        // An unheard bell is worth nothing tomorrow: by then the sweeper has rung a thousand times.
        retentionPeriod: Duration.days(1),
        deadLetterQueue: { queue: deadLetters, maxReceiveCount: 5 },
      })
    const bells = { normal: bell('Normal'), urgent: bell('Urgent') }
    this.doorbells.set(target.id, bells)
    if (isEntered(target)) this.addSecret(part, target)

    const worker = new AppFunction(part, 'Converge', {
      name: `converge-${target.id}`,
      workshop,
      description:
        target.kind === 'manual'
          ? `Makes tasks for people of what is to be done in ${called[target.id]}, and takes in what they say.`
          : `Looks at accounts in ${called[target.id]}, makes good the difference and reads it back.`,
      // It waits for its target most of the time.
      memory: 512,
      timeout: workerTimeout,
      // Exactly what its two queues may ask for: fewer would throttle them, none would let a rush on the API starve it.
      reserved: concurrency.normal + concurrency.urgent,
      network: isEntered(target) ? roadTo(network, part, target) : undefined,
      failure: {
        means: `Changes in ${called[target.id]} come late: new people wait for their access, and a removal by form or by human resources is not carried out there yet. Rows stay due and are tried again.`,
        remedy: `Read the log of converge-${target.id}. If a removal is urgent, disable the account in ${called[target.id]} by hand: the worker will find it so and record it.`,
      },
    })
    this.functions.push(worker)
    for (const [name, queue, maxConcurrency] of [
      ['Listen', bells.normal, concurrency.normal],
      ['ListenUrgent', bells.urgent, concurrency.urgent],
    ] as const)
      new EventSourceMapping(part, name, {
        target: worker.lambda,
        eventSourceArn: queue.queueArn,
        batchSize: 10,
        reportBatchItemFailures: true,
        maxConcurrency,
      })

    workshop.alarms.watch(part, 'UrgentWaiting', {
      metric: bells.urgent.metricApproximateAgeOfOldestMessage({
        period: Duration.minutes(1),
        statistic: 'Maximum',
      }),
      threshold: 300,
      periods: 5,
      means: `An urgent removal in ${called[target.id]} has been waiting for over five minutes: somebody who should be out may still be in.`,
      remedy: `See whether converge-${target.id} runs at all and reaches its target; meanwhile disable the account there by hand.`,
    })
  }

  private addSecret(part: Construct, target: ServedTarget): void {
    const secret = new Secret(part, 'Secret', {
      secretName: target.secret,
      description: `How to enter ${called[target.id]}. Filled in by the operator; the placeholder lets nobody in.`,
      generateSecretString: { secretStringTemplate: '{}', generateStringKey: 'placeholder' },
    })
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SMG4',
      reason:
        'The password belongs to a service account in the body’s own server: only its administrator can change it there, and writes the new one here on the same day. A rotation from this side would need rights over that account that nothing here should have.',
    })
    this.secrets.set(target.id, secret)
  }

  private addSweeper(workshop: Workshop): void {
    const sweeper = new AppFunction(this, 'SweepDue', {
      name: 'sweep-due',
      workshop,
      description: 'Every minute: finishes half-applied requests and rings for every row that is due.',
      memory: 1024,
      // Over before the next one begins.
      timeout: Duration.seconds(55),
      // One is enough, and that one always has room, whatever the API is doing.
      reserved: 1,
      retries: 0,
      failure: {
        means:
          'Retries, planned starts and the clean-up after an end wait. Forms filed now are still carried out once; accesses that end today still end where a target holds the end itself (Active Directory, PostfixAdmin, an ERP in tables), and end late where it cannot (Microsoft 365, Tryton, SCIM).',
        remedy: 'Read the log of sweep-due. It catches up by itself with its next good run.',
      },
    })
    this.functions.push(sweeper)
    new Rule(this, 'EveryMinute', {
      ruleName: `${Stack.of(this).stackName}-${sweeper.name}`,
      description: 'Rings whatever is still due.',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(sweeper.lambda, { retryAttempts: 0 })],
    })

    workshop.alarms.watch(this, 'ParkedRows', {
      metric: sweeper.metric('ParkedRows', 'Maximum', Duration.minutes(5)),
      threshold: 1,
      means:
        'For at least one person a target refused again and again: their access there is not what their form says, and a human has to look. It is tried once more every day.',
      remedy:
        'GET /people/{nationalId} shows `parked` and the ledger shows why; correct it in the target or in the form.',
    })
    workshop.alarms.watch(this, 'HeldBatches', {
      metric: sweeper.metric('HeldBatches', 'Maximum', Duration.minutes(5)),
      threshold: 1,
      means:
        'More people were about to lose access within an hour than the guard lets pass: the rest is stopped and waits. If it is a mistake (a bad list of personnel), nobody of them has lost anything; if it is not, leavers among them still have their access.',
      remedy:
        'Security and the authority look at GET /holds and release it or discard it, both of them for exactly the same list. Who must be out at once is suspended meanwhile.',
    })
    workshop.alarms.watch(this, 'OldestDue', {
      metric: sweeper.metric('OldestDueSeconds', 'Maximum', Duration.minutes(5)),
      threshold: 900,
      periods: 2,
      silence: 'breaching',
      means:
        'Something has been due for over a quarter of an hour, or the sweeper has stopped telling: people wait for accesses, and removals may be waiting with them.',
      remedy: 'Look at the workers’ alarms and at the targets; if there are none, read the log of sweep-due.',
    })
  }
}
