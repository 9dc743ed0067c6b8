import type { ErpSettings } from '../../../schemas/settings.ts'
import { inBatches } from '../batches.ts'
import { type Connector, ConnectorError, type Outcome, type Plan } from '../contract.ts'
import { hashShownName, shownName } from '../shown-name.ts'
import type { Session, SqlDatabase } from '../sql-database.ts'
import { openPostgres, type SqlSecret } from '../sql-postgres.ts'
import { afterSteps, observationOf } from './account.ts'
import { listUsers } from './listing.ts'
import { lookAtAccounts, markOf } from './look.ts'
import { openSqlServer } from './sql-server.ts'
import { type Change, changeAccounts, closeAccounts, needsTransaction } from './write.ts'

/**
 * Users and permissions of an ERP that keeps them in SQL tables; which tables and columns, the settings map.
 * A user is this person's if the mapped national id is theirs; an ERP without such a column needs a side table,
 * `llavero_owner (account primary key, person_id)`, made once by its operator. Passwords are the ERP's own (ADR 0020).
 */
export function createErpConnector(settings: ErpSettings, secret: SqlSecret): Connector {
  const database = open(settings, secret)
  return {
    system: settings.id,
    profileHash: profile => hashShownName(shownName(profile)),
    observe: accounts =>
      inBatches(accounts, async some =>
        (await lookAtAccounts(database, settings, some)).map((found, at) =>
          found.ok
            ? { ok: true, value: observationOf(settings, found.value, some[at]?.adopted === true) }
            : found,
        ),
      ),
    apply: plans =>
      inBatches(plans, async some => {
        const drafts = await draftChanges(database, settings, some)
        const changes = drafts.flatMap(draft => (draft.ok ? [draft.value] : []))
        await closeAccounts(database, settings, changes)
        const keys = needsTransaction(changes)
          ? await database.transaction(session => changeAccounts(session, settings, changes))
          : changes.map(change => change.before?.id ?? '')
        return drafts.map(draft => {
          if (!draft.ok) return draft
          const accountId = keys[changes.indexOf(draft.value)] ?? ''
          return { ok: true, value: { accountId, name: draft.value.after.login.trimEnd() } }
        })
      }),
    list: async cursor => {
      const [page] = await inBatches([cursor], async () => [
        { ok: true, value: await listUsers(database, settings, cursor) },
      ])
      if (page === undefined) throw new Error('one question has one answer')
      return page
    },
    close: () => database.close(),
  }
}

function open(settings: ErpSettings, secret: SqlSecret): SqlDatabase {
  return settings.dialect === 'postgresql'
    ? openPostgres(settings.id, secret)
    : openSqlServer(settings.id, secret)
}

/** What has to change, from what is there now: `plan.observed` may be old, and a plan may come twice. */
async function draftChanges(
  session: Session,
  settings: ErpSettings,
  plans: readonly Plan[],
): Promise<Outcome<Change>[]> {
  const looked = await lookAtAccounts(
    session,
    settings,
    plans.map(plan => plan.account),
  )
  return plans.map((plan, at) => {
    const found = looked[at]
    try {
      if (found === undefined) throw new ConnectorError(settings.id, 'missing', true)
      if (!found.ok) return found
      const { account, profile, steps } = plan
      const mark = markOf(settings, account)
      const after = afterSteps(settings, account.name, found.value, profile, steps, mark)
      return { ok: true, value: { ref: plan.account, before: found.value, after } }
    } catch (error) {
      if (error instanceof ConnectorError) return { ok: false, error }
      throw error
    }
  })
}
