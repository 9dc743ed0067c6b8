import { setTimeout as pause } from 'node:timers/promises'
import type { CredentialSet } from '../../schemas/api-operations.ts'
import type { CredentialsRow, OneTimeCode, SystemRow } from '../../schemas/rows.ts'
import type { TargetId } from '../../schemas/settings.ts'
import type { Observation, TargetRow } from '../../schemas/target.ts'
import type { AccountRef, Connector, ConnectorError, PasswordRefusal } from '../connectors/contract.ts'
import { targetOf } from '../domain/atoms.ts'
import { accountObstacle, callsPerHour, credentialObstacle } from '../domain/credential.ts'
import { desiredAccess } from '../domain/desired-access.ts'
import type { Caller } from '../domain/entitlement.ts'
import { checkCode, macOf } from '../domain/one-time-code.ts'
import { isRefusal, type Refusal, refuse, refuseWith } from '../domain/refusal.ts'
import { grantTimes, standingAt } from '../domain/standing.ts'
import type { Code } from '../domain/texts/index.ts'
import type { EntryDraft } from '../stores/ledger.ts'
import type { PersonAggregate } from '../stores/people.ts'
import { type Credentials, closeForgotten, forgottenAfter } from './close-forgotten.ts'
import { type Engine, instantOf, modeOf } from './engine.ts'
import { tries } from './registers.ts'

export interface CredentialTools
  extends Credentials,
    Pick<Engine, 'people' | 'systems' | 'settings' | 'clock' | 'log'> {
  readonly target: TargetId
  /** With another mark than last time, where and how to enter is read anew (R19). */
  readonly connector: (mark: string | null) => Promise<Connector>
  /** The key under which codes are kept. */
  readonly codesKey: () => Promise<string>
}

/** What the person sent. The password goes to the connector and nowhere else: no entry, no error and no answer has it. */
export interface SentCredential {
  readonly caller: Caller
  readonly password: string
  readonly code: string | null
}

const hour = 3_600_000
/** Seconds after which a target that did not answer may be asked again. */
const again = 30

/** What the target's policy says, in the person's words. */
const words: Record<PasswordRefusal, Code> = {
  'too-short': 'password.too-short',
  'too-long': 'password.too-long',
  'too-simple': 'password.too-simple',
  'contains-name': 'password.contains-name',
  'used-before': 'password.used-before',
  'changed-too-recently': 'password.changed-too-recently',
  policy: 'password.policy',
}

type Opened = CredentialsRow & { openIntent: NonNullable<CredentialsRow['openIntent']> }

/**
 * Sets the password of the caller's own account in one target, while they wait; nothing of it is kept or queued. Who it is
 * and whether the account is open come first, then the code, then intent · act · outcome. With the success goes, in the same
 * transaction, the acknowledgement of delivery (R11) and the end of the code; without it the code stays good.
 */
export async function setCredential(
  tools: CredentialTools,
  { caller, password, code }: SentCredential,
): Promise<CredentialSet | Refusal> {
  const now = tools.clock()
  const person = await tools.people.load(caller.personId)
  if (person === null) return refuse('forbidden')
  const system = await tools.systems.load(tools.target)
  const obstacle = obstacleFor(tools, person, system, instantOf(now))
  if (obstacle !== null) return refuseWith('conflict', obstacle)
  const row = person.targets.get(tools.target) as TargetRow
  const counted = await countCall(tools, caller.personId, now)
  if (counted !== null) return counted

  const proof = await prove(tools, caller.personId, code)
  if (proof !== null && isRefusal(proof)) return proof

  const connector = await tools.connector(system?.since ?? null)
  if (connector.setPassword === undefined) return refuseWith('conflict', 'credential.not-here')
  const account = accountRef(person, row)
  const [seen] = await connector.observe([account])
  if (seen === undefined) throw new Error('the connector left out a result')
  if (!seen.ok) return refusedAs(seen.error, 'credential.unreachable')
  const closed = accountObstacle(seen.value, instantOf(now))
  if (closed !== null) return refuseWith('conflict', closed)

  const opened = await openIntent(tools, seen.value, proof, row)
  if (isRefusal(opened)) return opened
  const outcome = await connector.setPassword(account, password)
  if (!outcome.ok) return conclude(tools, opened, outcome.error)
  if (!outcome.value.set) {
    await close(tools, opened, { phase: 'failed', evidence: { fault: 'policy' } })
    tools.log('credential-refused', { personId: opened.personId, target: tools.target })
    return refuseWith('password-refused', words[outcome.value.why])
  }
  return deliver(tools, opened, { seen: seen.value, name: row.name, proof })
}

function obstacleFor(
  { settings, target }: CredentialTools,
  person: PersonAggregate,
  system: SystemRow | null,
  now: string,
) {
  const { enabled } = desiredAccess(person, target, settings, now)
  const held = grantTimes(person, settings)
    .filter(({ grant }) => targetOf(grant.atom) === target)
    .some(times => standingAt(times, settings, now).status === 'held')
  return credentialObstacle({
    row: person.targets.get(target),
    mode: modeOf(settings, target, system),
    wanted: enabled,
    held: held && !enabled,
    now,
  })
}

/** Every call that goes to a target counts, whatever comes of it: nobody guesses codes or wears out a directory. */
async function countCall(tools: CredentialTools, personId: string, now: number): Promise<Refusal | null> {
  const hourAgo = instantOf(now - hour)
  if (await tools.credentials.countCall(personId, instantOf(now), hourAgo, callsPerHour)) return null
  const { callsSince } = await tools.credentials.load(personId)
  const left = Date.parse(callsSince ?? instantOf(now)) + hour - now
  return refuseWith('too-many', 'credential.too-many', Math.max(1, Math.ceil(left / 1000)))
}

/** The code that proves who it is; null: the identity alone does. A wrong one counts, whatever the settings ask for. */
async function prove(
  tools: CredentialTools,
  personId: string,
  code: string | null,
): Promise<OneTimeCode | Refusal | null> {
  if (code === null)
    return tools.settings.credentials.codeRequired ? refuseWith('code-refused', 'code.missing') : null
  const mac = macOf(await tools.codesKey(), personId, code)
  for (let attempt = 1; attempt <= tries; attempt++) {
    const row = await tools.credentials.load(personId)
    const at = instantOf(tools.clock())
    const checked = checkCode(row.code, mac, at)
    if (checked === 'right' && row.code !== null) return row.code
    if (checked === 'void' || row.code === null) return refuse('code-refused')
    const failures = row.code.failures + 1
    const failed = await tools.credentials.failCode(row, row.code, {
      ...saidBy(personId, tools.target, at),
      act: 'code-failed',
      phase: 'recorded',
      after: { failures },
    })
    if (failed !== null) return refuse('code-refused')
    await pause(Math.random() * 40 * attempt)
  }
  return refuse('busy')
}

/** One password at a time is set for a person. The code must still be the one that was right a moment ago. */
async function openIntent(
  tools: CredentialTools,
  seen: Observation,
  proof: OneTimeCode | null,
  { personId, credentialSetAt }: TargetRow,
): Promise<Opened | Refusal> {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const row = await closeForgotten(tools, personId)
    const at = instantOf(tools.clock())
    if (row?.openIntent === null) {
      if (proof !== null && checkCode(row.code, proof.mac, at) !== 'right') return refuse('code-refused')
      const entry: EntryDraft = {
        ...saidBy(personId, tools.target, at),
        act: 'credential-set',
        phase: 'intended',
        before: { accountId: opaque(seen), credentialSetAt },
      }
      const dueAt = instantOf(tools.clock() + forgottenAfter)
      const opened = await tools.credentials.open(row, { at, target: tools.target }, entry, dueAt)
      if (opened?.openIntent != null) return opened as Opened
    }
    await pause(Math.random() * 40 * attempt)
  }
  return refuseWith('busy', 'credential.at-work', 5)
}

/** The password is set. Its outcome waits for whoever writes to the row meanwhile (a new code); a lost one is unknown. */
async function deliver(
  tools: CredentialTools,
  opened: Opened,
  { seen, name, proof }: { seen: Observation; name: string; proof: OneTimeCode | null },
): Promise<CredentialSet | Refusal> {
  const { personId, openIntent: intent } = opened
  let row: CredentialsRow = opened
  for (let attempt = 1; attempt <= tries; attempt++) {
    const at = instantOf(tools.clock())
    const said = saidBy(personId, tools.target, at)
    // A code issued meanwhile has voided the one that was used: there is nothing left to consume.
    const consumesCode = proof !== null && row.code?.mac === proof.mac
    const by = proof === null ? 'identity' : 'code'
    const accountId = opaque(seen)
    const entries: EntryDraft[] = [
      {
        ...said,
        act: 'credential-set',
        phase: 'succeeded',
        after: { accountId, credentialSetAt: at },
        evidence: { intent: intent.entryId, confirmedBy: 'target' },
      },
      {
        ...said,
        act: 'credential-delivered',
        phase: 'recorded',
        after: { accountId, proof: by },
        evidence: { intent: intent.entryId },
      },
      ...(consumesCode ? [{ ...said, act: 'code-consumed' as const, phase: 'recorded' as const }] : []),
    ]
    const delivered = await tools.credentials.deliver(row, entries, {
      target: tools.target,
      at,
      consumesCode,
    })
    if (delivered !== null) {
      tools.log('credential-set', { personId, target: tools.target })
      return { system: tools.target, name: seen.name ?? name, credentialSetAt: at, proof: by }
    }
    await pause(Math.random() * 40 * attempt)
    row = await tools.credentials.load(personId)
    if (row.openIntent?.entryId !== intent.entryId) break
  }
  return refuseWith('busy', 'credential.unknown', again)
}

/** It was not done, or nobody knows. Only silence after the act leaves it open whether the password has changed. */
async function conclude(tools: CredentialTools, opened: Opened, error: ConnectorError): Promise<Refusal> {
  const unknown = error.kind === 'unreachable'
  await close(tools, opened, {
    phase: unknown ? 'unknown' : 'failed',
    evidence: { fault: error.kind },
  })
  tools.log('credential-failed', { personId: opened.personId, target: tools.target, fault: error.kind })
  return refusedAs(error, unknown ? 'credential.unknown' : 'credential.failed')
}

/** What is left open here is closed by the sweeper. */
async function close(
  tools: CredentialTools,
  opened: Opened,
  said: Pick<EntryDraft, 'phase'> & { evidence: Record<string, string> },
): Promise<void> {
  const { personId, openIntent: intent } = opened
  let row: CredentialsRow = opened
  for (let attempt = 1; attempt <= tries; attempt++) {
    const at = instantOf(tools.clock())
    const closed = await tools.credentials.close(row, {
      ...saidBy(personId, tools.target, at),
      act: 'credential-set',
      phase: said.phase,
      evidence: { intent: intent.entryId, ...said.evidence },
    })
    if (closed !== null) return
    row = await tools.credentials.load(personId)
    if (row.openIntent?.entryId !== intent.entryId) return
  }
}

/** A failure of the target in words the person understands; `kinds` that only people mend are the help desk's. */
function refusedAs(
  error: ConnectorError,
  detail: 'credential.unreachable' | 'credential.unknown' | 'credential.failed',
) {
  if (error.kind === 'missing') return refuseWith('conflict', 'credential.not-yet')
  if (error.kind === 'conflict') return refuseWith('conflict', 'credential.in-review')
  const passing = error.kind === 'unreachable' || error.kind === 'throttled'
  return refuseWith('busy', passing ? detail : 'credential.failed', passing ? again : 10 * again)
}

const accountRef = (person: PersonAggregate, row: TargetRow): AccountRef => ({
  personId: row.personId,
  nationalId: person.row.nationalId,
  accountId: row.accountId,
  name: row.name,
  adopted: row.origin === 'adopted',
})

/** A mailbox's id is its address: no ledger entry holds it. */
const opaque = ({ accountId, name }: Observation) => (accountId === name ? null : accountId)

const saidBy = (personId: string, target: TargetId, at: string) => ({
  at,
  asOf: at,
  subject: personId,
  actor: { personId, role: 'self', onBehalfOf: null },
  system: target,
  request: null,
  cause: { kind: 'credential', ref: target },
})
