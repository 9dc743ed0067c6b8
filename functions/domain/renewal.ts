import type { CivilDate, Instant } from '../../schemas/calendar.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { Activation, Grant } from '../../schemas/request.ts'
import type { Settings } from '../../schemas/settings.ts'
import { dayOf, earlierOf, endOfAccess, lastDayOfYear } from './civil-time.ts'
import { contractKey } from './contract.ts'
import {
  aboutAccess,
  aboutErpAccess,
  aboutPerson,
  accessFaults,
  belongs,
  type Decided,
  decided,
  type Finding,
  type LineContext,
} from './eligibility.ts'
import { contractsOn, foldEvents, isLeft } from './register.ts'
import { spanAt } from './spans.ts'
import {
  type GrantTimes,
  grantTimes,
  justifiersOf,
  type PersonRecord,
  type RecordSettings,
} from './standing.ts'
import { sayDay } from './texts/index.ts'

/** The round of one year: who goes on after its 31 December. */
export interface Round {
  readonly year: number
  readonly opensOn: CivilDate
  readonly closesOn: CivilDate
  /** `late`: past its close and still possible; `over`: the year has ended. */
  readonly state: 'not-open' | 'open' | 'late' | 'over'
}

export const roundOf = ({ renewals }: Pick<Settings, 'renewals'>, year: number, today: CivilDate): Round => {
  const opensOn = `${year}-${renewals.opensOn}`
  const closesOn = `${year}-${renewals.closesOn}`
  const state =
    today < opensOn
      ? 'not-open'
      : today <= closesOn
        ? 'open'
        : today <= lastDayOfYear(opensOn)
          ? 'late'
          : 'over'
  return { year, opensOn, closesOn, state }
}

/** What would become of a renewal, by what the register knows now. */
export interface Prospect {
  /** Whether human resources has renewed the contract, in either way. */
  readonly contractRenewed: boolean
  /** First and last day that it would give; where the contract is not renewed, those of the whole year. */
  readonly from: CivilDate
  readonly until: CivilDate
}

/** A grant that ends with a year. */
export interface EndingGrant {
  readonly grant: Grant
  /** The contract that justifies it to the end, which is the one to be renewed. */
  readonly contract: Contract
  readonly prospect: Prospect
  /** By which the access goes on already; null: by none. */
  readonly renewedBy: Grant | null
}

/** The first day of the year for which it is renewed. */
export const firstDayAfter = (year: number): CivilDate => `${year + 1}-01-01`

const dayBefore = (end: Instant, zone: string): CivilDate =>
  dayOf(new Date(Date.parse(end) - 1).toISOString(), zone)

/** The rule itself is asked, with a renewal that nobody has filed. */
export function prospectOf(
  record: PersonRecord,
  renewed: Pick<Grant, 'personId' | 'unit'> & { readonly contract: Contract },
  from: CivilDate,
  settings: RecordSettings,
  now: Instant,
): Prospect {
  const zone = settings.timeZone
  const until = lastDayOfYear(from)
  const tried: Grant = {
    version: 1,
    id: '00000000-0000-8000-a000-000000000000',
    personId: renewed.personId,
    unit: renewed.unit,
    contract: contractKey(renewed.contract),
    declared: renewed.contract,
    atom: 'account',
    access: { system: 'directory' },
    from,
    until,
    request: '9999-999999',
    line: 'A1',
    recordedAt: now,
    origin: 'renewal',
    ended: null,
  }
  const { justified } = grantTimes({ ...record, grants: [tried] }, settings)[0] as GrantTimes
  const [first, last] = [justified[0], justified.at(-1)]
  if (first === undefined || last === undefined) return { contractRenewed: false, from, until }
  return {
    contractRenewed: true,
    from: dayOf(first.start, zone),
    until: earlierOf(until, dayBefore(last.end, zone)),
  }
}

/** Whether what somebody was given goes on in the year after by another grant of that unit. */
const goesOn = (times: GrantTimes, year: number, start: Instant): boolean =>
  times.grant.ended === null &&
  (spanAt(times.justified, start) !== null ||
    (times.grant.origin === 'renewal' &&
      times.grant.from.startsWith(`${year + 1}-`) &&
      (times.awaited !== null || times.justified.length > 0)))

/**
 * What a unit gave somebody and ends with 31 December of a year, by its effective end. Planta has no such end, and what
 * takes an exemption back (removable storage) gives nothing. Of several grants of one atom under one contract the last.
 */
export function endingWith(
  record: PersonRecord,
  unit: string,
  year: number,
  settings: RecordSettings,
  now: Instant,
): EndingGrant[] {
  const last = `${year}-12-31`
  const end = endOfAccess(last, settings.timeZone)
  const facts = foldEvents(record.events, last, settings.timeZone)
  const running = new Set(contractsOn(facts, last).map(({ key }) => key))
  const ofUnit = grantTimes(record, settings).filter(({ grant }) => grant.unit === unit)
  const found = new Map<string, EndingGrant>()
  for (const { grant, justified } of ofUnit) {
    const gives = grant.access.system !== 'directory' || grant.access.removableStorage !== false
    if (!gives || !justified.some(span => span.end === end)) continue
    const justifier = justifiersOf(grant, facts).find(({ key }) => running.has(key))
    const contract = justifier?.contract ?? grant.declared
    if (contract.type === 'planta') continue
    const going = ofUnit.find(
      other => other.grant.id !== grant.id && other.grant.atom === grant.atom && goesOn(other, year, end),
    )
    const key = `${contractKey(contract)} ${grant.atom}`
    const before = found.get(key)
    if (before !== undefined && before.grant.recordedAt > grant.recordedAt) continue
    found.set(key, {
      grant,
      contract,
      prospect: prospectOf(record, { ...grant, contract }, firstDayAfter(year), settings, now),
      renewedBy: going?.grant ?? null,
    })
  }
  return [...found.values()].sort((one, other) =>
    `${one.grant.contract} ${one.grant.atom}` < `${other.grant.contract} ${other.grant.atom}` ? -1 : 1,
  )
}

export interface RenewalContext extends LineContext {
  readonly prospect: Prospect
  /** The day on which the round has closed; null: it has not. */
  readonly lateSince: CivilDate | null
  readonly now: Instant
}

/**
 * One line of a renewal, by the rules of a form in the year in which it starts. That human resources has not renewed the
 * contract is no fault: the line is accepted, and holds once they have. Nor is it one to be late.
 *
 * @param approved what needs an approval has got it, and who signs was weighed when it was filed
 */
export function decideRenewal(line: Activation, context: RenewalContext, approved = false): Decided {
  const { facts, settings, unit, personId, prospect, lateSince, now } = context
  const from = line.from ?? context.today
  const findings: Finding[] = []
  const find = (decision: Finding['decision'], rule: string, code: Finding['code'], limit?: CivilDate) =>
    findings.push({
      decision,
      rule,
      code,
      ...(limit !== undefined && { parameters: { limit: sayDay(limit), from: sayDay(limit) } }),
    })
  const known = facts?.known === true && personId !== null
  const declared = settings.personnelRegister === 'declared'
  const contract = contractKey(line.contract)
  const left = known && isLeft(facts, { unit: unit.id, contract, recordedAt: now })
  if (left) find('rejected', 'R3', 'contract.over')
  for (const { code } of accessFaults(line.access, '', settings)) find('rejected', 'R4', code)
  const year = lastDayOfYear(from)
  if (line.until !== null && line.until > year) find('rejected', 'R3', 'renewal.past-year', year)
  else if (line.until !== null && prospect.contractRenewed && line.until > prospect.until)
    find('rejected', 'R3', 'until.past-contract', prospect.until)
  if (line.until !== null && line.until < from) find('rejected', 'R3', 'until.before-from', from)
  if (known ? !belongs(facts, unit.id, from) : !declared) find('observed', 'R1', 'person.not-in-unit')
  else if (!known) find('accepted', 'R8', 'contract.declared')
  else if (!left && !prospect.contractRenewed) find('accepted', 'R3', 'renewal.waits')
  if (lateSince !== null) find('accepted', 'R3', 'renewal.late', lateSince)
  return decided(
    [
      ...(approved ? [] : aboutPerson(context)),
      ...aboutErpAccess(line, { contract: line.contract }),
      ...findings,
      ...(approved ? [] : aboutAccess(line, context)),
    ],
    settings,
  )
}

/** A line of box A that renews grants, and which. */
export interface RenewalLine {
  readonly filed: Activation & { readonly from: CivilDate }
  readonly renews: { readonly grant: string; readonly atom: Grant['atom'] }[]
  readonly prospect: Prospect
}

/** What needs an approval stands on a line of its own, so that nothing else waits for it. */
const lineOf = ({ access, atom }: Grant): string => {
  switch (access.system) {
    case 'directory':
      return access.internetProfile === 'superusuario' ? '1 superusuario' : '0 directory'
    case 'mail':
      return access.copyToHead === true ? '3 copies' : '2 mail'
    case 'erp':
      return `4 ${atom}`
    case 'data-centre':
      return '5 doors'
  }
}

const accessOf = (grants: readonly Grant[]): Activation['access'] => {
  const accesses = grants.map(({ access }) => access)
  const [first] = accesses
  if (first === undefined || first.system === 'mail' || first.system === 'erp')
    return first ?? { system: 'mail' }
  if (first.system === 'data-centre')
    return {
      system: 'data-centre',
      doors: accesses.flatMap(access => (access.system === 'data-centre' ? access.doors : [])),
    }
  const parts = accesses.filter(access => access.system === 'directory')
  const profile = parts.find(({ internetProfile }) => internetProfile !== undefined)?.internetProfile
  const entitlements = parts.flatMap(part => part.entitlements ?? [])
  return {
    system: 'directory',
    ...(profile !== undefined && { internetProfile: profile }),
    ...(parts.some(({ removableStorage }) => removableStorage === true) && { removableStorage: true }),
    ...(entitlements.length > 0 && { entitlements }),
  }
}

/** What is the same for all lines of a renewal about one person. */
export interface Renewing {
  readonly person: Activation['person']
  readonly from: CivilDate
  /** As asked; null: as long as the year and the renewed contract allow. */
  readonly until: CivilDate | null
  /** The register is silent and the form's word is taken: the signer's word is that the contract goes on. */
  readonly declares: boolean
}

/** The lines by which somebody's grants are renewed: what one line of a form can say is one line. */
export function renewalLines(
  ending: readonly EndingGrant[],
  { person, from, until, declares }: Renewing,
): RenewalLine[] {
  const groups = new Map<string, EndingGrant[]>()
  for (const one of ending) {
    const key = `${contractKey(one.contract)} ${lineOf(one.grant)}`
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  const sorted = [...groups].sort(([one], [other]) => (one < other ? -1 : 1))
  return sorted.flatMap(([, group]) => {
    const [first] = group
    if (first === undefined) return []
    const last = until ?? first.prospect.until
    return {
      filed: {
        person,
        contract: declares ? { ...first.contract, endsOn: last } : first.contract,
        access: accessOf(group.map(({ grant }) => grant)),
        from,
        until: last,
      },
      renews: group.map(({ grant }) => ({ grant: grant.id, atom: grant.atom })),
      prospect: first.prospect,
    }
  })
}
