import { tending } from './compose-cards.ts'
import { connector } from './compose-data-centre.ts'
import { convergeHandler } from './converge.ts'

/** Doorbells of the doors, from their normal and their urgent queue. */
export const handler = convergeHandler('data-centre', connector, tending)
