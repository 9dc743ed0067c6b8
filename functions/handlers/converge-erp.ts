import { connector } from './compose-erp.ts'
import { convergeHandler } from './converge.ts'

/** Doorbells of the ERP target, from its normal and its urgent queue. */
export const handler = convergeHandler('erp', connector)
