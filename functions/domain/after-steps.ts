import type { Observation, Step } from '../../schemas/target.ts'

/** What whoever made an account says of it. */
export interface Said {
  readonly accountId: string | null
  readonly name: string | null
}

const byId = (one: { id: string }, other: { id: string }) => (one.id < other.id ? -1 : 1)

function after(account: Observation, step: Step, said: Said): Observation {
  const known = {
    accountId: said.accountId ?? account.accountId,
    name: said.name ?? account.name,
  }
  switch (step.act) {
    case 'create':
      return { ...account, ...known, state: account.state === 'absent' ? 'disabled' : account.state }
    case 'enable':
      return { ...account, ...known, state: 'enabled' }
    case 'disable':
      return { ...account, state: account.state === 'absent' ? 'absent' : 'disabled' }
    case 'grant':
      return {
        ...account,
        rights: [...account.rights.filter(({ id }) => id !== step.right.id), step.right].sort(byId),
      }
    case 'revoke':
      return { ...account, rights: account.rights.filter(({ id }) => id !== step.right) }
    case 'set-expiry':
      return { ...account, expiresAt: step.expiresAt }
    case 'restore':
      return { ...account, retired: false }
    case 'retire':
      return { ...account, retired: account.retired === null ? null : true }
    case 'set-profile':
      // What was written is not told: it counts as not known, and is not asked for again.
      return { ...account, profileHash: null }
    case 'adopt': {
      const { unmarked: _, ...marked } = account
      return marked
    }
    case 'end-sessions': {
      const { sessionsOpen: _, ...closed } = account
      return closed
    }
  }
}

/**
 * The account as it is when every step was done, by the word of whoever did them: an attested reading, for a target that
 * cannot be looked at.
 */
export const afterSteps = (account: Observation, steps: readonly Step[], said: Said): Observation =>
  steps.reduce((one, step) => after(one, step, said), account)
