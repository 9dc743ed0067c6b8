import type { MailSettings } from '../../../schemas/settings.ts'
import type { Observation, Right, Step } from '../../../schemas/target.ts'
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
  /** R5: who gets a copy of what is sent from here. Personal data: only its hash is ever told. */
  readonly copyTo: string | null
  /** Whether it bears this person's mark; an adopted one does not yet. */
  readonly marked: boolean
}

/** R5: outgoing mail is copied to the unit's head. The one right that a mailbox has. */
const copyRight: Right = { id: 'copy-to-head', operations: [], specific: [], until: null }

/** The recipient of the copies is part of what is compared, so that a new head is a difference. */
export const hashOf = (name: string, copyTo: string | null): string =>
  hashShownName(copyTo === null ? name : `${name}\n${copyTo}`)

export const profileHashOf = (profile: Profile): string =>
  hashOf(shownName(profile), profile.headAddress ?? null)

export const rightsOf = ({ copyTo }: Pick<Mailbox, 'copyTo'>): Right[] => (copyTo === null ? [] : [copyRight])

/** `sessionsOpen` where it was asked: of a closed mailbox, with a way to ask. */
export function observationOf(mailbox: Mailbox | null, sessionsOpen?: boolean): Observation {
  if (mailbox === null) return absentAccount
  return {
    state: mailbox.active ? 'enabled' : 'disabled',
    accountId: mailbox.address,
    name: mailbox.address,
    expiresAt: mailbox.endsAt,
    rights: rightsOf(mailbox),
    retired: null,
    profileHash: hashOf(mailbox.name, mailbox.copyTo),
    ...(mailbox.marked ? {} : { unmarked: true }),
    ...(sessionsOpen === undefined ? {} : { sessionsOpen }),
  }
}

/** What a mailbox should be like after a plan, and what of the plan could not be: the rest is done all the same. */
export interface Wanted {
  readonly mailbox: Mailbox
  readonly fault: ConnectorError | null
}

/**
 * The mailbox as the steps want it, whatever it was: a step already done changes nothing. A mailbox has no place of the
 * inactive, so that `restore` finds nothing to do and `retire` only insists that it is closed.
 */
export function afterSteps(
  settings: MailSettings,
  address: string,
  before: Mailbox | null,
  profile: Profile,
  steps: readonly Step[],
): Wanted {
  const missing = () => new ConnectorError(settings.id, 'missing', true)
  const name = shownName(profile)
  const head = profile.headAddress ?? null
  let mailbox = before
  let fault: ConnectorError | null = null
  for (const step of steps) {
    if (step.act === 'create') {
      mailbox ??= { address, name, active: false, endsAt: null, copyTo: null, marked: true }
      continue
    }
    if (mailbox === null) throw missing()
    switch (step.act) {
      case 'enable':
        mailbox = { ...mailbox, active: true }
        break
      case 'disable':
      case 'retire':
        mailbox = { ...mailbox, active: false }
        break
      case 'adopt':
        mailbox = { ...mailbox, marked: true }
        break
      case 'set-profile':
        // A head who can no longer be written to gets nothing: it would come back to whoever sent it.
        mailbox = { ...mailbox, name, copyTo: mailbox.copyTo === null ? null : head }
        break
      case 'set-expiry':
        mailbox = { ...mailbox, endsAt: writeInstant(step.expiresAt) }
        break
      case 'grant':
        // Copies to nobody, or a right of another target: not given, never given otherwise.
        if (step.right.id !== copyRight.id || head === null)
          fault = new ConnectorError(settings.id, 'misconfigured', false)
        else mailbox = { ...mailbox, copyTo: head }
        break
      case 'revoke':
        if (step.right === copyRight.id) mailbox = { ...mailbox, copyTo: null }
        break
      case 'end-sessions':
      case 'restore':
    }
  }
  if (mailbox === null) throw missing()
  return { mailbox, fault }
}
