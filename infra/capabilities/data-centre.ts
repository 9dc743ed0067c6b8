import { AttributeType, ProjectionType, type TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import { Construct } from 'constructs'
import type { Alarms } from './alarms.ts'
import { DurableTable } from './durable-table.ts'
import type { AppFunction } from './function.ts'

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
}
