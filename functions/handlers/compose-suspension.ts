import { createHoldStore } from '../stores/holds.ts'
import { settings, tables } from './compose-base.ts'
import { registers } from './compose-registers.ts'

/** What the kill switch is given. A directory and a mail system close within a second or two: whoever asks should see it. */
export const suspension = { ...registers, holds: createHoldStore(tables, settings), patience: 4_000 }
