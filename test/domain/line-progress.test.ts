import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  answerOf,
  type LineProgress,
  lineStatus,
  requestStatus,
} from '../../functions/domain/line-progress.ts'
import { LineStatus } from '../../schemas/request.ts'

const began = '2026-11-20T03:00:00.000Z'
const target = {
  neededVersion: 3,
  appliedVersion: 3,
  state: 'converged' as const,
  lastAsOf: '2026-11-20T12:00:00.000Z',
  dueAt: null,
}
const line = (more: Partial<LineProgress> = {}): LineProgress => ({
  kind: 'activation',
  decision: 'accepted',
  applied: true,
  grants: [{ status: 'live', startsAt: began }],
  targets: [target],
  ...more,
})

describe('where a line stands', () => {
  it.each(['rejected', 'observed', 'awaiting-approval'] as const)('as decided: %s', decision => {
    expect(lineStatus(line({ decision }))).toBe(decision)
  })

  it('accepted, until it is applied', () => {
    expect(lineStatus(line({ applied: false, grants: [], targets: [] }))).toBe('accepted')
  })

  it('accepted, until its first day has come', () => {
    const later = [{ status: 'scheduled' as const, startsAt: '2026-12-01T03:00:00.000Z' }]
    expect(lineStatus(line({ grants: later }))).toBe('accepted')
  })

  it('in progress, until every target has applied it', () => {
    expect(lineStatus(line({ targets: [target, { ...target, appliedVersion: 2, state: 'pending' }] }))).toBe(
      'in-progress',
    )
    expect(lineStatus(line({ targets: [{ ...target, appliedVersion: 2, state: 'waiting' }] }))).toBe(
      'in-progress',
    )
  })

  it('in progress, until a target whose account the beginning of the access changes has been looked at after it', () => {
    const before = { ...target, lastAsOf: '2026-11-19T12:00:00.000Z', dueAt: began }
    expect(lineStatus(line({ targets: [before] }))).toBe('in-progress')
    expect(lineStatus(line({ targets: [{ ...before, dueAt: '2026-11-19T18:00:00.000Z' }] }))).toBe(
      'in-progress',
    )
    expect(lineStatus(line({ targets: [{ ...before, lastAsOf: null, dueAt: null }] }))).toBe('in-progress')
  })

  it('done, where the access began and changed nothing, because another grant gives the same', () => {
    const before = { ...target, lastAsOf: '2026-11-19T12:00:00.000Z' }
    expect(lineStatus(line({ targets: [before] }))).toBe('done')
    expect(lineStatus(line({ targets: [{ ...before, dueAt: '2027-01-01T03:00:00.000Z' }] }))).toBe('done')
    const rung = { ...before, state: 'pending' as const, dueAt: '2026-11-20T11:00:00.000Z' }
    expect(lineStatus(line({ targets: [rung] }))).toBe('in-progress')
  })

  it('done, also while a later change is under way', () => {
    expect(lineStatus(line())).toBe('done')
    expect(lineStatus(line({ targets: [{ ...target, appliedVersion: 4, state: 'pending' }] }))).toBe('done')
  })

  it('failed, once a target is parked before having applied it', () => {
    expect(lineStatus(line({ targets: [{ ...target, appliedVersion: 2, state: 'parked' }, target] }))).toBe(
      'failed',
    )
    expect(lineStatus(line({ targets: [{ ...target, state: 'parked' }] }))).toBe('done')
  })

  it('ended, when all that it granted has ended', () => {
    expect(lineStatus(line({ grants: [{ status: 'ended', startsAt: began }] }))).toBe('ended')
    const one = [
      { status: 'ended' as const, startsAt: began },
      { status: 'held' as const, startsAt: began },
    ]
    expect(lineStatus(line({ grants: one }))).toBe('done')
  })

  it('R12: acknowledged or contested by the person, once done', () => {
    expect(lineStatus(line({ answer: 'acknowledged' }))).toBe('acknowledged')
    expect(lineStatus(line({ answer: 'contested' }))).toBe('contested')
    const again = { answer: 'contested' as const, targets: [{ ...target, appliedVersion: 1 }] }
    expect(lineStatus(line(again))).toBe('in-progress')
  })

  it('R12: in progress while an objection is looked into, then asked anew, or contested where nothing could be done', () => {
    const answer = { at: began, on: '', sent: '', task: '018f0000-0000-7000-8000-000000000001' }
    const [yes, no] = [
      { ...answer, correct: true, task: null },
      { ...answer, correct: false },
    ]
    const open = { closedAt: null, outcome: null }
    expect(answerOf(undefined, null)).toBeNull()
    expect(answerOf([no, yes], null)).toBe('acknowledged')
    expect(answerOf([no], open)).toBe('in-review')
    expect(answerOf([no], { closedAt: began, outcome: 'done' })).toBeNull()
    expect(answerOf([no], { closedAt: began, outcome: 'not-done' })).toBe('contested')
    expect(lineStatus(line({ answer: 'in-review' }))).toBe('in-progress')
    const over = [{ status: 'ended' as const, startsAt: began }]
    expect(lineStatus(line({ answer: 'in-review', grants: over }))).toBe('ended')
  })

  it('R9: a deactivation stops at done', () => {
    const out = { kind: 'deactivation' as const, grants: [], answer: 'acknowledged' as const }
    expect(lineStatus(line(out))).toBe('done')
    expect(lineStatus(line({ ...out, targets: [{ ...target, appliedVersion: 2 }] }))).toBe('in-progress')
    expect(lineStatus(line({ ...out, targets: [] }))).toBe('done')
  })
})

describe('where a request stands', () => {
  it.each<[string, LineStatus[]]>([
    ['rejected', ['rejected', 'rejected']],
    ['observed', ['observed', 'in-progress', 'awaiting-approval', 'rejected']],
    ['awaiting-approval', ['awaiting-approval', 'failed', 'done']],
    ['in-progress', ['in-progress', 'done']],
    ['in-progress', ['failed', 'rejected']],
    ['in-progress', ['contested', 'accepted']],
    ['done', ['done', 'acknowledged', 'ended']],
    ['done', ['done', 'rejected']],
    ['partly-accepted', ['accepted', 'rejected', 'done']],
    ['accepted', ['accepted', 'done']],
  ])('%s: %j', (status, lines) => {
    expect(requestStatus(lines)).toBe(status)
  })

  it('does not depend on the order of its lines', () => {
    const anyLines = fc.array(fc.constantFrom(...LineStatus.options), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(anyLines, lines => {
        expect(requestStatus([...lines].reverse())).toBe(requestStatus(lines))
      }),
      { numRuns: 1000 },
    )
  })
})
