import { tending } from './compose-cards.ts'
import { connectorOf } from './compose-connector.ts'
import { convergeHandler } from './converge.ts'

/** Doorbells of the doors, from their normal and their urgent queue. */
export const handler = convergeHandler('data-centre', connectorOf('data-centre', {}), tending)
