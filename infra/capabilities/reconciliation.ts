import { Duration } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import type { FrontDoor } from './front-door.ts'
import { AppFunction, type Workshop } from './function.ts'

/**
 * Starting from what exists: which accounts the targets hold, whose they may be, and taking them over.
 *
 * If it fails nobody sees what differs and no account can be adopted; readings go on being made by the workers, and no
 * access is given or taken by any of it.
 */
export class Reconciliation extends Construct {
  readonly functions: AppFunction[]

  constructor(scope: Construct, id: string, workshop: Workshop, door: FrontDoor) {
    super(scope, id)
    const reconcile = new AppFunction(this, 'ReconcileAccounts', {
      name: 'reconcile-accounts',
      workshop,
      description:
        'Compares what targets hold with what is known here, and adopts accounts that were there before.',
      // Two readings of twenty thousand accounts, or everybody's names, are held at once.
      memory: 1769,
      timeout: Duration.seconds(29),
      failure: {
        means:
          'IT cannot see orphans, unmanaged accounts and drift, and cannot adopt accounts. Nobody’s access changes by it; people whose account waits to be adopted go on waiting.',
        remedy:
          'Find the correlation id in the log of reconcile-accounts. Adopting the same accounts again is safe: whoever was adopted stays so.',
      },
    })
    door.route('GET /reconciliation', reconcile)
    door.route('POST /reconciliation/readings', reconcile)
    door.route('POST /reconciliation/adoptions', reconcile)
    door.route('POST /reconciliation/uploads', reconcile)
    this.functions = [reconcile]
  }
}
