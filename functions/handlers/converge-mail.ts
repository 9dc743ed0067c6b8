import { connector } from './compose-mail.ts'
import { convergeHandler } from './converge.ts'

/** Doorbells of the mail target, from its normal and its urgent queue. */
export const handler = convergeHandler('mail', connector)
