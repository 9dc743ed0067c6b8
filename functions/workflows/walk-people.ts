import type { DomainUser, MailAddress, Permission } from '../../schemas/registers.ts'
import type { TargetId } from '../../schemas/settings.ts'
import { type AccountThen, accountHistory } from '../domain/account-history.ts'
import { asKnown } from '../domain/as-known.ts'
import { domainUserOf, mailAddressOf, permissionsOf } from '../domain/register-rows.ts'
import type { ListStore } from '../stores/lists.ts'
import type { PersonAggregate } from '../stores/people.ts'
import { parsedChain } from './parsed-chain.ts'
import { type Needed as NeededOfPeople, type PeopleThen, peopleThen } from './people-then.ts'

export type Needed = NeededOfPeople & {
  readonly lists: Pick<ListStore, 'people'>
  readonly limits: PageLimits
}

/** How much is looked at for one page at most. */
export interface PageLimits {
  /** Three reads each. */
  readonly people: number
  /** Entries of the ledger about accounts: up to three more reads each. */
  readonly acts: number
  /** Of the answer, as JSON. What is read together adds at most as much again, which Lambda's 6 MB hold. */
  readonly bytes: number
}

/** A body of a thousand gets each of its lists in one file; whoever is larger, in parts of some seconds each. */
export const pageLimits: PageLimits = { people: 1_000, acts: 1_000, bytes: 2_000_000 }

/** Looked at together: one person's rows are at most some 80 KB. */
const atOnce = 25

/** A page of a register, and the place where the next one begins. */
export interface Walked<T> {
  readonly entries: T[]
  readonly place: string | null
}

type RowsOf<T> = (person: PersonAggregate, people: PeopleThen) => Promise<T[]>

/** Everybody, person by person, from a place on: what each gives to a register as it stood at an instant. */
async function walk<T>(
  needed: Needed,
  at: string,
  start: string | null,
  rowsOf: RowsOf<T>,
): Promise<Walked<T>> {
  const { limits } = needed
  const people = peopleThen(needed, at)
  const entries: T[] = []
  let place = start
  let bytes = 0
  for (let looked = 0; looked < limits.people && bytes < limits.bytes; ) {
    const { items, next } = await needed.lists.people(place, Math.min(atOnce, limits.people - looked))
    const rows = await Promise.all(
      items.map(async personId => {
        const person = await people.person(personId)
        return person === null ? [] : rowsOf(person, people)
      }),
    )
    entries.push(...rows.flat())
    bytes += JSON.stringify(rows).length
    looked += items.length
    place = next
    if (next === null) break
  }
  return { entries, place }
}

/** An account as the ledger told it at an instant. Its adoption stands in the person's own chain. */
async function accountThen(
  { ledger, chains }: Needed,
  personId: string,
  target: TargetId,
  at: string,
): Promise<AccountThen> {
  const [entries, own] = await Promise.all([
    parsedChain(ledger, chains.target(personId, target), at),
    parsedChain(ledger, chains.person(personId), at),
  ])
  return accountHistory(
    entries,
    own.filter(({ act, system }) => act === 'account-adopted' && system === target),
  ).account
}

/** R14: the official list of mail addresses. */
export const mailAddressesAt = (needed: Needed, at: string, place: string | null) =>
  walk<MailAddress>(needed, at, place, async (person, people) => {
    const row = person.targets.get('mail')
    if (row === undefined) return []
    const found = mailAddressOf(await accountThen(needed, row.personId, 'mail', at), row.name, at)
    return found === null ? [] : [{ ...found, person: await people.view(person) }]
  })

/** R14: the list of domain users. */
export const domainUsersAt = (needed: Needed, at: string, place: string | null) =>
  walk<DomainUser>(needed, at, place, async (person, people) => {
    const row = person.targets.get('directory')
    if (row === undefined) return []
    const found = domainUserOf(await accountThen(needed, row.personId, 'directory', at), row.name, at)
    return found === null ? [] : [{ ...found, person: await people.view(person) }]
  })

/** R14: the register of users, applications and their permissions. */
export const permissionsAt = (needed: Needed, at: string, place: string | null) =>
  walk<Permission>(needed, at, place, async (person, people) => {
    const permissions = permissionsOf(asKnown(person, at), needed.settings, at)
    if (permissions.length === 0) return []
    const named = await people.view(person)
    return Promise.all(
      permissions.map(async ({ unit, ...permission }) => ({
        ...permission,
        person: named,
        grantedBy: await people.unit(unit),
      })),
    )
  })
