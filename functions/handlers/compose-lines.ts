import { createAcknowledgementStore } from '../stores/acknowledgements.ts'
import { settings, tables } from './compose-base.ts'
import { registers } from './compose-registers.ts'

export { front } from './compose-registers.ts'

/** What only the answers to lines are given beside the registers. */
export const lines = { ...registers, acknowledgements: createAcknowledgementStore(tables, settings) }
