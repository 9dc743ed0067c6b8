import * as z from 'zod'
import { ConnectorError } from '../contract.ts'

/** The rows of an answer. Another shape than asked for comes from another program or version: nothing is concluded from it. */
export function readRows<T>(system: string, row: z.ZodType<T>, answer: unknown): T[] {
  const read = z.array(row).safeParse(answer)
  if (!read.success) throw new ConnectorError(system, 'misconfigured', true, { code: 'ROWS' })
  return read.data
}
