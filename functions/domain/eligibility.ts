import type { CivilDate } from '../../schemas/calendar.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { PersonId } from '../../schemas/person.ts'
import type { Activation, Deactivation, Decision, Form, Reason, Signer } from '../../schemas/request.ts'
import type { Settings } from '../../schemas/settings.ts'
import { lastDayOfYear, laterOf } from './civil-time.ts'
import { contractKey, endsWithTheYear, hasAdministrativeResponsibility, sameContract } from './contract.ts'
import { parseNationalId } from './national-id.ts'
import type { UnitInOffice } from './office.ts'
import { contractsOn, lastDayOf, type RegisteredContract, type RegisterFacts } from './register.ts'
import { mayConcern } from './signing.ts'
import { traitsOf } from './target-traits.ts'
import { type Code, say, sayDay } from './texts/index.ts'

export interface LineContext {
  readonly settings: Settings
  readonly today: CivilDate
  readonly signer: Signer
  readonly unit: UnitInOffice
  /** The unit's parent, its parent's parent, … nearest first. */
  readonly ancestors: readonly UnitInOffice[]
  /** Null: nobody in the register has this national id. */
  readonly personId: PersonId | null
  /** The register folded on the day on which the access starts (`startDay`); null = nothing is known of the person. */
  readonly facts: RegisterFacts | null
  /** Whether the person holds anything that this unit granted. */
  readonly heldGrantsOfUnit: boolean
}

export interface Decided {
  readonly decision: Decision
  /** Every rule that speaks, each with its sentence; empty where nothing is to be said. */
  readonly reasons: Reason[]
  /** The closed code of each reason. */
  readonly codes: Code[]
}

/** What one rule says of a line. */
export interface Finding {
  readonly decision: Decision
  readonly rule: string
  readonly code: Code
  readonly parameters?: Record<string, string>
}

const SEVERITY: readonly Decision[] = ['accepted', 'awaiting-approval', 'observed', 'rejected']

/** Every finding counts, and the worst decides. */
export const decided = (findings: readonly Finding[], settings: Settings): Decided => ({
  decision: findings.reduce<Decision>(
    (worst, { decision }) => (SEVERITY.indexOf(decision) > SEVERITY.indexOf(worst) ? decision : worst),
    'accepted',
  ),
  reasons: findings.map(({ rule, code, parameters }) => ({
    rule,
    message: say(settings.locale, code, parameters),
  })),
  codes: findings.map(({ code }) => code),
})

/** The day on which a line's access starts: `from`, today if left out; a day gone by is today, for no access starts in the past. */
export const startDay = (line: Pick<Activation, 'from'>, today: CivilDate): CivilDate =>
  laterOf(line.from ?? today, today)

/** Whether the register has the person in this unit: by the post, or by a contract that is not over. */
export const belongs = (facts: RegisterFacts, unit: string, day: CivilDate): boolean =>
  facts.unit === unit ||
  facts.contracts.some(entry => entry.unit === unit && (lastDayOf(entry) ?? day) >= day)

export const aboutPerson = (context: LineContext): Finding[] => {
  const { signer, unit, ancestors, personId } = context
  if (mayConcern(signer, unit, ancestors, personId)) return []
  const code = personId === signer.personId ? 'signing.oneself' : 'signing.not-this-person'
  return [{ decision: 'rejected', rule: 'R1', code }]
}

/** The register's contract that the line is about: the one it names, else the one that is current when the access starts. */
const registeredFor = (contract: Contract, facts: RegisterFacts, unit: string, day: CivilDate) => {
  const over = (entry: RegisteredContract) => (lastDayOf(entry) ?? day) < day
  const named = facts.contracts.find(entry => entry.key === contractKey(contract))
  if (named !== undefined && !over(named)) return named
  const current = contractsOn(facts, day)
  return current.find(entry => entry.unit === unit) ?? current[0] ?? named ?? null
}

/** Whose word is taken: the register's contract where it rules and knows the person in this unit, else the form's. */
interface RulingContract {
  readonly contract: Contract
  /** The last day that the register allows; null = no end, or the register does not say. */
  readonly lastDay: CivilDate | null
  readonly findings: Finding[]
}

const rulingContract = (line: Activation, context: LineContext, day: CivilDate): RulingContract => {
  const { facts, unit, settings } = context
  const known = facts?.known === true && context.personId !== null
  const here = known && belongs(facts, unit.id, day)
  const registered = here ? registeredFor(line.contract, facts, unit.id, day) : null
  const confirmed =
    registered !== null &&
    sameContract(registered.contract, line.contract) &&
    (lastDayOf(registered) ?? day) >= day
  if (settings.personnelRegister === 'declared') {
    const lastDay = confirmed ? lastDayOf(registered) : line.contract.endsOn
    const elsewhere = known && !here
    const findings: Finding[] = elsewhere
      ? [{ decision: 'observed', rule: 'R1', code: 'person.not-in-unit' }]
      : confirmed
        ? []
        : [{ decision: 'accepted', rule: 'R8', code: 'contract.declared' }]
    return { contract: line.contract, lastDay, findings }
  }
  // Nothing of what the register knows of somebody else's people may show in an answer: they are as unknown (R21).
  if (!here)
    return {
      contract: line.contract,
      lastDay: null,
      findings: [{ decision: 'observed', rule: 'R1', code: 'person.not-in-unit' }],
    }
  return {
    contract: registered?.contract ?? line.contract,
    lastDay: registered === null ? null : lastDayOf(registered),
    findings: confirmed ? [] : [{ decision: 'observed', rule: 'R8', code: 'contract.differs' }],
  }
}

const aboutEnd = (line: Activation, ruling: RulingContract, from: CivilDate): Finding[] => {
  const { contract, lastDay } = ruling
  const { until } = line
  if (until === null)
    return endsWithTheYear(contract) ? [{ decision: 'observed', rule: 'R3', code: 'until.missing' }] : []
  const findings: Finding[] = []
  const refuse = (code: Code, parameters: Record<string, string>) =>
    findings.push({ decision: 'rejected', rule: 'R3', code, parameters })
  // Nothing starts before its contract does: a December form for next year's contract ends with next year.
  const lastOfYear = lastDayOfYear(laterOf(from, contract.startsOn))
  if (endsWithTheYear(contract) && until > lastOfYear)
    refuse('until.past-year', { limit: sayDay(lastOfYear) })
  if (lastDay !== null && until > lastDay) refuse('until.past-contract', { limit: sayDay(lastDay) })
  if (until < from) refuse('until.before-from', { from: sayDay(from) })
  return findings
}

export const aboutAccess = ({ access }: Activation, { settings }: LineContext): Finding[] => {
  if (access.system === 'data-centre')
    return [{ decision: 'awaiting-approval', rule: 'R15', code: 'approval.data-centre' }]
  if (
    access.system === 'erp' &&
    settings.erpModules.some(({ id, sensitive }) => id === access.module && sensitive)
  )
    return [{ decision: 'awaiting-approval', rule: 'R21', code: 'approval.sensitive-module' }]
  if (access.system === 'mail' && access.copyToHead === true)
    return [{ decision: 'awaiting-approval', rule: 'R5', code: 'approval.copy-to-head' }]
  if (access.system === 'directory' && access.internetProfile === 'superusuario')
    return [{ decision: 'awaiting-approval', rule: 'R6', code: 'approval.superusuario' }]
  return []
}

/** R2, by either contract. */
export const aboutErpAccess = (line: Activation, ruling: Pick<RulingContract, 'contract'>): Finding[] => {
  const honorarios = [line.contract, ruling.contract].some(
    contract => !hasAdministrativeResponsibility(contract),
  )
  return line.access.system === 'erp' && honorarios
    ? [{ decision: 'rejected', rule: 'R2', code: 'erp.honorarios' }]
    : []
}

/**
 * One line of box A. Every rule is evaluated and every reason listed; the worst decides: rejected, then observed, then
 * awaiting-approval.
 * Names and post that differ from the register's are no fault: the register's prevail. A `from` before the contract's
 * start is no fault either: the access starts with the contract.
 */
export const decideActivation = (line: Activation, context: LineContext): Decided => {
  const from = startDay(line, context.today)
  const ruling = rulingContract(line, context, from)
  return decided(
    [
      ...aboutPerson(context),
      ...aboutErpAccess(line, ruling),
      ...aboutEnd(line, ruling, from),
      ...ruling.findings,
      ...aboutAccess(line, context),
    ],
    context.settings,
  )
}

/** Whether the register's contract that the line names is over on a day, or the person has left. */
const isOver = (line: Activation, { settings, personId, facts }: LineContext, day: CivilDate): boolean => {
  if (settings.personnelRegister === 'declared' && facts?.known !== true) return false
  if (personId === null || facts?.known !== true) return false
  const named = facts.contracts.find(entry => entry.key === contractKey(line.contract))
  return named === undefined ? contractsOn(facts, day).length === 0 : (lastDayOf(named) ?? day) < day
}

/**
 * A line that an authority approves, by what is known on the day of the approval: who may sign was weighed when it was
 * filed, and whether it needs an approval is answered. A contract that ended meanwhile rejects it.
 */
export const reconsiderActivation = (line: Activation, context: LineContext): Decided => {
  const from = startDay(line, context.today)
  const ruling = rulingContract(line, context, from)
  const over: Finding[] = isOver(line, context, from)
    ? [{ decision: 'rejected', rule: 'R3', code: 'contract.over' }]
    : []
  return decided(
    [...over, ...aboutErpAccess(line, ruling), ...aboutEnd(line, ruling, from), ...ruling.findings],
    context.settings,
  )
}

/**
 * One line of box C (R9). A head ends what their own unit granted, to its people or to those who have left it; somebody
 * else's people and nobody at all get the same words. `hr` may end anybody's.
 */
export const decideDeactivation = (_line: Deactivation, context: LineContext): Decided => {
  const { facts, personId, signer, unit, today, settings } = context
  const findings = aboutPerson(context)
  const known = personId !== null && facts?.known === true
  if (signer.capacity === 'hr') {
    if (personId === null) findings.push({ decision: 'observed', rule: 'R9', code: 'person.unknown' })
  } else if (!((known && belongs(facts, unit.id, today)) || (personId !== null && context.heldGrantsOfUnit)))
    findings.push({ decision: 'observed', rule: 'R1', code: 'person.not-in-unit' })
  return decided(findings, settings)
}

export interface CatalogueFault {
  /** JSON pointer into the form. */
  readonly pointer: string
  readonly code: Code
}

export const accessFaults = (
  access: Activation['access'] | Deactivation['access'],
  pointer: string,
  settings: Settings,
): CatalogueFault[] => {
  const unknown = (code: Code, ids: readonly string[], catalogue: readonly string[], member: string) =>
    ids.flatMap((id, index) =>
      catalogue.includes(id) ? [] : [{ pointer: `${pointer}/${member}/${index}`, code }],
    )
  switch (access.system) {
    case 'erp':
      return access.module === undefined || settings.erpModules.some(({ id }) => id === access.module)
        ? []
        : [{ pointer: `${pointer}/module`, code: 'catalogue.unknown-module' }]
    case 'directory': {
      const catalogue = settings.entitlements.map(({ id }) => id)
      return unknown('catalogue.unknown-entitlement', access.entitlements ?? [], catalogue, 'entitlements')
    }
    case 'data-centre': {
      const catalogue = settings.doors.map(({ serial }) => serial)
      return unknown('catalogue.unknown-door', access.doors ?? [], catalogue, 'doors')
    }
    default:
      return []
  }
}

/** R5. They are asked for only where the mail system can make them; what is there can always be ended. */
const copyFaults = (
  access: Activation['access'],
  pointer: string,
  { targets }: Settings,
): CatalogueFault[] => {
  if (access.system !== 'mail' || access.copyToHead !== true) return []
  const copies = targets.some(target => target.id === 'mail' && traitsOf(target).copiesToHead)
  return copies ? [] : [{ pointer: `${pointer}/copyToHead`, code: 'catalogue.no-copies' }]
}

/** Every id of the form that is in no catalogue and every national id that is none, all at once (400, whole form). */
export const catalogueFaults = (form: Form, settings: Settings): CatalogueFault[] => {
  const idFaults = (written: string, pointer: string): CatalogueFault[] => {
    const parsed = parseNationalId(settings.nationalId, written)
    return parsed.ok ? [] : [{ pointer, code: parsed.code }]
  }
  const lines = form.activations.length + form.deactivations.length
  return [
    ...(lines > settings.limits.linesPerRequest
      ? [{ pointer: '', code: 'form.too-many-lines' } satisfies CatalogueFault]
      : []),
    ...form.activations.flatMap(({ person, access }, index) => [
      ...idFaults(person.nationalId, `/activations/${index}/person/nationalId`),
      ...accessFaults(access, `/activations/${index}/access`, settings),
      ...copyFaults(access, `/activations/${index}/access`, settings),
    ]),
    ...form.deactivations.flatMap(({ nationalId, access }, index) => [
      ...idFaults(nationalId, `/deactivations/${index}/nationalId`),
      ...accessFaults(access, `/deactivations/${index}/access`, settings),
    ]),
  ]
}
