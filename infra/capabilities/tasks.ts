import { Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { EmailIdentity, Identity } from 'aws-cdk-lib/aws-ses'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import { Duration, Stack, Validations } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import type { NoticeSettings } from '../../schemas/settings.ts'
import type { FrontDoor } from './front-door.ts'
import { AppFunction, type Workshop } from './function.ts'
import type { Mails } from './rights.ts'

const sendTimeout = Duration.seconds(60)

/**
 * What people have to do by hand, and the mails that tell them and everybody else.
 *
 * If `attend-tasks` fails nobody can say that a task is done; the tasks stay, and nothing is lost. If `send-notices` or the
 * mail service fails nobody is told by mail; the tasks stand in `GET /tasks`, and every mail is sent when it works again. If
 * `prepare-digests` fails nobody is told ahead of an end; accesses end on their day all the same.
 */
export class Tasks extends Construct {
  readonly functions: AppFunction[]
  readonly mails: Mails

  constructor(
    scope: Construct,
    id: string,
    workshop: Workshop,
    door: FrontDoor,
    { notices, deadLetters }: { readonly notices: NoticeSettings; readonly deadLetters: Queue },
  ) {
    super(scope, id)
    const attend = new AppFunction(this, 'AttendTasks', {
      name: 'attend-tasks',
      workshop,
      description: 'Shows what people have to do by hand, and takes what they say of it.',
      memory: 1024,
      timeout: Duration.seconds(10),
      failure: {
        means:
          'The help desk gets an error instead of its tasks, and cannot report one as done. The tasks stay open and are brought up again.',
        remedy: 'Find the correlation id in the log of attend-tasks and repeat the report.',
      },
    })
    door.route('GET /tasks', attend)
    door.route('POST /tasks/{id}/completion', attend)

    const { from, webhook } = notices
    const domain = from.slice(from.indexOf('@') + 1)
    // Its DKIM records are published by whoever keeps the domain; until then the mail service refuses.
    new EmailIdentity(this, 'Identity', { identity: Identity.domain(domain) })
    const bell = new Queue(this, 'Notices', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: Duration.seconds(6 * sendTimeout.toSeconds()),
      retentionPeriod: Duration.days(1),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: 5 },
    })
    const send = new AppFunction(this, 'SendNotices', {
      name: 'send-notices',
      workshop,
      description: 'Puts the mails that facts have caused into words and sends them.',
      memory: 512,
      timeout: sendTimeout,
      // A new account of the mail service takes one mail a second.
      reserved: 2,
      failure: {
        means:
          'Nobody is told by mail: of tasks, of what is overdue. What is to be done stands in GET /tasks all the same, and the mails are sent later.',
        remedy: 'Read the log of send-notices. Nothing has to be sent again by hand.',
      },
    })
    new EventSourceMapping(this, 'Listen', {
      target: send.lambda,
      eventSourceArn: bell.queueArn,
      batchSize: 10,
      reportBatchItemFailures: true,
      maxConcurrency: 2,
    })
    workshop.alarms.watch(this, 'ParkedNotices', {
      metric: send.metric('ParkedNotices', 'Sum', Duration.hours(1)),
      threshold: 1,
      means:
        'A mail could not be sent: the mail service refused it, or there is no address for it. Whoever it was for does not know of a task; it stands in GET /tasks.',
      remedy:
        'Log code notice-parked tells why: prove the domain to the mail service, leave its sandbox, or correct the address in the settings. It is tried once more every day.',
    })
    this.functions = [attend, send, this.addDigests(workshop)]
    const { partition, region, account } = Stack.of(this)
    this.mails = {
      bell,
      identity: `arn:${partition}:ses:${region}:${account}:identity/${domain}`,
      from,
      webhook: webhook && this.addKey(webhook.secret),
    }
  }

  private addDigests(workshop: Workshop): AppFunction {
    const prepare = new AppFunction(this, 'PrepareDigests', {
      name: 'prepare-digests',
      workshop,
      description:
        'Once a day: looks what ends soon and what waits for whom, and makes a mail a recipient of it.',
      memory: 1024,
      timeout: Duration.minutes(5),
      reserved: 1,
      retries: 0,
      failure: {
        means:
          'Heads and the people concerned are not told ahead that an access ends, and IT gets no summary. Accesses end on their day all the same; tasks stand in GET /tasks.',
        remedy:
          'Read the log of prepare-digests. Its next run goes on where this one was; nothing is told twice.',
      },
    })
    new Rule(this, 'EveryHour', {
      ruleName: `${Stack.of(this).stackName}-${prepare.name}`,
      description: 'Makes the digests of the day once its hour has struck.',
      schedule: Schedule.rate(Duration.hours(1)),
      targets: [new LambdaFunction(prepare.lambda, { retryAttempts: 0 })],
    })
    return prepare
  }

  private addKey(secretName: string): Secret {
    const key = new Secret(this, 'WebhookKey', {
      secretName,
      description:
        'Signs what the help desk’s program is told. Its keeper gets a copy, to check the signatures.',
      generateSecretString: { excludePunctuation: true, passwordLength: 64 },
    })
    Validations.of(key).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SMG4',
      reason:
        'Two programs of two owners share it: one that changed it alone would have every call refused until somebody carried the new one over.',
    })
    return key
  }
}
