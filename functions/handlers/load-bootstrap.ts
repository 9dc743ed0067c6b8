import { parse } from '@aws-lambda-powertools/parser'
import type { CloudFormationCustomResourceResponse } from 'aws-lambda'
import * as z from 'zod'
import { type Bootstrapped, loadBootstrap } from '../workflows/load-bootstrap.ts'
import { logger, readings } from './compose.ts'
import { roleRegisters } from './compose-roles.ts'

const Call = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResponseURL: z.url(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
})

/**
 * CloudFormation's `Custom::Bootstrap`. Deleting the stack leaves the register alone. Whatever happens, CloudFormation gets
 * its answer, and gets it from here: without one it waits for an hour.
 */
export const handler = async (event: unknown): Promise<void> => {
  const { RequestType, ResponseURL, ...named } = parse(event, undefined, Call)
  const outcome: Bootstrapped =
    RequestType === 'Delete'
      ? { done: 'standing' }
      : await loadBootstrap({ ...roleRegisters, readings }).catch((fault: Error) => ({
          done: null,
          why: fault.name,
        }))
  logger.info('bootstrap', { outcome: outcome.done ?? 'failed' })
  const told: CloudFormationCustomResourceResponse = {
    Status: outcome.done === null ? 'FAILED' : 'SUCCESS',
    Reason: outcome.done === null ? outcome.why : outcome.done,
    PhysicalResourceId: 'bootstrap',
    ...named,
  }
  // As bytes: a text would be sent with a content type, and the signed URL was made for none.
  const body = new TextEncoder().encode(JSON.stringify(told))
  const answer = await fetch(ResponseURL, { method: 'PUT', body })
  if (!answer.ok) throw new Error(`CloudFormation answered ${answer.status}`)
}
