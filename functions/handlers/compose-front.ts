import { createIdentityStore } from '../stores/identities.ts'
import { identifyCaller } from '../workflows/identify-caller.ts'
import { base, logger, settings, tables } from './compose-base.ts'
import type { Front } from './http.ts'

export const identities = createIdentityStore(tables)

/** What every function behind HTTP is given: whose token it is, and in which language it speaks. */
export const front: Front = {
  locale: settings.locale,
  logger,
  identify: identity => identifyCaller({ ...base, identities }, identity),
}
