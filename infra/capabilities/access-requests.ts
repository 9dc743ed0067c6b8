import { Duration } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import type { FrontDoor } from './front-door.ts'
import { AppFunction, type Workshop } from './function.ts'

/**
 * The single form: filing it and following it.
 *
 * If `submit-request` fails no new access can be asked for and none taken away by form; what was filed before goes on.
 * If `decide-lines` fails lines that wait for an authority go on waiting.
 * If `complete-lines` fails observed lines go on waiting, and nobody can say whether an access is right.
 * If `renew-accesses` fails nobody can renew in one go what ends with the year; a form still does.
 * If `read-requests` fails units cannot see how their forms stand; the work itself is not held up.
 */
export class AccessRequests extends Construct {
  readonly functions: AppFunction[]

  constructor(scope: Construct, id: string, workshop: Workshop, door: FrontDoor) {
    super(scope, id)
    const submit = new AppFunction(this, 'SubmitRequest', {
      name: 'submit-request',
      workshop,
      description: 'Decides every line of a form, files it whole and rings the targets.',
      // 200 lines are parsed, decided and applied within one call.
      memory: 1769,
      timeout: Duration.seconds(29),
      failure: {
        means:
          'A head who signs a form may get an error instead of a number. A form is filed whole or not at all; one that was filed is finished by the sweeper. Sending it again with the same Idempotency-Key never files it twice.',
        remedy: 'Find the correlation id in the log of submit-request; ask the unit to send the form again.',
      },
    })
    const read = new AppFunction(this, 'ReadRequests', {
      name: 'read-requests',
      workshop,
      description: 'Shows requests: lines as filed, decisions, progress in each target, history.',
      memory: 1024,
      timeout: Duration.seconds(10),
      failure: {
        means:
          'Units get an error instead of how their forms stand. The forms themselves go on being worked on.',
        remedy: 'Find the correlation id in the log of read-requests.',
      },
    })
    const decide = new AppFunction(this, 'DecideLines', {
      name: 'decide-lines',
      workshop,
      description: 'Takes the authority’s word on lines that wait for it, and applies what was approved.',
      memory: 1769,
      timeout: Duration.seconds(29),
      failure: {
        means:
          'The authority cannot approve: accesses to sensitive modules and to the data centre wait. A decision that was taken is recorded whole, and what it approved is applied by the sweeper.',
        remedy: 'Find the correlation id in the log of decide-lines; ask the authority to decide again.',
      },
    })
    const complete = new AppFunction(this, 'CompleteLines', {
      name: 'complete-lines',
      workshop,
      description:
        'Takes what observed lines lacked, and what people say of the accesses that they were given.',
      memory: 1769,
      timeout: Duration.seconds(29),
      failure: {
        means:
          'Units cannot complete observed lines, which go on waiting, and people cannot say that an access is wrong. What was completed is recorded whole, and what was accepted of it is applied by the sweeper.',
        remedy:
          'Find the correlation id in the log of complete-lines; ask whoever got the error to send it again.',
      },
    })
    const renew = new AppFunction(this, 'RenewAccesses', {
      name: 'renew-accesses',
      workshop,
      description: 'Shows what ends on 31 December, and renews any of it for the next year.',
      // Hundreds of people are read, decided and applied within one call.
      memory: 1769,
      timeout: Duration.seconds(29),
      failure: {
        means:
          'Heads cannot see or renew what ends on 31 December. What they renewed before holds, and single accesses can still be asked for by a form. Before 31 December this is urgent: what nobody renews ends that night.',
        remedy:
          'Find the correlation id in the log of renew-accesses; ask the unit to renew again: what was renewed is told and not filed twice.',
      },
    })
    door.route('POST /requests', submit)
    door.route('GET /renewals', renew)
    door.route('POST /renewals', renew)
    door.route('POST /requests/{number}/lines/{line}/decision', decide)
    door.route('PUT /requests/{number}/lines/{line}', complete)
    door.route('POST /requests/{number}/lines/{line}/acknowledgement', complete)
    door.route('GET /requests', read)
    door.route('GET /requests/{number}', read)
    this.functions = [submit, decide, complete, renew, read]
  }
}
