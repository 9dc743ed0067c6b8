import { setTimeout as pause } from 'node:timers/promises'
import type { ListedAccountRow } from '../../schemas/reading.ts'
import type { AdoptionAnswer, AdoptionOrder } from '../../schemas/reconciliation.ts'
import type { Grant } from '../../schemas/request.ts'
import type { TargetId } from '../../schemas/settings.ts'
import {
  adoptingContract,
  asObserved,
  baseline,
  keptLines,
  losses,
  type Violation,
} from '../domain/adoption.ts'
import { targetOf } from '../domain/atoms.ts'
import { desiredAccess } from '../domain/desired-access.ts'
import type { Caller } from '../domain/entitlement.ts'
import { grantsOf, standingGrants } from '../domain/granting.ts'
import { holdsOn } from '../domain/holds.ts'
import { parseNationalId } from '../domain/national-id.ts'
import { planSteps } from '../domain/plan.ts'
import { type CodedFault, type Refusal, refuse } from '../domain/refusal.ts'
import { foldEvents, type RegisterFacts } from '../domain/register.ts'
import { fitted } from '../domain/target-traits.ts'
import { say } from '../domain/texts/index.ts'
import type { Adoption, AdoptionStore } from '../stores/adoptions.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { ReadingStore } from '../stores/readings.ts'
import { shown } from './convergence-run.ts'
import { type Engine, targetSettings } from './engine.ts'
import { inParallel } from './in-parallel.ts'
import { nowOf, tries } from './registers.ts'

type Needed = Pick<Engine, 'people' | 'requests' | 'settings' | 'clock' | 'bells' | 'log'> & {
  readonly adoptions: AdoptionStore
  readonly readings: ReadingStore
}

type Told = AdoptionAnswer['adoptions'][number]

/** One account and the person a human says it belongs to. */
interface Confirmed {
  readonly account: ListedAccountRow
  readonly personId: string
  readonly nationalId: string
}

/**
 * Takes over accounts that were there before (by `it`, see the contract's table). With any fault in the list nothing is
 * taken over; then person by person, each in one transaction. What cannot be taken over without somebody losing access is
 * left as it is, and the answer says so. Adopting the same account for the same person again changes nothing.
 */
export async function adoptAccounts(
  needed: Needed,
  caller: Caller,
  order: AdoptionOrder,
): Promise<AdoptionAnswer | Refusal> {
  const { target } = order
  const checked = await check(needed, caller, order)
  if ('refused' in checked) return checked
  const told = new Map<string, Told>()
  let busy = false
  await inParallel(
    checked.confirmed,
    async confirmed => {
      const one = await adoptOne(needed, caller, target, confirmed)
      if (one === null) busy = true
      else told.set(confirmed.account.accountId, one)
    },
    4,
  )
  // Whoever is done stays done: the same call again goes on with the rest.
  if (busy) return refuse('busy')
  return { target, adoptions: checked.confirmed.flatMap(({ account }) => told.get(account.accountId) ?? []) }
}

const conflicts: ReadonlySet<string> = new Set([
  'adoption.no-reading',
  'adoption.account-taken',
  'adoption.person-has-account',
])

async function check(
  needed: Needed,
  caller: Caller,
  { target, adoptions }: AdoptionOrder,
): Promise<{ confirmed: readonly Confirmed[] } | Refusal> {
  const { settings, people, readings } = needed
  if (targetSettings(settings, target) === undefined)
    return refuse('invalid', [{ pointer: '/target', code: 'target.unknown' }])
  // R15, R18: standing access needs the authority's word, and a place among the key-holders.
  if (target === 'data-centre') return refuse('conflict', [{ pointer: '/target', code: 'badge.not-adopted' }])
  const last = (await readings.load(target))?.last ?? null
  if (last === null) return refuse('conflict', [{ pointer: '/target', code: 'adoption.no-reading' }])
  const listed = await readings.accounts(target, last)
  if (listed === null) return refuse('busy')
  const accounts = new Map(listed.map(account => [account.accountId, account]))
  const ids = adoptions.map(({ nationalId }) => parseNationalId(settings.nationalId, nationalId))
  const known = await people.idsOf(ids.flatMap(id => (id.ok ? [id.value] : [])))
  const owners = await needed.adoptions.noted(
    target,
    adoptions.flatMap(({ accountId }) => accounts.get(accountId) ?? []),
  )
  const faults: CodedFault[] = []
  const confirmed: Confirmed[] = []
  const seen = new Set<string>()
  const once = (key: string) => !seen.has(key) && seen.add(key) !== undefined
  for (const [index, { accountId }] of adoptions.entries()) {
    const fault = (member: 'accountId' | 'nationalId', code: CodedFault['code']) =>
      faults.push({ pointer: `/adoptions/${index}/${member}`, code })
    const account = accounts.get(accountId)
    const id = ids[index]
    if (!once(`account ${accountId}`)) fault('accountId', 'adoption.repeated')
    else if (account === undefined) fault('accountId', 'adoption.unknown-account')
    else if (account.untouchable) fault('accountId', 'adoption.untouchable')
    if (id === undefined || !id.ok) {
      fault('nationalId', id?.code ?? 'national-id.shape')
      continue
    }
    if (!once(`person ${id.value}`)) {
      fault('nationalId', 'adoption.repeated')
      continue
    }
    const personId = known.get(id.value)
    const person = personId === undefined ? null : await people.load(personId)
    const facts = person === null ? null : factsOn(needed, person)
    if (person === null || facts?.known !== true) fault('nationalId', 'person.unknown')
    else if (personId === caller.personId) fault('nationalId', 'adoption.oneself')
    else if (adoptingContract(facts, target, nowOf(needed).today) === null || facts.unit === null)
      fault('nationalId', 'adoption.no-contract')
    else if (holdsOn(person, nowOf(needed).at, settings).length > 0) fault('nationalId', 'adoption.on-hold')
    else if (hasOther(person, target, accountId)) fault('nationalId', 'adoption.person-has-account')
    if (account === undefined || personId === undefined || account.untouchable) continue
    const one = { account, personId, nationalId: id.value }
    if (await isOthers(needed, target, one, owners.get(accountId)))
      fault('accountId', 'adoption.account-taken')
    else confirmed.push(one)
  }
  if (faults.length === 0) return { confirmed }
  return refuse(faults.every(({ code }) => conflicts.has(code)) ? 'conflict' : 'invalid', faults)
}

const factsOn = ({ settings, clock }: Needed, person: PersonAggregate): RegisterFacts =>
  foldEvents(person.events, nowOf({ settings, clock }).today, settings.timeZone)

/** Whether the person has another account there, made or adopted; a name that is only reserved is none. */
function hasOther(person: PersonAggregate, target: TargetId, accountId: string): boolean {
  const row = person.targets.get(target)
  if (row === undefined) return false
  return row.accountId === null ? row.origin !== null : row.accountId !== accountId
}

/** Somebody else's by a mark, by the key that was adopted, or by the account that their row knows. */
async function isOthers(
  { settings, people }: Needed,
  target: TargetId,
  { account, personId, nationalId }: Confirmed,
  noted: string | undefined,
): Promise<boolean> {
  if (account.personId !== null && account.personId !== personId) return true
  const mark = account.nationalId === null ? null : parseNationalId(settings.nationalId, account.nationalId)
  if (mark?.ok === true && mark.value !== nationalId) return true
  if (noted === undefined || noted === personId) return false
  const other = (await people.load(noted))?.targets.get(target)
  return other?.accountId === account.accountId
}

/** Null: others kept writing about this person. */
async function adoptOne(
  needed: Needed,
  caller: Caller,
  target: TargetId,
  { account, personId, nationalId }: Confirmed,
): Promise<Told | null> {
  const { settings } = needed
  const tell = (adopted: boolean, request: string | null, violations: readonly Violation[] = []): Told => ({
    accountId: account.accountId,
    nationalId,
    adopted,
    request,
    violations: violations.map(({ rule, code, right }) => ({
      rule,
      right,
      message: say(settings.locale, code),
    })),
  })
  for (let attempt = 1; attempt <= tries; attempt++) {
    const person = await needed.people.load(personId)
    if (person === null) return null
    const row = person.targets.get(target)
    if (row?.accountId === account.accountId) return tell(true, requestOf(person, target))
    const prepared = await prepare(needed, caller, target, account, person)
    if ('violations' in prepared) return tell(false, null, prepared.violations)
    const result = await needed.adoptions.adopt(prepared)
    if (result === 'adopted') {
      const missed = await needed.bells.ring([{ personId, target, urgent: false }])
      if (missed > 0) needed.log('doorbell-missed', { personId, missed })
      return tell(true, prepared.request?.row.number ?? null)
    }
    if (result === 'taken')
      return tell(false, null, [{ rule: 'R11', code: 'adoption.account-taken', right: null }])
    await pause(Math.random() * 40 * attempt)
  }
  return null
}

const requestOf = (person: PersonAggregate, target: TargetId): string | null =>
  person.grants.find(({ origin, atom }) => origin === 'adoption' && targetOf(atom) === target)?.request ??
  null

/** What would be written for one person, or why nothing is: nobody loses access by an adoption. */
async function prepare(
  needed: Needed,
  caller: Caller,
  target: TargetId,
  account: ListedAccountRow,
  person: PersonAggregate,
): Promise<Adoption | { violations: readonly Violation[] }> {
  const { settings } = needed
  const { at, today } = nowOf(needed)
  const facts = factsOn(needed, person)
  const contract = adoptingContract(facts, target, today)
  const unit = facts.unit
  if (contract === null || unit === null)
    return { violations: [{ rule: 'R1', code: 'adoption.no-contract', right: null }] }
  const { lines: found, violations } = baseline(target, account, facts, contract, {
    now: at,
    today,
    zone: settings.timeZone,
  })
  if (violations.length > 0) return { violations }
  const lines = keptLines(found, person.row.personId, today)
  // What a form has granted is certified already, and says more than what was found.
  const standing = standingGrants(person, settings, at)
  const isNew = (grant: Grant) =>
    !standing.some(
      other => other.unit === grant.unit && other.contract === grant.contract && other.atom === grant.atom,
    )
  const grantsUnder = (request: string) => {
    const granting = {
      personId: person.row.personId,
      unit,
      request,
      recordedAt: at,
      origin: 'adoption' as const,
    }
    return lines.flatMap(line => grantsOf(line, granting, []).filter(isNew))
  }
  const wanted = fitted(
    desiredAccess(
      {
        events: person.events,
        holds: person.holds,
        grants: [...person.grants, ...grantsUnder('9999-999999')],
      },
      target,
      settings,
      at,
    ),
    targetSettings(settings, target),
  )
  const settled = new Set(standing.map(({ atom }) => atom))
  const lost = losses(target, planSteps(wanted, asObserved(account), ''), settled, account, at)
  if (lost.length > 0) return { violations: lost }
  const kept = lines.filter(line => grantsUnder('9999-999999').some(grant => grant.line === line.line))
  const number = kept.length === 0 ? null : await needed.requests.nextNumber(today.slice(0, 4))
  const grants = number === null ? [] : grantsUnder(number)
  const signer = { personId: caller.personId, capacity: 'it' as const, onBehalfOf: null }
  const said = {
    at,
    asOf: at,
    phase: 'recorded' as const,
    actor: { personId: caller.personId, role: 'it', onBehalfOf: null },
    request: number,
    cause: { kind: 'adoption', ref: number ?? target },
  }
  return {
    person,
    target,
    account,
    observed: targetSettings(settings, target)?.kind === 'manual' ? asObserved(account) : null,
    grants,
    entry: {
      ...said,
      act: 'account-adopted',
      subject: person.row.personId,
      system: target,
      after: {
        // A mailbox's key is its address: left out, as everywhere in the ledger.
        accountId: account.accountId === account.name ? null : account.accountId,
        unit,
        account: shown(asObserved(account)),
        granted: grants.map(({ line, atom, from, until }) => ({ line, atom, from, until })),
      },
    },
    request:
      number === null
        ? null
        : {
            row: { number, kind: 'adoption', unit, signer, filedAt: at, applied: true },
            lines: kept,
            applied: {
              version: 1,
              request: number,
              personId: person.row.personId,
              at,
              lines: kept.map(({ line }) => ({
                line,
                targets: [target],
                desiredVersion: person.row.facts + 1,
                stillGranted: [],
              })),
            },
            entry: {
              ...said,
              act: 'request-filed',
              subject: null,
              system: 'llavero',
              after: {
                unit,
                lines: kept.map(({ line, personId, decision }) => ({ line, personId, decision, rules: [] })),
              },
            },
          },
  }
}
