import type { CloudFormationCustomResourceEvent, CloudFormationCustomResourceResponse } from 'aws-lambda'
import { type Bootstrapped, loadBootstrap } from '../workflows/load-bootstrap.ts'
import { logger } from './compose.ts'
import { registers } from './compose-registers.ts'

/**
 * CloudFormation's `Custom::Bootstrap`. Deleting the stack leaves the register alone. Whatever happens, CloudFormation gets
 * its answer, and gets it from here: without one it waits for an hour.
 */
export const handler = async (event: CloudFormationCustomResourceEvent): Promise<void> => {
  const outcome: Bootstrapped =
    event.RequestType === 'Delete'
      ? { done: 'standing' }
      : await loadBootstrap(registers).catch((fault: Error) => ({ done: null, why: fault.name }))
  logger.info('bootstrap', { outcome: outcome.done ?? 'failed' })
  const { StackId, RequestId, LogicalResourceId } = event
  const told: CloudFormationCustomResourceResponse = {
    Status: outcome.done === null ? 'FAILED' : 'SUCCESS',
    Reason: outcome.done === null ? outcome.why : outcome.done,
    PhysicalResourceId: 'bootstrap',
    StackId,
    RequestId,
    LogicalResourceId,
  }
  // As bytes: a text would be sent with a content type, and the signed URL was made for none.
  const body = new TextEncoder().encode(JSON.stringify(told))
  const answer = await fetch(event.ResponseURL, { method: 'PUT', body })
  if (!answer.ok) throw new Error(`CloudFormation answered ${answer.status}`)
}
