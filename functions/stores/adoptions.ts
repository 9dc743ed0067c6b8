import type { AppliedLines, Grant, KeptLine } from '../../schemas/request.ts'
import type { NameRow } from '../../schemas/rows.ts'
import type { TargetId } from '../../schemas/settings.ts'

import type { Observation, TargetRow } from '../../schemas/target.ts'
import { LATEST } from '../domain/civil-time.ts'

import { chains, grantPlace, keys } from './keys.ts'
import { type EntryDraft, seal } from './ledger.ts'
import { readNameLines } from './name-lines.ts'
import { nameWrite } from './names.ts'
import { factWrite, type PersonAggregate } from './people.ts'
import { type NewRequest, requestWrites } from './request-writes.ts'
import { batchGet, commit, type Tables, type Write } from './tables.ts'
import { newTargetWrite, type Wake, wakeTargetWrite } from './target-rows.ts'

/** One account taken over for one person, ready to be written. */
export interface Adoption {
  readonly person: PersonAggregate
  readonly target: TargetId
  readonly account: { readonly accountId: string; readonly name: string }
  /** Where only people can look: what they have told of the account. Null: the next look tells. */
  readonly observed: Observation | null
  /** Null: the account gives nothing, so that there is nothing to certify. */
  readonly request: {
    readonly row: NewRequest
    readonly lines: readonly KeptLine[]
    readonly entry: EntryDraft
    readonly applied: AppliedLines
  } | null
  readonly grants: readonly Grant[]
  readonly entry: EntryDraft
}

/** `taken`: the account or its name is somebody else's; `stale`: the person's record moved, read again and repeat. */
export type AdoptionResult = 'adopted' | 'taken' | 'stale'

export type AdoptionStore = ReturnType<typeof createAdoptionStore>

/** Accounts that were there before: whose they are, and taking them over. */
export function createAdoptionStore(tables: Tables) {
  const put = (key: { pk: string; sk: string }, row: object): Write => ({
    Put: { TableName: tables.state, Item: { ...key, ...row } },
  })

  /** The standing row gets the account; refused when it has one, or a worker is about to make one. */
  const takeOver = (row: TargetRow, { account, observed, entry }: Adoption, wake: Wake): Write => {
    const { Update: woken } = wakeTargetWrite(tables, row, wake)
    return {
      Update: {
        ...woken,
        UpdateExpression: `${woken.UpdateExpression}, #name = :name, accountId = :account, origin = :adopted${observed === null ? '' : ', observed = :observed, observedAt = :at'}`,
        ConditionExpression: `${woken.ConditionExpression} AND accountId = :nothing AND (attribute_not_exists(origin) OR origin = :nothing) AND attribute_not_exists(openIntent)`,
        ExpressionAttributeNames: { ...woken.ExpressionAttributeNames, '#name': 'name' },
        ExpressionAttributeValues: {
          ...woken.ExpressionAttributeValues,
          ':name': account.name,
          ':account': account.accountId,
          ':adopted': 'adopted',
          ...(observed === null ? {} : { ':observed': observed, ':at': entry.at }),
          ':nothing': null,
        },
      },
    }
  }

  return {
    /** Everybody the register names, for correlation. */
    names: () => readNameLines(tables),

    /** Who may be the owner of accounts by what is kept of them: the adopted key, else the reserved name. By account id. */
    async noted(
      target: TargetId,
      accounts: readonly { readonly accountId: string; readonly name: string }[],
    ): Promise<Map<string, string>> {
      const wanted = new Map<string, Record<string, unknown>>()
      for (const { accountId, name } of accounts)
        for (const key of [keys.account(target, accountId), keys.name(target, name)]) wanted.set(key.pk, key)
      const items = await batchGet(tables, tables.state, [...wanted.values()])
      const found = new Map(
        items
          .filter(item => item.releasedAt == null)
          .map(item => [item.pk as string, item.personId as string]),
      )
      const owners = new Map<string, string>()
      for (const { accountId, name } of accounts) {
        const owner = found.get(keys.account(target, accountId).pk) ?? found.get(keys.name(target, name).pk)
        if (owner !== undefined) owners.set(accountId, owner)
      }
      return owners
    },

    /** Takes an account over: key, name, target row, request with its lines, baseline grants and entries, or nothing of it. */
    async adopt(adoption: Adoption): Promise<AdoptionResult> {
      const { person, target, account, request, entry, grants } = adoption
      const { row } = person
      const sealed = seal(tables, chains.person(row.personId), row.head, entry)
      const facts = row.facts + 1
      const wake: Wake = { desiredVersion: facts, dueAt: entry.at, urgent: false, cause: entry.cause }
      const standing = person.targets.get(target)
      const released: NameRow = { version: 1, personId: row.personId, releasedAt: entry.at }
      const renamed = standing !== undefined && standing.name.toLowerCase() !== account.name.toLowerCase()
      // A name that rests is kept from whoever would read the former bearer's mail; this account bears it already.
      const result = await commit(tables, [
        factWrite(tables, row, { head: sealed.head }),
        {
          Put: {
            TableName: tables.state,
            Item: { ...keys.account(target, account.accountId), version: 1, personId: row.personId },
            ConditionExpression: 'attribute_not_exists(pk) OR personId = :me',
            ExpressionAttributeValues: { ':me': row.personId },
          },
        },
        nameWrite(tables, target, account.name, row.personId, LATEST),
        standing === undefined
          ? newTargetWrite(tables, {
              personId: row.personId,
              target,
              name: account.name,
              accountId: account.accountId,
              origin: 'adopted',
              observed: adoption.observed,
              observedAt: adoption.observed === null ? null : entry.at,
              ...wake,
            })
          : takeOver(standing, adoption, wake),
        ...(renamed ? [put(keys.name(target, standing.name), released)] : []),
        sealed.write,
        ...(request === null
          ? []
          : [
              ...requestWrites(tables, request.row, request.lines, request.entry),
              put(keys.applied(row.personId, request.row.number, 0), request.applied),
            ]),
        ...grants.map(grant => put(keys.grant(grant), { ...grant, facts, ...grantPlace(grant) })),
      ])
      if (result.done) return 'adopted'
      return result.refused.some(index => index === 1 || index === 2) ? 'taken' : 'stale'
    },
  }
}
