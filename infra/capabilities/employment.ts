import { CfnArchive, CfnEventBusPolicy, EventBus, Rule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { Duration, Stack } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import type { FrontDoor } from './front-door.ts'
import { AppFunction, type Workshop } from './function.ts'

const source = 'llavero.hr'
const kind = 'HrEvent'
/** Days for which the bus keeps what came, to be played again. */
const keptDays = 30

/**
 * What happens to people's posts, told by human resources or by their system: access follows without anybody asking.
 *
 * If `record-hr-events` fails, human resources gets an error and tells it again: the same event twice is one. If
 * `take-hr-events` fails, a termination told by the HR system has not arrived here: the archive of the bus still has it.
 */
export class Employment extends Construct {
  readonly functions: AppFunction[]

  constructor(
    scope: Construct,
    id: string,
    workshop: Workshop,
    door: FrontDoor,
    { senders }: { readonly senders: readonly string[] },
  ) {
    super(scope, id)
    const record = new AppFunction(this, 'RecordHrEvents', {
      name: 'record-hr-events',
      workshop,
      description: 'Takes events of employment, one by one or as a file, and wakes the person’s accounts.',
      memory: 1769,
      timeout: Duration.seconds(29),
      failure: {
        means:
          'Human resources gets an error instead of a confirmation: a termination or a leave may not be recorded, and the accesses stay. Whatever was confirmed is carried out.',
        remedy:
          'Find the correlation id in the log of record-hr-events; have the event sent again under the same id. If it is urgent, use the kill switch (POST /people/{nationalId}/suspension).',
      },
    })
    door.route('POST /hr-events', record)

    const take = new AppFunction(this, 'TakeHrEvents', {
      name: 'take-hr-events',
      workshop,
      description: 'Takes events of employment from the body’s bus.',
      memory: 1024,
      timeout: Duration.seconds(29),
      failure: {
        means:
          'An event of the HR system could not be recorded, after three tries: somebody who left may still be in, or somebody new is not known yet.',
        remedy: `The log of take-hr-events names the event’s id and what is wrong with it. If the fault was ours or passed by itself, replay the archive of the bus (it keeps ${keptDays} days; what was recorded before is not recorded twice); otherwise have it sent again, corrected.`,
      },
    })
    const stack = Stack.of(this)
    const bus = new EventBus(this, 'Bus', {
      eventBusName: `${stack.stackName}-hr`,
      description: 'Events of employment from the HR system.',
    })
    new Rule(this, 'EveryHrEvent', {
      eventBus: bus,
      description: 'Hands every HR event to take-hr-events.',
      eventPattern: { source: [source], detailType: [kind] },
      targets: [new LambdaFunction(take.lambda)],
    })
    // Failed events are played again out of it, so that no queue has to hold what they say of people.
    new CfnArchive(this, 'Archive', {
      sourceArn: bus.eventBusArn,
      description: 'Every HR event, to be played again.',
      eventPattern: { source: [source], 'detail-type': [kind] },
      retentionDays: keptDays,
    })
    if (senders.length > 0)
      new CfnEventBusPolicy(this, 'Senders', {
        eventBusName: bus.eventBusName,
        statementId: 'HrSystem',
        statement: {
          Effect: 'Allow',
          Principal: { AWS: senders.map(account => `arn:${stack.partition}:iam::${account}:root`) },
          Action: 'events:PutEvents',
          Resource: bus.eventBusArn,
          Condition: { StringEquals: { 'events:source': source, 'events:detail-type': kind } },
        },
      })
    this.functions = [record, take]
  }
}
