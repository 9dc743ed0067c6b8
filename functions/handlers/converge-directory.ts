import { connector } from './compose-directory.ts'
import { convergeHandler } from './converge.ts'

/** Doorbells of the directory target, from its normal and its urgent queue. */
export const handler = convergeHandler('directory', connector)
