import type { ReadAccount } from './adoption.ts'
import { sameRight } from './plan.ts'

/** In what one account differs between two readings. */
export type ComparedMember = 'state' | 'end' | 'rights'

export type Compared<T> =
  | { readonly kind: 'missing' | 'added'; readonly name: string; readonly account: T }
  | {
      readonly kind: 'different'
      readonly name: string
      readonly before: T
      readonly after: T
      readonly differences: readonly ComparedMember[]
    }

const differencesOf = (before: ReadAccount, after: ReadAccount): ComparedMember[] => {
  const sameRights =
    before.rights.length === after.rights.length &&
    before.rights.every(right => after.rights.some(other => sameRight(right, other)))
  return [
    ...(before.state === after.state ? [] : ['state' as const]),
    ...(before.expiresAt === after.expiresAt ? [] : ['end' as const]),
    ...(sameRights ? [] : ['rights' as const]),
  ]
}

/**
 * Two readings of a target, account by account (R19: what was carried over to a new host). Accounts are paired by their
 * names, in whatever case: a new host gives them keys of its own. Sorted by name; what is the same is left out.
 */
export function compareReadings<T extends ReadAccount>(
  before: readonly T[],
  after: readonly T[],
): Compared<T>[] {
  const key = ({ name }: T) => name.toLowerCase()
  const left = new Map(before.map(account => [key(account), account]))
  const right = new Map(after.map(account => [key(account), account]))
  const names = [...new Set([...left.keys(), ...right.keys()])].sort()
  return names.flatMap((name): Compared<T>[] => {
    const [was, is] = [left.get(name), right.get(name)]
    if (was === undefined) return is === undefined ? [] : [{ kind: 'added', name, account: is }]
    if (is === undefined) return [{ kind: 'missing', name, account: was }]
    const differences = differencesOf(was, is)
    return differences.length === 0 ? [] : [{ kind: 'different', name, before: was, after: is, differences }]
  })
}
