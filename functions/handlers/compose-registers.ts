import { createHeadStore } from '../stores/heads.ts'
import { createIdentityStore } from '../stores/identities.ts'
import { newId } from '../stores/ids.ts'
import { chains, windowShards } from '../stores/keys.ts'
import { createRegisterStore, newcomersAtOnce } from '../stores/register.ts'
import { createReplayStore } from '../stores/replays.ts'
import { identifyCaller } from '../workflows/identify-caller.ts'
import type { Registers } from '../workflows/registers.ts'
import { engine, ledger, logger, settings, tables, units } from './compose.ts'
import type { Front } from './http.ts'

/** What the functions behind HTTP are given beside the engine. */
export const registers = {
  ...engine,
  ledger,
  units,
  identities: createIdentityStore(tables),
  register: createRegisterStore(tables),
  replays: createReplayStore(tables),
  heads: createHeadStore(tables),
  newId,
  newcomersAtOnce,
  chains,
  windowShards,
} satisfies Registers & Record<string, unknown>

export const front: Front = {
  locale: settings.locale,
  logger,
  identify: identity => identifyCaller(registers, identity),
}
