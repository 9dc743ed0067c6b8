import { AttributeType, ProjectionType, type TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import { Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { Duration, Stack } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import type { Alarms } from './alarms.ts'
import { DurableTable } from './durable-table.ts'
import type { FrontDoor } from './front-door.ts'
import { AppFunction, type Workshop } from './function.ts'

const text = (name: string) => ({ name, type: AttributeType.STRING })

/**
 * The room that few may enter: badges on the doors, whoever is escorted in, and what the doors report.
 *
 * If the table fails nobody new gets in and nobody's badge is taken off a door; devices go on deciding by what they hold,
 * and refuse a badge whose end they know.
 */
export class DataCentre extends Construct {
  readonly table: TableV2
  readonly functions: AppFunction[] = []

  constructor(scope: Construct, id: string, alarms: Alarms) {
    super(scope, id)
    this.table = new DurableTable(this, 'Doors', {
      partitionKey: text('pk'),
      sortKey: text('sk'),
      indexes: [
        {
          indexName: 'due',
          partitionKey: text('dueShard'),
          sortKey: text('dueAt'),
          projectionType: ProjectionType.KEYS_ONLY,
        },
        {
          indexName: 'list',
          partitionKey: text('listKey'),
          sortKey: text('listSort'),
          projectionType: ProjectionType.KEYS_ONLY,
        },
      ],
      // Movements are nobody's to page through (R21); those that are over go by their time to live.
      deniedToEverybody: [
        'BatchWriteItem',
        'PartiQLDelete',
        'PartiQLInsert',
        'PartiQLSelect',
        'PartiQLUpdate',
        'Scan',
      ],
      timeToLive: 'forgetAt',
      alarms,
      failure: {
        means:
          'Badges are brought to the doors late, and what the doors report waits on the devices. Nothing is lost as long as a device has room for it; a badge whose end is known to the device ends there.',
        remedy:
          'Look for a device that sends without pause. If somebody must not get in, take their badge off the device at the door.',
      },
    }).table
  }
  /** Watching over what the doors report, and telling it to whoever may know. */
  watch(workshop: Workshop, door: FrontDoor): void {
    const watch = new AppFunction(this, 'WatchDoors', {
      name: 'watch-doors',
      workshop,
      description:
        'Every minute: finds devices that are silent and people who are inside and may not be, and tells security of new alarms.',
      memory: 512,
      timeout: Duration.minutes(1),
      reserved: 1,
      retries: 0,
      failure: {
        means:
          'Security is not told of new alarms of the doors, nor that a device is silent. Devices go on deciding, what they report is kept, and alarms stand in GET /door-alarms.',
        remedy: 'Read the log of watch-doors. Its next run tells whatever was not told, each alarm once.',
      },
    })
    new Rule(this, 'EveryMinute', {
      ruleName: `${Stack.of(this).stackName}-${watch.name}`,
      description: 'Looks after the doors of the data centre.',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(watch.lambda, { retryAttempts: 0 })],
    })

    const read = new AppFunction(this, 'ReadDoors', {
      name: 'read-doors',
      workshop,
      description:
        'Shows security and the authority how the devices stand, what they report and what alarms are open, and settles alarms.',
      // A month of a busy door is unpacked and sorted at once.
      memory: 1769,
      timeout: Duration.seconds(29),
      failure: {
        means:
          'Security and the authority get an error instead of movements and alarms, and cannot settle one. What the doors report is kept, and new alarms are mailed all the same.',
        remedy: 'Find the correlation id in the log of read-doors; ask for fewer days or one door.',
      },
    })
    door.route('GET /doors', read)
    door.route('GET /door-alarms', read)
    door.route('POST /door-alarms/{id}/settlement', read)
    door.route('GET /movements', read)
    this.functions.push(watch, read)
  }
}
