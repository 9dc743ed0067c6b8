import { parse } from '@aws-lambda-powertools/parser'
import type { CloudFormationCustomResourceResponse } from 'aws-lambda'
import * as z from 'zod'
import { fillVacantRoles } from '../workflows/fill-vacant-roles.ts'
import { type Bootstrapped, loadBootstrap } from '../workflows/load-bootstrap.ts'
import { logger, readings } from './compose.ts'
import { registers } from './compose-registers.ts'
import { roleRegisters } from './compose-roles.ts'

const Call = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResponseURL: z.url(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
})

/** An empty register gets its first people; in one that stands a role that nobody can act in any more is filled. */
async function bootstrapped(): Promise<Bootstrapped> {
  const outcome = await loadBootstrap({ ...registers, readings })
  if (outcome.done === 'standing') await fillVacantRoles(roleRegisters)
  return outcome
}

/**
 * CloudFormation's `Custom::Bootstrap`. Deleting the stack leaves the register alone. Whatever happens, CloudFormation gets
 * its answer, and gets it from here: without one it waits for an hour.
 */
export const handler = async (event: unknown): Promise<void> => {
  const { RequestType, ResponseURL, ...named } = parse(event, undefined, Call)
  const outcome: Bootstrapped =
    RequestType === 'Delete'
      ? { done: 'standing' }
      : await bootstrapped().catch((fault: Error) => ({
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
