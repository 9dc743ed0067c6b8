import { Access, type Atom, InternetProfile } from '../../schemas/access.ts'
import type { CivilDate, Instant } from '../../schemas/calendar.ts'
import type { Activation, KeptLine } from '../../schemas/request.ts'
import type { TargetId } from '../../schemas/settings.ts'
import type { Observation, Right, Step } from '../../schemas/target.ts'
import { dayOf, earlierOf, lastDayOfYear } from './civil-time.ts'
import { endsWithTheYear, hasAdministrativeResponsibility } from './contract.ts'
import { contractsOn, lastDayOf, type RegisteredContract, type RegisterFacts } from './register.ts'
import type { Code } from './texts/index.ts'

/** An account as it was read, as far as adoption asks. */
export interface ReadAccount {
  readonly accountId: string
  readonly name: string
  readonly state: 'enabled' | 'disabled'
  readonly expiresAt: Instant | null
  readonly rights: readonly Right[]
}

/** Why an account is not taken over, though nothing was wrong with what was asked: somebody has to decide first. */
export interface Violation {
  readonly rule: string
  readonly code: Code
  /** The right concerned, where it is about one. */
  readonly right: string | null
}

/** The account as the plan sees it. What only the target's own look tells (place, profile) is left open. */
export const asObserved = (account: ReadAccount): Observation => ({
  state: account.state,
  accountId: account.accountId,
  name: account.name,
  expiresAt: account.expiresAt,
  rights: [...account.rights],
  retired: null,
  profileHash: null,
})

/** Whether somebody can work with the account now. */
export const isOpen = ({ state, expiresAt }: ReadAccount, now: Instant): boolean =>
  state === 'enabled' && (expiresAt === null || now < expiresAt)

/**
 * The contract under which an account is taken over: one in force, of the person's unit first, and for an ERP one with
 * administrative responsibility first (R2); of several the one that lasts longest.
 */
export function adoptingContract(
  facts: RegisterFacts,
  target: TargetId,
  today: CivilDate,
): RegisteredContract | null {
  const weight = (entry: RegisteredContract) => {
    const responsible = target === 'erp' && hasAdministrativeResponsibility(entry.contract)
    return `${responsible ? 1 : 0}${entry.unit === facts.unit ? 1 : 0}${lastDayOf(entry) ?? '9999-12-31'}`
  }
  return (
    [...contractsOn(facts, today)].sort((one, other) => (weight(one) < weight(other) ? 1 : -1))[0] ?? null
  )
}

/** The accesses of box A that say what an account gives now. */
function accessesOf(target: TargetId, rights: readonly Right[]): { access: unknown; right: Right | null }[] {
  if (target === 'mail') return [{ access: { system: 'mail' }, right: null }]
  if (target === 'directory') {
    const ids = rights.map(({ id }) => id)
    const profile = [...InternetProfile.options].reverse().find(each => ids.includes(`internet:${each}`))
    const entitlements = ids
      .filter(id => id.startsWith('entitlement:'))
      .map(id => id.slice('entitlement:'.length))
    return [
      {
        access: {
          system: 'directory',
          internetProfile: profile ?? 'controlado',
          ...(ids.includes('removable-storage') && { removableStorage: true }),
          ...(entitlements.length > 0 && { entitlements }),
        },
        right: null,
      },
    ]
  }
  if (target === 'data-centre')
    return rights.map(right => ({
      access: { system: target, doors: [right.id.slice('door:'.length)] },
      right,
    }))
  return rights.map(right => ({
    access: {
      system: 'erp',
      module: right.id,
      type: right.operations.length === 0 ? 'consulta' : 'actualizacion',
      ...(right.operations.length > 0 && { operations: right.operations }),
      ...(right.specific.length > 0 && { specific: right.specific }),
    },
    right,
  }))
}

/** The last day of what is taken over: no later than the contract's end, than 31 December where the law says so (R3), and than now. */
function lastDay(
  { contract, ...entry }: RegisteredContract,
  ends: readonly (Instant | null)[],
  today: CivilDate,
  zone: string,
): CivilDate | null {
  const days = [
    lastDayOf({ contract, ...entry }),
    endsWithTheYear(contract) ? lastDayOfYear(today) : null,
    ...ends.map(end => (end === null ? null : dayOf(new Date(Date.parse(end) - 1).toISOString(), zone))),
  ].filter(day => day !== null)
  return days.length === 0 ? null : days.reduce(earlierOf)
}

/** What an open account gives, as lines that nobody has signed; a closed one gives nothing. */
export function baseline(
  target: TargetId,
  account: ReadAccount,
  facts: RegisterFacts,
  contract: RegisteredContract,
  moment: { readonly now: Instant; readonly today: CivilDate; readonly zone: string },
): { readonly lines: readonly Activation[]; readonly violations: readonly Violation[] } {
  if (!isOpen(account, moment.now) || facts.person === null) return { lines: [], violations: [] }
  const violations: Violation[] = []
  const lines: Activation[] = []
  if (target === 'erp' && account.rights.length > 0 && !hasAdministrativeResponsibility(contract.contract))
    violations.push({ rule: 'R2', code: 'erp.honorarios', right: null })
  for (const { access, right } of accessesOf(target, account.rights)) {
    const parsed = Access.safeParse(access)
    const id = right?.id ?? null
    if (!parsed.success) violations.push({ rule: 'R4', code: 'adoption.not-expressible', right: id })
    else
      lines.push({
        person: facts.person,
        contract: contract.contract,
        access: parsed.data,
        from: moment.today,
        until: lastDay(contract, [account.expiresAt, right?.until ?? null], moment.today, moment.zone),
      })
  }
  return { lines, violations }
}

/** The atom on which a right rests. */
const atomOf = (target: TargetId, right: string): Atom =>
  target === 'erp' ? `erp:${right}` : right.startsWith('internet:') ? 'internet' : right

/**
 * What a person would lose, were the account theirs: nobody loses anything by an adoption. `settled`: atoms about which a
 * form has spoken, whose word prevails; of two internet profiles only the higher ever counted.
 */
export function losses(
  target: TargetId,
  steps: readonly Step[],
  settled: ReadonlySet<Atom>,
  account: ReadAccount,
  now: Instant,
): Violation[] {
  if (!isOpen(account, now)) return []
  return steps.flatMap((step): Violation[] => {
    if (step.act === 'disable') return [{ rule: 'R9', code: 'adoption.would-close', right: null }]
    if (step.act !== 'revoke') return []
    const atom = atomOf(target, step.right)
    return atom === 'internet' || settled.has(atom)
      ? []
      : [{ rule: 'R4', code: 'adoption.would-lose', right: step.right }]
  })
}

/** The lines of an adoption as a request keeps them. */
export const keptLines = (
  lines: readonly Activation[],
  personId: string,
  today: CivilDate,
): (KeptLine & { kind: 'activation' })[] =>
  lines.map((filed, index) => ({
    kind: 'activation',
    line: `A${index + 1}`,
    personId,
    filed,
    from: today,
    decision: 'accepted',
    reasons: [],
  }))
