import canonicalize from 'canonicalize'
import type { CompletedActivation, CompletedDeactivation } from '../../schemas/api-lines.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { Activation, Deactivation, KeptLine } from '../../schemas/request.ts'
import type { Settings } from '../../schemas/settings.ts'
import { sameContract } from './contract.ts'
import { catalogueFaults, type Decided } from './eligibility.ts'
import { pointerSegment } from './faults.ts'
import { parseNationalId } from './national-id.ts'
import type { CodedFault } from './refusal.ts'
import type { Code } from './texts/index.ts'

type Member = 'person' | 'contract' | 'access' | 'from' | 'until'

/** What a finding lets the unit change (R13): what was missing or at fault, and nothing else. */
const opens: Partial<Record<Code, readonly Member[]>> = {
  'until.missing': ['until'],
  'until.past-year': ['until'],
  'until.past-contract': ['until'],
  'until.before-from': ['until', 'from'],
  'contract.differs': ['contract'],
  'person.not-in-unit': ['person', 'contract'],
  'decision.observed': ['until', 'from', 'contract', 'access'],
}

/** Whom and what the line is about stays, whatever was observed: another person or another system is another line. */
const fixed: readonly string[] = ['/person/nationalId', '/access/system', '/access/module', '/access/doors']

const membersOf = (codes: readonly string[]): Set<Member> =>
  new Set(codes.flatMap(code => opens[code as Code] ?? []))

/** One place where what was sent is not what was filed. */
interface Difference {
  readonly member: Member
  readonly pointer: string
}

/** The order of a list says nothing, and an empty one is none. */
const plain = (value: unknown): unknown =>
  Array.isArray(value) ? (value.length === 0 ? undefined : [...value].sort()) : value

/** Pointers to the members in which two objects differ. */
const differing = (one: object, other: object, at: string): string[] => {
  const [before, after] = [new Map(Object.entries(one)), new Map(Object.entries(other))]
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter(key => canonicalize(plain(before.get(key))) !== canonicalize(plain(after.get(key))))
    .map(key => at + pointerSegment(key))
}

type NationalIdScheme = Settings['nationalId']

const samePerson = (scheme: NationalIdScheme, one: string, other: string): boolean => {
  const [first, second] = [parseNationalId(scheme, one), parseNationalId(scheme, other)]
  return first.ok && second.ok ? first.value === second.value : one === other
}

const contractDifferences = (filed: Contract, sent: Contract): string[] =>
  sameContract(filed, sent) ? [] : differing(filed, sent, '/contract')

const accessDifferences = (
  filed: object & { system: string },
  sent: object & { system: string },
): string[] => (filed.system === sent.system ? differing(filed, sent, '/access') : ['/access/system'])

type ActivationLine = Pick<KeptLine & { kind: 'activation' }, 'filed' | 'from' | 'codes'>

const differencesOf = (
  { filed, from }: ActivationLine,
  sent: CompletedActivation,
  scheme: NationalIdScheme,
): Difference[] => {
  const person =
    sent.person === undefined
      ? []
      : differing(filed.person, sent.person, '/person').filter(
          pointer =>
            pointer !== '/person/nationalId' ||
            !samePerson(scheme, filed.person.nationalId, sent.person?.nationalId ?? ''),
        )
  const contract = sent.contract === undefined ? [] : contractDifferences(filed.contract, sent.contract)
  const access = sent.access === undefined ? [] : accessDifferences(filed.access, sent.access)
  const of = (member: Member, pointers: readonly string[]) => pointers.map(pointer => ({ member, pointer }))
  return [
    ...of('person', person),
    ...of('contract', contract),
    ...of('access', access),
    // A day that was left out was the day of filing.
    ...of('from', sent.from === undefined || sent.from === (filed.from ?? from) ? [] : ['/from']),
    ...of('until', sent.until === undefined || sent.until === filed.until ? [] : ['/until']),
  ]
}

/** The filed words with the named members as they were sent; the national id stays as it was written first. */
const merged = (filed: Activation, sent: CompletedActivation, members: ReadonlySet<Member>): Activation => {
  const { person, contract, access, from, until } = sent
  return {
    ...filed,
    ...(members.has('person') &&
      person !== undefined && { person: { ...person, nationalId: filed.person.nationalId } }),
    ...(members.has('contract') && contract !== undefined && { contract }),
    ...(members.has('access') && access !== undefined && { access }),
    ...(members.has('from') && from !== undefined && { from }),
    ...(members.has('until') && until !== undefined && { until }),
  }
}

export type Completed<Filed> =
  | { readonly filed: Filed; readonly changed: readonly string[] }
  | { readonly faults: readonly CodedFault[] }

const faultsAt = (pointers: readonly string[]): CodedFault[] =>
  pointers.map(pointer => ({ pointer, code: 'completion.fixed' }))

/**
 * An observed line of box A with what was sent for it. Only what was observed may change: when it was decided, by what is known
 * now, and once what may change is changed (an end that only the right contract makes too late).
 *
 * @param judge what would be decided of these words now
 */
export function completeActivation(
  line: ActivationLine,
  sent: CompletedActivation,
  settings: Settings,
  judge: (filed: Activation) => Decided,
): Completed<Activation> {
  const differences = differencesOf(line, sent, settings.nationalId)
  const differs = (members: ReadonlySet<Member>) =>
    new Set(differences.map(({ member }) => member).filter(member => members.has(member)))
  const first = membersOf([...(line.codes ?? []), ...judge(line.filed).codes])
  const halfway = merged(line.filed, sent, differs(first))
  const open = new Set([...first, ...membersOf(judge(halfway).codes)])
  const closed = differences.filter(({ member, pointer }) => !open.has(member) || fixed.includes(pointer))
  if (closed.length > 0) return { faults: faultsAt(closed.map(({ pointer }) => pointer)) }
  const filed = merged(line.filed, sent, differs(open))
  const faults = catalogueFaults(formOf(filed), settings).map(({ pointer, code }) => ({
    pointer: pointer.replace(/^\/activations\/0/, ''),
    code,
  }))
  return faults.length > 0 ? { faults } : { filed, changed: differences.map(({ pointer }) => pointer) }
}

const formOf = (filed: Activation) => ({
  unit: '',
  activations: [filed],
  deactivations: [],
  declaration: true as const,
})

/** An observed line of box C: nothing of it can be at fault but that the register did not know the person. */
export function completeDeactivation(
  filed: Deactivation,
  sent: CompletedDeactivation,
  scheme: NationalIdScheme,
): Completed<Deactivation> {
  const { nationalId, access } = sent
  const other = [
    ...(nationalId === undefined || samePerson(scheme, filed.nationalId, nationalId) ? [] : ['/nationalId']),
    ...(access === undefined ? [] : accessDifferences(filed.access, access)),
  ]
  return other.length > 0 ? { faults: faultsAt(other) } : { filed, changed: [] }
}
