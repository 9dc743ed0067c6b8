import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accountHistory, isOpenAt } from '../../functions/domain/account-history.ts'
import { LedgerEntry } from '../../schemas/ledger.ts'
import type { Right, Step } from '../../schemas/target.ts'
import { uuid } from '../personas/people.ts'

let sequence = 0
type Parts = Partial<LedgerEntry> & Pick<LedgerEntry, 'phase'>

/** The next entry of one account's chain, a minute after the one before. */
const entry = (parts: Parts): LedgerEntry => {
  sequence += 1
  const at = new Date(Date.parse('2026-11-20T15:00:00.000Z') + sequence * 60_000).toISOString()
  return LedgerEntry.parse({
    version: 1,
    id: uuid(sequence),
    at,
    asOf: at,
    act: 'account-converged',
    subject: null,
    actor: { personId: null, role: 'system', onBehalfOf: null },
    system: 'erp',
    request: '2026-000001',
    cause: { kind: 'form', ref: '2026-000001' },
    before: null,
    after: null,
    evidence: null,
    chain: 'target/x/erp',
    sequence,
    previousHash: '',
    ...parts,
  })
}

interface Shown {
  readonly state: 'absent' | 'disabled' | 'enabled'
  readonly expiresAt?: string | null
  readonly rights?: readonly string[]
}
const shown = ({ state, expiresAt = null, rights = [] }: Shown) => ({
  state,
  expiresAt,
  rights,
  retired: null,
})
const right = (id: string, more: Partial<Right> = {}): Right => ({
  id,
  operations: [],
  specific: [],
  until: null,
  ...more,
})
const grants = (...rights: Right[]): Step[] => rights.map(one => ({ act: 'grant', right: one }))

/** An intent and what was read after it. */
const act = (
  before: Shown,
  steps: readonly Step[],
  after: Shown,
  phase: 'succeeded' | 'failed' = 'succeeded',
) => {
  const intent = entry({ phase: 'intended', before: shown(before), after: { steps } })
  const evidence = { intent: intent.id, readBack: true }
  return [intent, entry({ phase, after: shown(after), evidence })]
}
const drift = (before: Shown, after: Shown, differences: readonly object[] = []) =>
  entry({
    act: 'drift-found',
    phase: 'recorded',
    request: null,
    cause: { kind: 'drift', ref: 'erp' },
    before: shown(before),
    after: shown(after),
    evidence: { differences },
  })
const told = (entries: readonly LedgerEntry[], adoptions: readonly LedgerEntry[] = []) =>
  accountHistory(entries, adoptions).changes.map(({ change, effect, right: id, cause }) =>
    [change, effect, id ?? '-', cause.kind].join(' '),
  )

const none: Shown = { state: 'absent' }
const open: Shown = { state: 'enabled', rights: ['tesoreria'] }

describe('the history of an account', () => {
  it('begins with nothing', () => {
    const { account, changes } = accountHistory([], [])
    expect(account).toMatchObject({ state: 'absent', readAt: null, pending: false })
    expect(changes).toEqual([])
  })

  it('believes what was read back, not what was intended', () => {
    const [intent] = act(none, [{ act: 'create' }, { act: 'enable' }], open)
    expect(accountHistory(intent === undefined ? [] : [intent], [])).toMatchObject({
      account: { state: 'absent', pending: true },
      changes: [],
    })
    expect(told(act(none, [{ act: 'create' }, ...grants(right('tesoreria'))], none, 'failed'))).toEqual([])
    expect(told(act(none, [], { state: 'disabled' }, 'failed'))).toEqual(['created none - form'])
  })

  it('tells when an act began, when it was read back, and that nobody could look', () => {
    const [intent, outcome] = act(none, [], open)
    const [opened] = accountHistory(
      [intent, outcome].filter(one => one !== undefined),
      [],
    ).changes
    expect(opened).toMatchObject({ begunAt: intent?.at, readBackAt: outcome?.at })
    const byHand = entry({ phase: 'intended', before: shown(open), after: { steps: [{ act: 'disable' }] } })
    const attested = entry({
      phase: 'succeeded',
      after: shown({ ...open, state: 'disabled' }),
      evidence: { intent: byHand.id, readBack: false, attested: true },
    })
    expect(accountHistory([byHand, attested], []).changes.at(-1)).toMatchObject({
      change: 'closed',
      readBackAt: null,
    })
  })

  it('takes less of a module for a loss and more for a gain, and both for a loss', () => {
    const history = (from: Partial<Right>, to: Partial<Right>) =>
      told([
        ...act(none, grants(right('tesoreria', from)), open),
        ...act(open, grants(right('tesoreria', to)), open),
      ]).slice(2)
    expect(history({ operations: ['ingreso'] }, {})).toEqual(['right-changed loss tesoreria form'])
    expect(history({}, { operations: ['ingreso'] })).toEqual(['right-changed gain tesoreria form'])
    expect(history({ operations: ['ingreso'] }, { operations: ['eliminacion'] })).toEqual([
      'right-changed loss tesoreria form',
    ])
    expect(history({}, { specific: ['cajas'] })).toEqual(['right-changed loss tesoreria form'])
    expect(history({ specific: ['cajas'] }, {})).toEqual(['right-changed gain tesoreria form'])
    expect(history({}, { until: '2027-01-01T03:00:00.000Z' })).toEqual(['end-earlier loss tesoreria form'])
    expect(history({ until: '2027-01-01T03:00:00.000Z' }, {})).toEqual(['end-later gain tesoreria form'])
    expect(history({}, {})).toEqual([])
  })

  it('takes an end moved earlier for a loss, and no end for the latest of all', () => {
    const ending = (expiresAt: string | null): Shown => ({ ...open, expiresAt })
    const [soon, late] = ['2026-12-01T03:00:00.000Z', '2027-01-01T03:00:00.000Z']
    const moved = (from: string | null, to: string | null) =>
      told([...act(none, [], ending(from)), ...act(ending(from), [], ending(to))]).slice(2)
    expect(moved(late, soon)).toEqual(['end-earlier loss - form'])
    expect(moved(null, soon)).toEqual(['end-earlier loss - form'])
    expect(moved(soon, null)).toEqual(['end-later gain - form'])
  })

  it('finds what nobody told: what somebody did in the target, and an act whose answer was lost', () => {
    const opened = act(none, [], open)
    const closed: Shown = { ...open, state: 'disabled' }
    expect(told([...opened, drift(open, closed)]).slice(2)).toEqual(['closed loss - outside'])
    const lost = entry({ phase: 'intended', before: shown(open), after: { steps: [{ act: 'disable' }] } })
    const unknown = entry({ phase: 'unknown', evidence: { intent: lost.id, readBack: false } })
    expect(accountHistory([...opened, lost, unknown], []).account).toMatchObject({
      state: 'enabled',
      pending: true,
    })
    const later = entry({
      phase: 'intended',
      before: shown(closed),
      after: { steps: [] },
      cause: { kind: 'calendar', ref: 'x' },
    })
    expect(told([...opened, lost, unknown, later]).slice(2)).toEqual(['closed loss - form'])
  })

  it('knows of a right that was changed by hand that it was, not what it allows', () => {
    const opened = act(none, grants(right('tesoreria', { operations: ['ingreso'] })), open)
    const changed = drift(open, open, [{ kind: 'right-changed', right: 'tesoreria' }])
    expect(told([...opened, changed]).slice(2)).toEqual(['right-changed none tesoreria outside'])
    expect(accountHistory([...opened, changed], []).account.rights.get('tesoreria')).toBeNull()
  })

  it('begins with an adoption where there was an account before', () => {
    const adopted = entry({
      act: 'account-adopted',
      phase: 'recorded',
      cause: { kind: 'adoption', ref: '2026-000001' },
      after: { account: shown(open) },
    })
    expect(accountHistory([], [adopted]).account).toMatchObject({ state: 'enabled', readAt: adopted.at })
    const closing = act(open, [{ act: 'disable' }], { ...open, state: 'disabled' })
    expect(told(closing, [adopted])).toEqual(['adopted none - adoption', 'closed loss - form'])
  })

  it('is open until its expiry and not at it', () => {
    const expiresAt = '2027-01-01T03:00:00.000Z'
    const { account } = accountHistory(act(none, [], { ...open, expiresAt }), [])
    expect(isOpenAt(account, '2027-01-01T02:59:59.999Z')).toBe(true)
    expect(isOpenAt(account, expiresAt)).toBe(false)
  })

  it('has for changes exactly what makes the account that stands at the end', () => {
    const sight = fc.record({
      state: fc.constantFrom('absent', 'disabled', 'enabled'),
      expiresAt: fc.constantFrom(null, '2026-12-01T03:00:00.000Z', '2027-01-01T03:00:00.000Z'),
      rights: fc.subarray(['tesoreria', 'bienes']),
    })
    const seen = sight.map(one => (one.state === 'absent' ? none : one))
    const step = fc.record({
      before: fc.option(seen),
      after: seen,
      kind: fc.constantFrom('succeeded', 'failed', 'drift'),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), steps => {
        let last: Shown = none
        const entries = steps.flatMap(({ before, after, kind }) => {
          const from = before ?? last
          last = after
          return kind === 'drift' ? [drift(from, after)] : act(from, [], after, kind)
        })
        const { account, changes } = accountHistory(entries, [])
        let [state, expiresAt, rights] = ['absent', null as string | null, new Set<string>()]
        for (const { change, right: id, until } of changes) {
          if (change === 'opened') [state, expiresAt] = ['enabled', until]
          if (change === 'created') [state, expiresAt] = ['disabled', until]
          if (change === 'closed') state = 'disabled'
          if (change === 'deleted') [state, expiresAt, rights] = ['absent', null, new Set()]
          if (id === null && (change === 'end-later' || change === 'end-earlier')) expiresAt = until
          if (change === 'right-granted') rights.add(id ?? '')
          if (change === 'right-revoked') rights.delete(id ?? '')
        }
        expect(state).toBe(account.state)
        expect([...rights].sort()).toEqual([...account.rights.keys()])
        if (state === 'enabled') expect(expiresAt).toBe(account.expiresAt)
      }),
      { numRuns: 1_000 },
    )
  })
})
