import type { TargetId } from '../../schemas/settings.ts'

/** The whole of what a function may do to the state table. Transactions are granted item by item. */
export type StateAction =
  | 'BatchGetItem'
  | 'ConditionCheckItem'
  | 'GetItem'
  | 'PutItem'
  | 'Query'
  | 'UpdateItem'

/** Nobody updates or deletes a ledger entry: the words do not exist here, and the table's own policy denies them. */
export type LedgerAction = 'BatchGetItem' | 'PutItem' | 'Query'

export type StateIndex = 'due' | 'list'
export type LedgerIndex = 'by-window' | 'by-subject' | 'by-actor' | 'by-request'

export interface Grants {
  /** What devices hold and report: a table of the same shape. */
  readonly doors?: { readonly actions: readonly StateAction[]; readonly indexes?: readonly StateIndex[] }
  readonly state?: { readonly actions: readonly StateAction[]; readonly indexes?: readonly StateIndex[] }
  readonly ledger?: { readonly actions: readonly LedgerAction[]; readonly indexes?: readonly LedgerIndex[] }
  /** Targets whose doorbells it may ring, normal and urgent. */
  readonly rings?: readonly TargetId[]
  /** Targets whose unanswered doorbells it may count. */
  readonly counts?: readonly TargetId[]
  /** The target whose doorbells it answers and whose secret it reads. */
  readonly serves?: TargetId
  /** Whether it may ring for mails, or answers those bells and sends. */
  readonly mails?: 'rings' | 'sends'
  /** The target whose secret it reads, to do one thing there while somebody waits. */
  readonly enters?: TargetId
  /** The target whose devices come to it, by the paths that stand in the target's secret. */
  readonly admits?: TargetId
  /** Whether it calls the help desk's program, where the settings name one, and reads the key of the signatures. */
  readonly calls?: true
  /** Whether it reads the key under which one-time codes are kept. */
  readonly codes?: true
}

const everyTarget: readonly TargetId[] = ['directory', 'mail', 'erp', 'data-centre']
/** Whoever is behind a token: who holds it (Get), their roles (Query), the units they stand in (BatchGet). */
const reads: readonly StateAction[] = ['BatchGetItem', 'GetItem', 'Query']

/** Records facts about people, weighed by the guard: whoever would be one too many joins a batch (ConditionCheck), and how many may pass is counted in the list. */
const recordsFacts = {
  state: { actions: [...reads, 'ConditionCheckItem', 'PutItem', 'UpdateItem'], indexes: ['list'] },
  ledger: { actions: ['PutItem'] },
  rings: everyTarget,
} as const satisfies Grants

/** What a worker reads and writes; the rest as `recordsFacts`, for what it would take away unasked. */
const works = {
  state: {
    actions: ['BatchGetItem', 'ConditionCheckItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'],
    indexes: ['list'],
  },
  ledger: { actions: ['PutItem'] },
} as const satisfies Grants

/** Who it is (Get, Query), the intent and the outcome (Update, with their ledger entries). It rings nobody. */
const setsCredentials = {
  state: { actions: ['GetItem', 'Query', 'UpdateItem'] },
  ledger: { actions: ['PutItem'] },
  codes: true,
} as const satisfies Grants

/**
 * Who may do what: every function of the app and the least it needs. An index is granted for Query only.
 * The laptop's cloud enforces this table and counts what was never used.
 */
export const grants = {
  'submit-request': recordsFacts,
  'decide-lines': recordsFacts,
  'complete-lines': recordsFacts,
  // It also reads the list of what units granted.
  'renew-accesses': recordsFacts,
  'read-requests': {
    state: { actions: reads, indexes: ['list'] },
    ledger: { actions: ['BatchGetItem'], indexes: ['by-request'] },
  },
  'read-people': { state: { actions: reads } },
  'record-people': recordsFacts,
  'record-hr-events': recordsFacts,
  'take-hr-events': recordsFacts,
  'suspend-people': {
    state: { actions: [...reads, 'PutItem', 'UpdateItem'] },
    ledger: { actions: ['PutItem'] },
    rings: everyTarget,
  },
  'judge-batches': {
    state: { actions: [...reads, 'PutItem', 'UpdateItem'], indexes: ['list'] },
    ledger: { actions: ['PutItem'] },
    rings: everyTarget,
  },
  'maintain-units': {
    state: { actions: [...reads, 'ConditionCheckItem', 'PutItem'], indexes: ['list'] },
    ledger: { actions: ['PutItem'] },
  },
  'link-identities': {
    state: { actions: [...reads, 'PutItem', 'UpdateItem'] },
    ledger: { actions: ['PutItem'] },
  },
  'maintain-roles': {
    state: { actions: [...reads, 'ConditionCheckItem', 'PutItem', 'UpdateItem'], indexes: ['list'] },
    ledger: { actions: ['PutItem'] },
  },
  'maintain-targets': {
    state: { actions: [...reads, 'PutItem'], indexes: ['due', 'list'] },
    ledger: { actions: ['PutItem'] },
    // What the doors are to do, where whoever speaks with devices sees it.
    doors: { actions: ['PutItem'] },
  },
  'read-audit': {
    // The lists of units and requests tell the verification of chains that have lost all their entries.
    state: { actions: reads, indexes: ['list'] },
    ledger: {
      actions: ['BatchGetItem', 'Query'],
      indexes: ['by-window', 'by-subject', 'by-actor', 'by-request'],
    },
  },
  'read-registers': {
    // Everybody, page by page, by the list; what was done to them by the ledger's chains, what in a period by its windows.
    state: { actions: reads, indexes: ['list'] },
    ledger: { actions: ['BatchGetItem', 'Query'], indexes: ['by-window'] },
  },
  'describe-api': {},
  // The log of visits, and how many are inside; who of the staff is, by the doors' table, which it only reads.
  'attend-visits': {
    state: { actions: [...reads, 'PutItem', 'UpdateItem'], indexes: ['list'] },
    ledger: { actions: ['PutItem'] },
    doors: { actions: ['BatchGetItem', 'GetItem'], indexes: ['list'] },
  },
  'sweep-due': {
    state: {
      actions: [...reads, 'ConditionCheckItem', 'PutItem', 'UpdateItem'],
      indexes: ['due', 'list'],
    },
    ledger: { actions: ['PutItem'] },
    rings: everyTarget,
    counts: everyTarget,
    mails: 'rings',
  },
  'attend-tasks': {
    state: { actions: [...reads, 'PutItem', 'UpdateItem'], indexes: ['list'] },
    ledger: { actions: ['PutItem'] },
    rings: everyTarget,
  },
  'reconcile-accounts': {
    state: { actions: [...reads, 'PutItem', 'UpdateItem'], indexes: ['list'] },
    ledger: { actions: ['PutItem'] },
    rings: everyTarget,
  },
  'send-notices': {
    state: { actions: ['BatchGetItem', 'GetItem', 'Query', 'UpdateItem'], indexes: ['list'] },
    mails: 'sends',
    calls: true,
  },
  'prepare-digests': {
    state: { actions: [...reads, 'PutItem'], indexes: ['due', 'list'] },
  },
  // A worker rings its own bell when the desired state moved on under it; the directory's also wakes the mail that waited.
  'converge-directory': {
    ...works,
    rings: ['directory', 'mail'],
    serves: 'directory',
  },
  'converge-mail': {
    ...works,
    rings: ['mail'],
    serves: 'mail',
  },
  'converge-erp': {
    ...works,
    rings: ['erp'],
    serves: 'erp',
  },
  // A card goes to the table of the doors in the transaction that says so; what was read back is in the account's chain.
  'maintain-badges': {
    state: { actions: [...reads, 'PutItem', 'UpdateItem'], indexes: ['list'] },
    ledger: { actions: ['PutItem', 'Query'] },
    // What the doors are to know of a card, and the alarm of a copied one.
    doors: { actions: ['GetItem', 'PutItem'] },
    rings: ['data-centre'],
  },
  // What is to be on the devices, and what they have shown. It rings itself when a device answered under it.
  'converge-data-centre': {
    ...works,
    doors: { actions: ['BatchGetItem', 'GetItem', 'PutItem', 'Query'], indexes: ['list'] },
    rings: ['data-centre'],
    serves: 'data-centre',
  },
  // Devices are outside of the house: whoever speaks with them sees badges and devices, and nothing of people or the ledger.
  'serve-doors': {
    doors: {
      actions: ['BatchGetItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'],
      indexes: ['due', 'list'],
    },
    rings: ['data-centre'],
    admits: 'data-centre',
  },
  'issue-codes': {
    state: { actions: [...reads, 'UpdateItem'] },
    ledger: { actions: ['PutItem'] },
    codes: true,
  },
  'set-credentials-directory': { ...setsCredentials, enters: 'directory' },
  'set-credentials-mail': { ...setsCredentials, enters: 'mail' },
  'set-credentials-erp': { ...setsCredentials, enters: 'erp' },
  // Who is inside and may not be (people), what was told and settled by itself, each with its entry and mails.
  'watch-doors': {
    state: { actions: [...reads, 'PutItem'], indexes: ['list'] },
    ledger: { actions: ['PutItem'] },
    doors: {
      actions: ['BatchGetItem', 'GetItem', 'PutItem', 'UpdateItem'],
      indexes: ['due', 'list'],
    },
  },
  'read-doors': {
    state: { actions: ['GetItem', 'PutItem', 'Query'] },
    ledger: { actions: ['PutItem'] },
    doors: { actions: ['BatchGetItem', 'GetItem', 'Query', 'UpdateItem'], indexes: ['due', 'list'] },
  },
  // Also who has which role, and whether any of them may act: a role that nobody is left in is filled.
  'load-bootstrap': {
    state: { actions: [...reads, 'PutItem', 'UpdateItem'], indexes: ['list'] },
    ledger: { actions: ['PutItem'] },
  },
} as const satisfies Record<string, Grants>

export type FunctionName = keyof typeof grants

/** The functions of a body with these targets: a target that is not in the settings has no worker. */
export function functionNames(targets: readonly TargetId[]): FunctionName[] {
  return (Object.keys(grants) as FunctionName[]).filter(name => {
    const { serves, enters, admits }: Grants = grants[name]
    const target = serves ?? enters ?? admits
    return target === undefined || targets.includes(target)
  })
}
