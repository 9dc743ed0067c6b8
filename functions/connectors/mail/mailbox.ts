import type { MailSettings } from '../../../schemas/settings.ts'
import type { Observation, Step } from '../../../schemas/target.ts'
import { absentAccount } from '../../domain/absent-account.ts'
import { ConnectorError, type Profile } from '../contract.ts'
import { hashShownName, shownName } from '../shown-name.ts'
import { writeInstant } from '../sql-instants.ts'

/** What of a mailbox this system reads and writes. Everything else in its row is the mail system's own. */
export interface Mailbox {
  readonly address: string
  readonly name: string
  readonly active: boolean
  /** First instant at which the login query no longer lets the person in. */
  readonly endsAt: string | null
}

export function observationOf(mailbox: Mailbox | null): Observation {
  if (mailbox === null) return absentAccount
  return {
    state: mailbox.active ? 'enabled' : 'disabled',
    accountId: mailbox.address,
    name: mailbox.address,
    expiresAt: mailbox.endsAt,
    rights: [],
    retired: null,
    profileHash: hashShownName(mailbox.name),
  }
}

/**
 * The mailbox as the steps want it, whatever it was: a step already done changes nothing. A mailbox has no rights and no
 * place of the inactive, so that `revoke` and `restore` find nothing to do and `retire` only insists that it is closed.
 */
export function afterSteps(
  settings: MailSettings,
  address: string,
  before: Mailbox | null,
  profile: Profile,
  steps: readonly Step[],
): Mailbox {
  let mailbox = before
  for (const step of steps) {
    if (step.act === 'create') {
      mailbox ??= { address, name: shownName(profile), active: false, endsAt: null }
      continue
    }
    if (mailbox === null) throw new ConnectorError(settings.id, 'missing', true)
    switch (step.act) {
      case 'enable':
        mailbox = { ...mailbox, active: true }
        break
      case 'disable':
      case 'retire':
        mailbox = { ...mailbox, active: false }
        break
      case 'set-profile':
        mailbox = { ...mailbox, name: shownName(profile) }
        break
      case 'set-expiry':
        mailbox = { ...mailbox, endsAt: writeInstant(step.expiresAt) }
        break
      case 'grant':
        throw new ConnectorError(settings.id, 'misconfigured', false)
      case 'adopt':
      case 'end-sessions':
      case 'revoke':
      case 'restore':
    }
  }
  if (mailbox === null) throw new ConnectorError(settings.id, 'missing', true)
  return mailbox
}
