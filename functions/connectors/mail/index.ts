import type { MailSettings } from '../../../schemas/settings.ts'
import { type Applied, type Connector, ConnectorError, type Outcome, type Plan } from '../contract.ts'
import { hashShownName, shownName } from '../shown-name.ts'
import { inBatches } from '../sql-batches.ts'
import type { Session } from '../sql-database.ts'
import { openPostgres, type SqlSecret } from '../sql-postgres.ts'
import { addressOf, lookAtMailboxes } from './look.ts'
import { afterSteps, observationOf } from './mailbox.ts'
import { type Change, changeMailboxes, closeMailboxes, needsTransaction } from './write.ts'

/**
 * Mailboxes in PostfixAdmin's tables (PostgreSQL), with two additions that the mail system's operator makes once:
 * `mailbox.valid_until timestamptz`, which the login query must ask for, and the marks of what this system made,
 * `llavero_owner (account, person_id)`. An address without this person's mark is somebody else's.
 */
export function createMailConnector(settings: MailSettings, secret: SqlSecret): Connector {
  const database = openPostgres(settings.id, secret)
  return {
    system: settings.id,
    profileHash: profile => hashShownName(shownName(profile)),
    observe: accounts =>
      inBatches(accounts, async some =>
        (await lookAtMailboxes(database, settings, some)).map(found =>
          found.ok ? { ok: true, value: observationOf(found.value) } : found,
        ),
      ),
    apply: plans =>
      inBatches(plans, async some => {
        const drafts = await draftChanges(database, settings, some)
        const changes = drafts.flatMap(draft => (draft.ok ? [draft.value] : []))
        // By itself and first: nothing that fails afterwards may leave open what was to be closed.
        await closeMailboxes(database, settings, changes)
        if (needsTransaction(changes))
          await database.transaction(session => changeMailboxes(session, settings, changes))
        return drafts.map(draft => (draft.ok ? { ok: true, value: appliedOf(draft.value) } : draft))
      }),
    close: () => database.close(),
  }
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
  return plans.map((plan, at) => {
    const found = looked[at]
    if (found === undefined || !found.ok) return found ?? missing(settings)
    try {
      const address = addressOf(plan.account)
      const after = afterSteps(settings, address, found.value, plan.profile, plan.steps)
      return { ok: true, value: { personId: plan.account.personId, before: found.value, after } }
    } catch (error) {
      if (error instanceof ConnectorError) return { ok: false, error }
      throw error
    }
  })
}

const missing = (settings: MailSettings): Outcome<never> => ({
  ok: false,
  error: new ConnectorError(settings.id, 'missing', true),
})

const appliedOf = ({ after }: Change): Applied => ({ accountId: after.address, name: after.address })
