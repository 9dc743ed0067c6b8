import { AttributeType, ProjectionType, type TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import { Duration } from 'aws-cdk-lib/core'
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

  /**
   * The visit log. If it fails nobody is let in by it; who is inside has to be told from the log's last file and from whoever
   * is at the door.
   */
  openVisits(workshop: Workshop, door: FrontDoor): void {
    const attend = new AppFunction(this, 'AttendVisits', {
      name: 'attend-visits',
      workshop,
      description: 'Keeps the visit log of the data centre, and tells who is inside.',
      memory: 1024,
      timeout: Duration.seconds(15),
      failure: {
        means:
          'Visits to the data centre cannot be registered, and it cannot be asked who is inside. Nobody may be let in meanwhile but by the authority.',
        remedy:
          'Find the correlation id in the log of attend-visits and repeat the call; what was registered twice is one visit. In an evacuation count at the door.',
      },
    })
    for (const route of [
      'POST /visits',
      'GET /visits',
      'GET /visits/prohibitions',
      'POST /visits/{id}/entry',
      'POST /visits/{id}/exit',
      'POST /visits/{id}/correction',
      'POST /visits/{id}/approval',
      'GET /presence',
    ])
      door.route(route, attend)
    this.functions.push(attend)
  }
}
