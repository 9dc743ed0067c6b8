import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Desired } from '../../functions/domain/desired-access.ts'
import { planSteps, reaches, sameRight } from '../../functions/domain/plan.ts'
import type { Observation, Right, Step } from '../../schemas/target.ts'

const HASH = 'profile-now'

const right = (id: string, more: Partial<Right> = {}): Right => ({
  id,
  operations: [],
  specific: [],
  until: null,
  ...more,
})
const wanted = (more: Partial<Desired> = {}): Desired => ({
  enabled: true,
  everWanted: true,
  expiresAt: null,
  rights: [right('internet:controlado')],
  changesAt: null,
  grants: [],
  ...more,
})
const unwanted = wanted({ enabled: false, rights: [] })
const absent: Observation = {
  state: 'absent',
  accountId: null,
  name: null,
  expiresAt: null,
  rights: [],
  retired: null,
  profileHash: null,
}
const account = (more: Partial<Observation> = {}): Observation => ({
  state: 'enabled',
  accountId: 'a',
  name: 'maria.munoz',
  expiresAt: null,
  rights: [right('internet:controlado')],
  retired: false,
  profileHash: HASH,
  ...more,
})
const acts = (desired: Desired, observed: Observation) =>
  planSteps(desired, observed, HASH).map(step => step.act)
const END = '2027-01-01T03:00:00.000Z'

/** What a target that does as told shows after a step. */
const after = (observed: Observation, step: Step): Observation => {
  const others = (id: string) => observed.rights.filter(other => other.id !== id)
  switch (step.act) {
    case 'create':
      return {
        ...absent,
        state: 'disabled',
        accountId: 'new',
        name: 'new',
        retired: false,
        profileHash: HASH,
      }
    case 'adopt': {
      const { unmarked: _, ...marked } = observed
      return marked
    }
    case 'end-sessions':
      return { ...observed, sessionsOpen: false }
    case 'disable':
      return { ...observed, state: 'disabled' }
    case 'enable':
      return { ...observed, state: 'enabled' }
    case 'restore':
      return { ...observed, retired: false }
    case 'retire':
      return { ...observed, retired: true }
    case 'set-profile':
      return { ...observed, profileHash: HASH }
    case 'set-expiry':
      return { ...observed, expiresAt: step.expiresAt }
    case 'revoke':
      return { ...observed, rights: others(step.right) }
    case 'grant':
      return { ...observed, rights: [...others(step.right.id), step.right] }
  }
}

describe('a plan', () => {
  it('makes an account whole before it opens it', () => {
    expect(acts(wanted({ expiresAt: END }), absent)).toEqual(['create', 'grant', 'set-expiry', 'enable'])
  })

  it('makes no account that nobody wants', () => {
    expect(acts(unwanted, absent)).toEqual([])
  })

  it('R8: reopens what the person once had, with what is granted now', () => {
    const old = account({
      state: 'disabled',
      retired: true,
      profileHash: 'older',
      expiresAt: END,
      rights: [right('entitlement:vpn')],
    })
    expect(acts(wanted(), old)).toEqual(['restore', 'set-profile', 'revoke', 'grant', 'set-expiry', 'enable'])
  })

  it('R9: closes first, then strips, then puts away', () => {
    const open = account({ rights: [right('internet:libre'), right('entitlement:vpn')], expiresAt: END })
    expect(planSteps(unwanted, open, HASH)).toEqual([
      { act: 'disable' },
      { act: 'revoke', right: 'entitlement:vpn' },
      { act: 'revoke', right: 'internet:libre' },
      { act: 'retire' },
    ])
  })

  it('does not mind when an account expires that is closed', () => {
    const closed = account({
      state: 'disabled',
      rights: [],
      retired: true,
      expiresAt: END,
      profileHash: 'older',
    })
    expect(acts(unwanted, closed)).toEqual([])
    expect(acts(unwanted, { ...closed, retired: null })).toEqual([])
  })

  it('closes an account that has expired but is still enabled', () => {
    expect(acts(unwanted, account({ rights: [], expiresAt: '2020-01-01T00:00:00.000Z' }))).toEqual([
      'disable',
      'retire',
    ])
  })

  it('does only what differs in an open account, taking before giving', () => {
    const desired = wanted({ expiresAt: END, rights: [right('internet:libre')] })
    expect(planSteps(desired, account(), HASH)).toEqual([
      { act: 'revoke', right: 'internet:controlado' },
      { act: 'grant', right: right('internet:libre') },
      { act: 'set-expiry', expiresAt: END },
    ])
  })

  it('gives anew a right of which anything differs but the order of its parts', () => {
    const one = right('tesoreria', {
      operations: ['ingreso', 'modificacion'],
      specific: ['a', 'b'],
      until: END,
    })
    const turned = { ...one, operations: [...one.operations].reverse(), specific: ['b', 'a'] }
    expect(sameRight(one, turned)).toBe(true)
    expect(acts(wanted({ rights: [one] }), account({ rights: [turned] }))).toEqual([])
    for (const change of [{ operations: [] }, { specific: [] }, { until: null }])
      expect(acts(wanted({ rights: [one] }), account({ rights: [{ ...one, ...change }] }))).toEqual(['grant'])
  })

  it('does not ask a target for a profile that it cannot show', () => {
    expect(acts(wanted(), account({ profileHash: null }))).toEqual([])
    expect(acts(wanted(), account({ profileHash: 'older' }))).toEqual(['set-profile'])
  })
})

const anyRight = fc.record({
  id: fc.constantFrom('internet:controlado', 'internet:libre', 'entitlement:vpn', 'tesoreria'),
  operations: fc.subarray(['ingreso', 'modificacion', 'eliminacion'] as const),
  specific: fc.subarray(['a', 'b']),
  until: fc.option(fc.constantFrom(END, '2026-12-01T03:00:00.000Z')),
})
const anyRights = fc.uniqueArray(anyRight, { maxLength: 4, selector: one => one.id })
const anyExpiry = fc.option(fc.constantFrom(END, '2026-12-01T03:00:00.000Z'))
const anyDesired = fc
  .record({ enabled: fc.boolean(), expiresAt: anyExpiry, rights: anyRights })
  .map(({ enabled, ...rest }) => (enabled ? wanted(rest) : unwanted))
const anyObservation: fc.Arbitrary<Observation> = fc.oneof(
  fc.constant(absent),
  fc.record(
    {
      state: fc.constantFrom('enabled', 'disabled'),
      accountId: fc.constant('a'),
      name: fc.constant('maria.munoz'),
      expiresAt: anyExpiry,
      rights: anyRights,
      retired: fc.option(fc.boolean()),
      profileHash: fc.option(fc.constantFrom(HASH, 'older')),
      unmarked: fc.constant(true as const),
    },
    {
      requiredKeys: ['state', 'accountId', 'name', 'expiresAt', 'rights', 'retired', 'profileHash'],
    },
  ),
)

describe('an account that was there before, or that somebody still uses', () => {
  it('is marked before anything else is done to it, and only if it is wanted', () => {
    expect(acts(wanted(), account({ unmarked: true, rights: [] }))).toEqual(['adopt', 'grant'])
    expect(acts(unwanted, account({ unmarked: true, rights: [] }))).toEqual(['disable', 'retire'])
  })

  it('has its open sessions ended as long as any is open, also when the account itself is closed', () => {
    const closed = account({ state: 'disabled', rights: [], retired: true, sessionsOpen: true })
    expect(acts(unwanted, closed)).toEqual(['end-sessions'])
    expect(acts(unwanted, { ...closed, sessionsOpen: false })).toEqual([])
    expect(reaches(closed, [{ act: 'disable' }, { act: 'end-sessions' }])).toBe('some')
  })
})

describe('planning', () => {
  it('from a state already reached yields nothing', () => {
    fc.assert(
      fc.property(anyDesired, anyObservation, (desired, observed) => {
        const reached = planSteps(desired, observed, HASH).reduce(after, observed)
        expect(planSteps(desired, reached, HASH)).toEqual([])
      }),
      { numRuns: 5000 },
    )
  })

  it('begun anew after any step ends in the same state', () => {
    fc.assert(
      fc.property(anyDesired, anyObservation, fc.nat({ max: 12 }), (desired, observed, done) => {
        const steps = planSteps(desired, observed, HASH)
        const whole = steps.reduce(after, observed)
        const stopped = steps.slice(0, done).reduce(after, observed)
        const resumed = planSteps(desired, stopped, HASH).reduce(after, stopped)
        const sorted = (shown: Observation) => ({
          ...shown,
          rights: [...shown.rights].sort((one, other) => (one.id < other.id ? -1 : 1)),
        })
        expect(sorted(resumed)).toEqual(sorted(whole))
      }),
      { numRuns: 5000 },
    )
  })

  it('never leaves an account open that is not wanted, nor opens one that is not whole', () => {
    fc.assert(
      fc.property(anyDesired, anyObservation, (desired, observed) => {
        let shown = observed
        for (const step of planSteps(desired, observed, HASH)) {
          if (step.act === 'enable') {
            expect(desired.enabled).toBe(true)
            expect(shown.expiresAt).toBe(desired.expiresAt)
            expect(shown.rights.map(one => one.id).sort()).toEqual(desired.rights.map(one => one.id).sort())
          }
          shown = after(shown, step)
          if (!desired.enabled) expect(shown.state).not.toBe('enabled')
        }
        expect(shown.state === 'enabled').toBe(desired.enabled)
      }),
      { numRuns: 5000 },
    )
  })
})

describe('what an observation proves of an intent', () => {
  it('is all when every step was done, none when no step was, some in between', () => {
    fc.assert(
      fc.property(anyDesired, anyObservation, fc.nat({ max: 12 }), (desired, observed, done) => {
        const steps = planSteps(desired, observed, HASH)
        expect(reaches(steps.reduce(after, observed), steps, HASH)).toBe('all')
        if (steps.length > 0) expect(reaches(observed, steps, HASH)).toBe('none')
        const part = steps.slice(0, Math.min(done, steps.length)).reduce(after, observed)
        if (done > 0 && done < steps.length) expect(reaches(part, steps, HASH)).toBe('some')
      }),
      { numRuns: 5000 },
    )
  })

  it('is nothing where a profile alone was set and cannot be compared', () => {
    expect(reaches(account(), [{ act: 'set-profile' }])).toBe('none')
    expect(reaches(account(), [{ act: 'set-profile' }], HASH)).toBe('all')
    expect(reaches(account(), [])).toBe('all')
  })
})
