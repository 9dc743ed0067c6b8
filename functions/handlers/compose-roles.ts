import { createRoleStore } from '../stores/roles.ts'
import { tables } from './compose.ts'
import { registers } from './compose-registers.ts'

/** What only the register of roles is given beside the others. */
export const roleRegisters = { ...registers, roles: createRoleStore(tables) }
