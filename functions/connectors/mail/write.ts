import type { MailSettings } from '../../../schemas/settings.ts'
import { ConnectorError } from '../contract.ts'
import type { Answer, Session } from '../sql-database.ts'
import { groupBy, inChunks, join, list, sql } from '../sql-statements.ts'
import type { Mailbox } from './mailbox.ts'
import { unusablePassword } from './unusable-password.ts'

export interface Change {
  readonly personId: string
  readonly before: Mailbox | null
  readonly after: Mailbox
  /** Whether the sessions that are open have to end. */
  readonly endsSessions: boolean
  /** What of the plan cannot be done; the change is all the rest. */
  readonly fault: ConnectorError | null
}

/** PostfixAdmin's megabyte, so that its pages show the number that the settings hold. */
const bytesOfMegabyte = 1_024_000

export const closes = (change: Change): boolean => change.before?.active === true && !change.after.active

/** R25: closing sets a flag. Nothing is ever deleted here: not a mailbox, not an alias, not a message. */
export async function closeMailboxes(
  session: Session,
  settings: MailSettings,
  changes: readonly Change[],
): Promise<void> {
  for (const some of inChunks(changes.filter(closes)))
    insistOn(
      settings,
      some,
      await session.run(sql`
        update mailbox set active = false, modified = now()
        where username in ${list(some.map(one => one.after.address))} and ${ownedBy(some)}`),
    )
}

/** Everything but the closing: new mailboxes, and whatever differs in the old ones. Silent where nothing does. */
export async function changeMailboxes(
  session: Session,
  settings: MailSettings,
  changes: readonly Change[],
): Promise<void> {
  const made = changes.filter(change => change.before === null)
  for (const some of inChunks(made)) await insertMailboxes(session, settings, some)
  const kept = changes.filter(change => change.before !== null)
  for (const some of inChunks(kept.filter(adopts))) await markMailboxes(session, some)
  for (const some of groupBy(kept.filter(differs), ({ after }) => [after.name, after.active, after.endsAt]))
    for (const few of inChunks(some)) await updateMailboxes(session, settings, few)
  // As PostfixAdmin does: the address takes mail while its mailbox is active.
  const turned = kept.filter(({ before, after }) => before?.active !== after.active)
  for (const some of groupBy(turned, ({ after }) => after.active))
    for (const few of inChunks(some))
      await session.run(sql`
        update alias set active = ${few[0]?.after.active}, modified = now()
        where address in ${list(few.map(one => one.after.address))}`)
  for (const some of inChunks(changes.filter(copiesDiffer))) await writeCopies(session, some)
}

/** Whether anything is left to write once the closings are done. */
export const needsTransaction = (changes: readonly Change[]): boolean =>
  changes.some(
    change => change.before === null || [differs, closes, adopts, copiesDiffer].some(is => is(change)),
  )

const adopts = ({ before, after }: Change) => before?.marked === false && after.marked

const copiesDiffer = ({ before, after }: Change) => (before?.copyTo ?? null) !== after.copyTo

const differs = ({ before, after }: Change) =>
  before?.name !== after.name || before.endsAt !== after.endsAt || (!before.active && after.active)

async function insertMailboxes(
  session: Session,
  settings: MailSettings,
  made: readonly Change[],
): Promise<void> {
  const quota = settings.quotaMegabytes * bytesOfMegabyte
  const rows = made.map(({ after: { address, name, active, endsAt } }) => {
    const localPart = address.slice(0, address.lastIndexOf('@'))
    return sql`(${join([
      address,
      unusablePassword(),
      name,
      `${settings.domain}/${localPart}/`,
      quota,
      localPart,
      settings.domain,
      active,
      endsAt,
    ])}, now(), now())`
  })
  await session.run(sql`
    insert into mailbox
      (username, password, name, maildir, quota, local_part, domain, active, valid_until, created, modified)
    values ${join(rows)}`)
  const aliases = made.map(
    ({ after: { address, active } }) =>
      sql`(${join([address, address, settings.domain, active])}, now(), now())`,
  )
  // A mailbox that was removed by hand may have left its alias, which leads to itself alone; any other one is somebody's.
  const written = await session.run(
    sql`insert into alias (address, goto, domain, active, created, modified) values ${join(aliases)}
      on conflict (address) do update set active = excluded.active, modified = now()
      where alias.goto = alias.address`,
  )
  if (written.affected < made.length) throw new ConnectorError(settings.id, 'conflict', false)
  await markMailboxes(session, made)
}

/** A mark that somebody set in between stays: the next look tells whose it is. */
async function markMailboxes(session: Session, changes: readonly Change[]): Promise<void> {
  const marks = changes.map(({ after, personId }) => list([after.address, personId]))
  await session.run(
    sql`insert into llavero_owner (account, person_id) values ${join(marks)}
      on conflict (account) do nothing`,
  )
}

/** R5. A copy that is taken back leaves an empty row: this login may delete nothing. */
async function writeCopies(session: Session, changes: readonly Change[]): Promise<void> {
  const rows = changes.map(({ after }) => list([after.address, after.copyTo]))
  await session.run(
    sql`insert into llavero_copy (account, copy_to) values ${join(rows)}
      on conflict (account) do update set copy_to = excluded.copy_to`,
  )
}

/** As PostfixAdmin does it: where the domain lets passwords grow old, this one is new. */
export async function writePassword(
  session: Session,
  settings: MailSettings,
  { personId, mailbox }: { personId: string; mailbox: Mailbox },
  hash: string,
): Promise<void> {
  const change = { personId, before: mailbox, after: mailbox }
  const { affected } = await session.run(sql`
    update mailbox set password = ${hash}, modified = now(),
      password_expiry = coalesce((select now() + d.password_expiry * interval '1 day'
        from domain d where d.domain = mailbox.domain and d.password_expiry > 0), password_expiry)
    where username = ${mailbox.address} and ${ownedBy([change])}`)
  if (affected !== 1) throw new ConnectorError(settings.id, 'throttled', true)
}

async function updateMailboxes(
  session: Session,
  settings: MailSettings,
  alike: readonly Change[],
): Promise<void> {
  const [first] = alike
  if (first === undefined) return
  const { name, active, endsAt } = first.after
  insistOn(
    settings,
    alike,
    await session.run(sql`
      update mailbox set name = ${name}, active = ${active}, valid_until = ${endsAt}, modified = now()
      where username in ${list(alike.map(one => one.after.address))} and ${ownedBy(alike)}`),
  )
}

/** What was read a moment ago must still hold: the mark belongs to one of these people, or there still is none. */
const ownedBy = (changes: readonly Pick<Change, 'personId' | 'before' | 'after'>[]) => sql`exists (
  select 1 from (values ${join(changes.map(one => list([one.after.address, one.personId, one.before?.marked !== false])))})
    as mine (account, person_id, marked)
  left join llavero_owner o on o.account = mine.account
  where mine.account = mailbox.username
    and (o.person_id = mine.person_id or (o.account is null and not mine.marked::boolean)))`

/** Fewer rows than people: somebody else wrote in between. The next look will say what is there now. */
function insistOn(settings: MailSettings, changes: readonly Change[], { affected }: Answer): void {
  if (affected < changes.length) throw new ConnectorError(settings.id, 'throttled', true)
}
