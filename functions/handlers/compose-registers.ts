import { createHeadStore } from '../stores/heads.ts'
import { newId } from '../stores/ids.ts'
import { chains, windowShards } from '../stores/keys.ts'
import { createRegisterStore, newcomersAtOnce } from '../stores/register.ts'
import { createReplayStore } from '../stores/replays.ts'
import type { Registers } from '../workflows/registers.ts'
import { engine, ledger, tables, units } from './compose.ts'
import { identities } from './compose-front.ts'

export { front } from './compose-front.ts'

/** What the functions behind HTTP are given beside the engine. */
export const registers = {
  ...engine,
  ledger,
  units,
  identities,
  register: createRegisterStore(tables),
  replays: createReplayStore(tables),
  heads: createHeadStore(tables),
  newId,
  newcomersAtOnce,
  chains,
  windowShards,
} satisfies Registers & Record<string, unknown>
