import { AttributeType, ProjectionType, type TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import { Duration } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import type { Alarms } from './alarms.ts'
import { DurableTable } from './durable-table.ts'
import type { FrontDoor } from './front-door.ts'
import { AppFunction, type Workshop } from './function.ts'

const text = (name: string) => ({ name, type: AttributeType.STRING })
const keysOnly = (indexName: string, partition: string) => ({
  indexName,
  partitionKey: text(partition),
  sortKey: text('windowSort'),
  projectionType: ProjectionType.KEYS_ONLY,
})

/**
 * Every act, and who asked for it, in a table that nobody can quietly change.
 *
 * If the table fails, nothing at all is filed or done: no act without its entry. If only `read-audit` or `read-registers`
 * fails, nobody can look anything up or produce a register; what is written goes on being written.
 */
export class Ledger extends Construct {
  readonly table: TableV2
  readonly functions: AppFunction[] = []

  constructor(scope: Construct, id: string, alarms: Alarms) {
    super(scope, id)
    this.table = new DurableTable(this, 'Ledger', {
      partitionKey: text('chain'),
      sortKey: { name: 'sequence', type: AttributeType.NUMBER },
      indexes: [
        keysOnly('by-window', 'windowShard'),
        keysOnly('by-subject', 'subject'),
        keysOnly('by-actor', 'actor'),
        keysOnly('by-request', 'request'),
      ],
      // An entry is put once and stays. A put over an existing key cannot be forbidden here: each is conditional in the
      // code, and the chain shows it. UpdateTimeToLive: entries must not be made to expire either.
      deniedToEverybody: [
        'BatchWriteItem',
        'DeleteItem',
        'PartiQLDelete',
        'PartiQLInsert',
        'PartiQLUpdate',
        'UpdateItem',
        'UpdateTimeToLive',
      ],
      alarms,
      failure: {
        means:
          'Forms, personnel events and changes in the targets are slow or refused, because none may happen without its ledger entry. Nothing is half-done.',
        remedy:
          'Look for one hot chain in read-audit and for an import that is running; the work resumes by itself.',
      },
    }).table
  }

  open(workshop: Workshop, door: FrontDoor): void {
    const readAudit = new AppFunction(this, 'ReadAudit', {
      name: 'read-audit',
      workshop,
      description: 'Answers questions to the ledger and verifies its chains.',
      // Verification hashes every chain: CPU, not memory, is what it asks for.
      memory: 1769,
      timeout: Duration.seconds(29),
      failure: {
        means:
          'The security officer gets an error when looking up who did what, or when verifying the ledger. Entries go on being written; nobody’s access is touched.',
        remedy:
          'Find the correlation id in the log of read-audit. A narrower question (a shorter window) often still works.',
      },
    })
    const readRegisters = new AppFunction(this, 'ReadRegisters', {
      name: 'read-registers',
      workshop,
      description: 'Tells the registers of accounts, permissions and changes as they stood on a day.',
      // A page is some hundreds of people with their chains: parsing them is what takes time.
      memory: 1769,
      timeout: Duration.seconds(29),
      failure: {
        means:
          'Security, human resources and IT cannot produce the registers (mail addresses, domain users, permissions, removals, changes). Nothing of what they tell is lost; nobody’s access is touched.',
        remedy:
          'Find the correlation id in the log of read-registers. Ask again for the same page: a register of a past day is the same whenever it is asked for.',
      },
    })
    this.functions.push(readAudit, readRegisters)
    door.route('GET /registers/{register}', readRegisters)
    door.route('GET /audit', readAudit)
    door.route('GET /audit/verification', readAudit)
  }
}
