import type { ListedAccountRow } from '../../schemas/reading.ts'
import type { Reconciliation } from '../../schemas/reconciliation.ts'
import type { TargetId } from '../../schemas/settings.ts'
import { isOpen } from '../domain/adoption.ts'
import type { Candidate, correlator } from '../domain/correlation.ts'
import { desiredAccess } from '../domain/desired-access.ts'
import { parseNationalId } from '../domain/national-id.ts'
import { contractsOn } from '../domain/register.ts'
import type { AdoptionStore } from '../stores/adoptions.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { Engine } from './engine.ts'
import { inParallel } from './in-parallel.ts'
import { factsOf, type KnownPeople } from './known-people.ts'
import { nowOf } from './registers.ts'

export interface Judging {
  readonly target: TargetId
  readonly engine: Pick<Engine, 'people' | 'settings' | 'clock'>
  readonly adoptions: Pick<AdoptionStore, 'noted'>
  readonly people: KnownPeople
  /** Made at the first account that only names can tell: it reads everybody's. */
  readonly correlate: () => Promise<ReturnType<typeof correlator>>
}

type Orphan = Reconciliation['orphans'][number]
type Unmanaged = Reconciliation['unmanaged'][number]

/** What is to be said of an account; null: it is as it should be. */
export type Judgement = { readonly orphan: Orphan } | { readonly unmanaged: Unmanaged } | null

export const accountView = (account: ListedAccountRow): Orphan['account'] => {
  const { accountId, name, state, expiresAt, rights, shownName, mail } = account
  return { accountId, name, state, expiresAt, rights, shownName, mail }
}

/** Whose an account is: by our mark or what we noted of it (`ours`), or by a national id that somebody else wrote there. */
interface Owner {
  readonly person: PersonAggregate
  readonly ours: boolean
}

/** Judges accounts of a reading, in their order. */
export async function judgeAccounts(
  judging: Judging,
  accounts: readonly ListedAccountRow[],
): Promise<Judgement[]> {
  const { engine, target } = judging
  const ids = accounts.map(({ nationalId }) => {
    const parsed = nationalId === null ? null : parseNationalId(engine.settings.nationalId, nationalId)
    return parsed?.ok === true ? parsed.value : null
  })
  const [noted, known] = await Promise.all([
    judging.adoptions.noted(target, accounts),
    engine.people.idsOf(ids.filter(id => id !== null)),
  ])
  const judged: Judgement[] = accounts.map(() => null)
  await inParallel([...accounts.entries()], async ([index, account]) => {
    const marked = known.get(ids[index] ?? '')
    const owner = await ownerOf(judging, account, marked, noted.get(account.accountId))
    judged[index] = await judge(judging, account, owner)
  })
  return judged
}

async function ownerOf(
  { people, target }: Judging,
  account: ListedAccountRow,
  marked: string | undefined,
  noted: string | undefined,
): Promise<Owner | null> {
  for (const personId of [account.personId, noted, marked]) {
    const person = personId == null ? null : await people.person(personId)
    if (person?.targets.get(target)?.accountId === account.accountId) return { person, ours: true }
  }
  const person = marked === undefined ? null : await people.person(marked)
  return person === null ? null : { person, ours: false }
}

async function judge(judging: Judging, account: ListedAccountRow, owner: Owner | null): Promise<Judgement> {
  if (account.untouchable)
    return { unmanaged: { account: accountView(account), untouchable: true, candidates: [] } }
  const open = isOpen(account, nowOf(judging.engine).at)
  if (owner === null) {
    const found = (await judging.correlate())(account)
    return unmanaged(judging, account, found)
  }
  const reason = standing(judging, owner.person)
  if (owner.ours && reason === null) return null
  // Somebody of whom nothing is known but that they may have an account there: a human has to say so first.
  if (!owner.ours && (reason === null || reason === 'nothing-granted')) {
    const { personId } = owner.person.row
    return unmanaged(judging, account, [{ personId, score: 1, because: ['national-id'] }])
  }
  if (!open || reason === null) return null
  const person = await judging.people.ref(owner.person.row.personId)
  return { orphan: { account: accountView(account), person, reason } }
}

/** Why a person should not have an open account there; null: they should. */
function standing({ engine, target }: Judging, person: PersonAggregate): Orphan['reason'] | null {
  const { at, today } = nowOf(engine)
  const facts = factsOf(engine, person)
  if (contractsOn(facts, today).length === 0) return 'contract-over'
  const held = person.holds.some(
    ({ since, until, ended }) => since <= at && (until === null || at < until) && ended === null,
  )
  if (held || facts.holds.length > 0) return 'on-hold'
  return desiredAccess(person, target, engine.settings, at).enabled ? null : 'nothing-granted'
}

async function unmanaged(
  judging: Judging,
  account: ListedAccountRow,
  found: readonly Candidate[],
): Promise<Judgement> {
  const candidates = await Promise.all(
    found.map(async ({ personId, score, because }) => {
      const person = await judging.people.person(personId)
      const row = person?.targets.get(judging.target)
      return {
        person: await judging.people.ref(personId),
        unit: person === null ? null : factsOf(judging.engine, person).unit,
        score,
        because: [...because],
        hasAccount: row !== undefined && (row.accountId !== null || row.origin !== null),
      }
    }),
  )
  return { unmanaged: { account: accountView(account), untouchable: false, candidates } }
}
