import type { MailSettings } from '../../../schemas/settings.ts'
import { inBatches } from '../batches.ts'
import {
  type AccountRef,
  type Applied,
  type Connector,
  ConnectorError,
  type Outcome,
  type PasswordAnswer,
  type Plan,
} from '../contract.ts'
import type { Session, SqlDatabase } from '../sql-database.ts'
import { openPostgres, type SqlSecret } from '../sql-postgres.ts'
import { type DoveadmSecret, type MailSessions, openDoveadm } from './doveadm.ts'
import { listMailboxes } from './listing.ts'
import { addressOf, lookAtMailboxes } from './look.ts'
import { afterSteps, type Mailbox, observationOf, profileHashOf } from './mailbox.ts'
import { hashPassword, refusalOf } from './password.ts'
import {
  type Change,
  changeMailboxes,
  closeMailboxes,
  closes,
  needsTransaction,
  writePassword,
} from './write.ts'

/** The database; and Dovecot's HTTP API, without which open sessions are neither told nor ended. */
export interface MailSecret extends SqlSecret {
  readonly doveadm?: DoveadmSecret
}

/**
 * Mailboxes in PostfixAdmin's tables (PostgreSQL), with the additions that the mail system's operator makes once
 * (docs/mail.md): `mailbox.valid_until timestamptz`, which the login query must ask for, the marks of what this system
 * made, `llavero_owner (account, person_id)`, and `llavero_copy (account, copy_to)`. An address without this person's
 * mark is somebody else's.
 */
export function createMailConnector(settings: MailSettings, secret: MailSecret): Connector {
  const database = openPostgres(settings.id, secret)
  const sessions = secret.doveadm === undefined ? null : openDoveadm(settings.id, secret.doveadm)
  return {
    system: settings.id,
    profileHash: profileHashOf,
    observe: accounts =>
      inBatches(accounts, async some => {
        const found = await lookAtMailboxes(database, settings, some)
        const open = await askSessions(sessions, found)
        return found.map(one => (one.ok ? told(one.value, open) : one))
      }),
    apply: plans => inBatches(plans, some => applyPlans(database, sessions, settings, some)),
    list: cursor => alone(() => listMailboxes(database, settings, cursor)),
    setPassword: (account, password) => alone(() => setPassword(database, settings, account, password)),
    close: () => {
      sessions?.close()
      return database.close()
    },
  }
}

/** Addresses with an open session; null: nobody can tell. */
type OpenSessions = ReadonlySet<string> | ConnectorError | null

/** One question for all closed mailboxes: only of them is it asked. */
async function askSessions(
  sessions: MailSessions | null,
  found: readonly Outcome<Mailbox | null>[],
): Promise<OpenSessions> {
  const closed = found.flatMap(one => (one.ok && one.value?.active === false ? [one.value.address] : []))
  if (sessions === null) return null
  return outside(() => sessions.openOf(closed))
}

function told(mailbox: Mailbox | null, open: OpenSessions) {
  if (mailbox === null || mailbox.active || open === null)
    return { ok: true, value: observationOf(mailbox) } as const
  if (open instanceof ConnectorError) return { ok: false, error: open } as const
  return { ok: true, value: observationOf(mailbox, open.has(mailbox.address)) } as const
}

async function applyPlans(
  database: SqlDatabase,
  sessions: MailSessions | null,
  settings: MailSettings,
  plans: readonly Plan[],
): Promise<Outcome<Applied>[]> {
  const drafts = await draftChanges(database, settings, plans)
  const changes = drafts.flatMap(draft => (draft.ok ? [draft.value] : []))
  // By itself and first: nothing that fails afterwards may leave open what was to be closed.
  await closeMailboxes(database, settings, changes)
  // Nobody can log in any more, so that what is ended now stays ended. Whether that works holds up nothing else.
  const ending = changes.filter(change => change.endsSessions || closes(change)).map(one => one.after.address)
  const ended = sessions === null ? null : await outside(() => sessions.end(ending))
  if (needsTransaction(changes))
    await database.transaction(session => changeMailboxes(session, settings, changes))
  return drafts.map(draft => {
    if (!draft.ok) return draft
    const { after, fault } = draft.value
    const unended = ended instanceof ConnectorError && ending.includes(after.address) ? ended : null
    const error = unended ?? fault
    return error === null
      ? { ok: true, value: { accountId: after.address, name: after.address } }
      : { ok: false, error }
  })
}

/** What has to change, from what is there now: `plan.observed` may be old, and a plan may come twice. */
async function draftChanges(
  session: Session,
  settings: MailSettings,
  plans: readonly Plan[],
): Promise<Outcome<Change>[]> {
  const looked = await lookAtMailboxes(
    session,
    settings,
    plans.map(plan => plan.account),
  )
  return plans.map(({ account, profile, steps }, at) => {
    const found = looked[at]
    if (found === undefined || !found.ok) return found ?? missing(settings)
    try {
      const { mailbox, fault } = afterSteps(settings, addressOf(account), found.value, profile, steps)
      const endsSessions =
        !mailbox.active && steps.some(({ act }) => act === 'disable' || act === 'end-sessions')
      const change = { personId: account.personId, before: found.value, after: mailbox, endsSessions, fault }
      return { ok: true, value: change }
    } catch (error) {
      if (error instanceof ConnectorError) return { ok: false, error }
      throw error
    }
  })
}

/** The person's own from here on: no step of any plan writes a password over one that is there. */
async function setPassword(
  session: Session,
  settings: MailSettings,
  account: AccountRef,
  password: string,
): Promise<PasswordAnswer> {
  const [found] = await lookAtMailboxes(session, settings, [account])
  if (found === undefined || !found.ok) throw found?.error ?? missing(settings).error
  const mailbox = found.value
  if (mailbox === null) throw missing(settings).error
  const { address, name: shownName } = mailbox
  const why = refusalOf(password, { address, shownName, nationalId: account.nationalId })
  if (why !== null) return { set: false, why }
  await writePassword(
    session,
    settings,
    { personId: account.personId, mailbox },
    await hashPassword(password),
  )
  return { set: true }
}

const missing = (settings: MailSettings) => ({
  ok: false as const,
  error: new ConnectorError(settings.id, 'missing', true),
})

/** A failure of the outside as a value. */
async function outside<T>(ask: () => Promise<T>): Promise<T | ConnectorError> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof ConnectorError) return error
    throw error
  }
}

/** One question by itself: asked again on a new connection when the old one broke. */
async function alone<T>(ask: () => Promise<T>): Promise<Outcome<T>> {
  const [outcome] = await inBatches([ask], async () => [{ ok: true, value: await ask() }])
  if (outcome === undefined) throw new Error('one question has one answer')
  return outcome
}
