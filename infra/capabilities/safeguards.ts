import { Duration } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import type { FrontDoor } from './front-door.ts'
import { AppFunction, type Workshop } from './function.ts'

/**
 * The two exceptions to access following the post: the kill switch, and the guard that stops too many losses at once.
 *
 * If `suspend-people` fails nobody can be suspended from here; the account can be disabled by hand in each target, and is
 * found so. If `judge-batches` fails what was stopped stays stopped: nobody loses access by it, and leavers among them keep it.
 */
export class Safeguards extends Construct {
  readonly functions: AppFunction[]

  constructor(scope: Construct, id: string, workshop: Workshop, door: FrontDoor) {
    super(scope, id)
    const suspend = new AppFunction(this, 'SuspendPeople', {
      name: 'suspend-people',
      workshop,
      description: 'The kill switch: holds everything of a person at once, and tells what each target shows.',
      memory: 1769,
      timeout: Duration.seconds(29),
      // It is pressed when nothing else matters.
      reserved: 3,
      failure: {
        means:
          'The kill switch answered with an error: somebody who should be out at once may still be in. Where it was recorded the targets are being closed all the same.',
        remedy:
          'Press it again: a second hold is not placed. If it fails again, disable the accounts in the targets by hand; the workers find them so.',
      },
    })
    door.route('POST /people/{nationalId}/suspension', suspend)
    door.route('DELETE /people/{nationalId}/suspension', suspend)

    const judge = new AppFunction(this, 'JudgeBatches', {
      name: 'judge-batches',
      workshop,
      description: 'Shows what the guard has stopped, and takes the two voices that release or discard it.',
      // Tens of thousands of losses are hashed and shown at once.
      memory: 1769,
      timeout: Duration.seconds(29),
      failure: {
        means:
          'What the guard has stopped cannot be looked at or decided: everybody on those lists keeps their access, also who should lose it.',
        remedy:
          'Find the correlation id in the log of judge-batches and decide again; a decided batch is carried out by the sweeper. Who must be out at once is suspended one by one.',
      },
    })
    door.route('GET /holds', judge)
    door.route('POST /holds/{id}/release', judge)
    door.route('POST /holds/{id}/discard', judge)
    this.functions = [suspend, judge]
  }
}
