import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contractKey } from '../../functions/domain/contract.ts'
import { contractsOn, foldEvents, isCut, isLeft, registerPeriods } from '../../functions/domain/register.ts'
import { HrEvent } from '../../schemas/hr-event.ts'
import { contrata, contrataOf, honorarios, maria, pedro, planta, withContract } from '../personas/people.ts'
import { at, event, hired, zone } from '../personas/record.ts'
import { anyEvents } from './facts.ts'

const on = (day: string, ...events: HrEvent[]) => foldEvents(events, day, zone)
const granted = (unit: string, contract: typeof planta, day: string) => ({
  unit,
  contract: contractKey(contract),
  recordedAt: at(day),
})

describe('the personnel register', () => {
  it('knows nobody before the first event takes effect', () => {
    const facts = on('2025-12-31', hired(maria, 'dideco'))
    expect(facts).toMatchObject({ known: false, unit: null, contracts: [], nextChangeOn: '2026-01-01' })
  })

  it('knows a person, unit and contract from the day of hiring', () => {
    const facts = on('2026-01-01', hired(maria, 'dideco'))
    expect(facts).toMatchObject({ known: true, unit: 'dideco', person: maria.person, nextChangeOn: null })
    expect(contractsOn(facts, '2026-01-01')).toHaveLength(1)
  })

  it('counts a contract through its last day', () => {
    const facts = on('2026-11-20', hired(maria, 'dideco'))
    expect(contractsOn(facts, '2025-12-31')).toHaveLength(0)
    expect(contractsOn(facts, '2026-12-31')).toHaveLength(1)
    expect(contractsOn(facts, '2027-01-01')).toHaveLength(0)
  })

  it('moves the end of a contract that is renewed under the same start', () => {
    const longer = { ...contrata, endsOn: '2027-06-30' }
    const facts = on(
      '2026-12-01',
      hired(maria, 'dideco'),
      event({ type: 'contract-renewed', effectiveOn: '2026-12-01', contract: longer }),
    )
    expect(facts.contracts).toMatchObject([{ contract: { endsOn: '2027-06-30' }, unit: 'dideco' }])
  })

  it('adds a contract whose start is another', () => {
    const facts = on(
      '2027-01-01',
      hired(maria, 'dideco'),
      event({ type: 'contract-renewed', effectiveOn: '2026-12-01', contract: contrataOf(2027) }),
    )
    expect(facts.contracts).toHaveLength(2)
    expect(contractsOn(facts, '2027-01-01')).toMatchObject([{ key: 'contrata:2027-01-01', unit: 'dideco' }])
  })

  it('lets a correction remove the event it names, before it takes effect itself', () => {
    const ended = event({ type: 'terminated', effectiveOn: '2026-11-01' })
    const later = event({ type: 'terminated', effectiveOn: '2026-12-01', supersedes: ended.id })
    expect(on('2026-11-20', hired(maria, 'dideco'), ended).holds).toHaveLength(1)
    const corrected = on('2026-11-20', hired(maria, 'dideco'), ended, later)
    expect(corrected).toMatchObject({ holds: [], cuts: [], nextChangeOn: '2026-12-01' })
  })

  it('does not bring an event back when its correction is corrected', () => {
    const first = event({ type: 'terminated', effectiveOn: '2026-11-01' })
    const second = event({ type: 'terminated', effectiveOn: '2026-11-05', supersedes: first.id })
    const third = event({ type: 'leave-started', effectiveOn: '2026-11-05', supersedes: second.id })
    expect(on('2026-11-20', hired(maria, 'dideco'), first, second, third).holds).toEqual([
      { kind: 'leave', since: '2026-11-05' },
    ])
  })

  it('leaves the unit alone when a contract in another one is renewed', () => {
    const second = hired(withContract(maria, honorarios), 'finanzas')
    const renewed = event({ type: 'contract-renewed', effectiveOn: '2026-11-01', contract: contrata })
    const facts = on('2026-11-20', hired(maria, 'dideco'), second, renewed)
    expect(facts.unit).toBe('finanzas')
    expect(facts.contracts).toMatchObject([{ unit: 'dideco' }, { unit: 'finanzas' }])
  })

  it('keeps an event that names itself', () => {
    const joined = hired(maria, 'dideco')
    expect(on('2026-11-20', { ...joined, supersedes: joined.id }).known).toBe(true)
  })

  it('holds somebody on leave and ends nothing', () => {
    const leave = event({ type: 'leave-started', effectiveOn: '2026-11-01' })
    const back = event({ type: 'leave-ended', effectiveOn: '2026-11-15' })
    expect(on('2026-11-10', hired(maria, 'dideco'), leave, back)).toMatchObject({
      holds: [{ kind: 'leave', since: '2026-11-01' }],
      cuts: [],
      nextChangeOn: '2026-11-15',
    })
    expect(on('2026-11-15', hired(maria, 'dideco'), leave, back).holds).toEqual([])
  })
})

describe('a termination', () => {
  const terminated = event({ type: 'terminated', effectiveOn: '2026-11-10' })

  it('holds the person and ends what was granted under every contract, where it names none', () => {
    const second = event({ type: 'contract-renewed', effectiveOn: '2026-02-01', contract: honorarios })
    const facts = on('2026-11-10', hired(maria, 'dideco'), second, terminated)
    expect(facts.holds).toEqual([{ kind: 'termination', since: '2026-11-10' }])
    expect(contractsOn(facts, '2026-11-10')).toEqual([])
    for (const contract of [contrata, honorarios, planta])
      expect(isCut(facts, granted('dideco', contract, '2026-11-09'))).toBe(true)
  })

  it('ends only what was granted under the contract it names', () => {
    const second = event({ type: 'contract-renewed', effectiveOn: '2026-02-01', contract: honorarios })
    const named = event({ type: 'terminated', effectiveOn: '2026-11-10', contract: honorarios })
    const facts = on('2026-11-10', hired(maria, 'dideco'), second, named)
    expect(isCut(facts, granted('dideco', honorarios, '2026-11-09'))).toBe(true)
    expect(isCut(facts, granted('dideco', contrata, '2026-11-09'))).toBe(false)
    expect(contractsOn(facts, '2026-11-10')).toMatchObject([{ key: contractKey(contrata) }])
    expect(facts.holds).toHaveLength(1)
  })

  it('comes out the same when it arrives before the hiring', () => {
    const joined = hired(maria, 'dideco', { recordedAt: at('2026-11-15') })
    expect(on('2026-11-20', terminated, joined)).toEqual(on('2026-11-20', joined, terminated))
    expect(on('2026-11-20', terminated, joined).holds).toHaveLength(1)
  })

  it('is lifted by hiring anew, which grants nothing', () => {
    const again = hired(withContract(maria, planta), 'dideco', { effectiveOn: '2026-11-18' })
    const facts = on('2026-11-18', hired(maria, 'dideco'), terminated, again)
    expect(facts.holds).toEqual([])
    expect(isCut(facts, granted('dideco', contrata, '2026-11-09'))).toBe(true)
  })

  it('ends a leave too: who is hired anew is not on leave', () => {
    const leave = event({ type: 'leave-started', effectiveOn: '2026-11-01' })
    const again = hired(withContract(maria, planta), 'dideco', { effectiveOn: '2026-11-18' })
    expect(on('2026-11-20', hired(maria, 'dideco'), leave, terminated, again).holds).toEqual([])
  })

  it('ends what was granted ahead under a contract that it could not know of, also when that one is made later', () => {
    const again = hired(withContract(maria, contrataOf(2027)), 'dideco', { recordedAt: at('2026-12-01') })
    const before = on('2026-12-15', hired(maria, 'dideco'), terminated)
    const after = on('2027-01-01', hired(maria, 'dideco'), terminated, again)
    for (const facts of [before, after]) {
      expect(isLeft(facts, granted('dideco', contrataOf(2027), '2026-11-05'))).toBe(true)
      expect(isCut(facts, granted('dideco', contrataOf(2027), '2026-12-02'))).toBe(false)
    }
  })

  it('ends, when recorded late, what was granted until then', () => {
    const late = { ...terminated, recordedAt: at('2026-11-15') }
    const facts = on('2026-11-20', hired(maria, 'dideco'), late)
    expect(isCut(facts, granted('dideco', contrata, '2026-11-14'))).toBe(true)
    expect(isCut(facts, granted('dideco', contrata, '2026-11-16'))).toBe(true)
  })

  it('gives nothing back when the same contract is taken up again on the same day', () => {
    const day = '2026-11-20'
    const grantedAt = { ...granted('dideco', contrata, day), recordedAt: at('2026-11-20T12:00:00Z') }
    const fired = event({ type: 'terminated', effectiveOn: day, recordedAt: at('2026-11-20T13:00:00Z') })
    const again = hired(maria, 'dideco', { effectiveOn: day, recordedAt: at('2026-11-20T14:00:00Z') })
    const facts = on(day, hired(maria, 'dideco'), fired, again)
    expect(facts.holds).toEqual([])
    expect(isCut(facts, grantedAt)).toBe(true)
    expect(isCut(facts, { ...grantedAt, recordedAt: at('2026-11-20T15:00:00Z') })).toBe(false)
  })

  it('reaches, when recorded late, no further than the day the same contract was taken up again', () => {
    const late = { ...terminated, recordedAt: at('2026-11-18') }
    const again = hired(maria, 'dideco', { effectiveOn: '2026-11-12' })
    const facts = on('2026-11-20', hired(maria, 'dideco'), late, again)
    expect(isCut(facts, granted('dideco', contrata, '2026-11-11'))).toBe(true)
    expect(isCut(facts, granted('dideco', contrata, '2026-11-13'))).toBe(false)
  })
})

describe("a contract's end by event", () => {
  const ended = event({ type: 'contract-ended', effectiveOn: '2026-11-10' })

  it('spares what was granted ahead under the contract of a hiring that follows it', () => {
    const again = hired(withContract(maria, contrataOf(2027)), 'dideco', { recordedAt: at('2026-12-01') })
    const facts = on('2027-01-01', hired(maria, 'dideco'), ended, again)
    expect(isCut(facts, granted('dideco', contrataOf(2027), '2026-11-05'))).toBe(false)
  })

  it('holds the person while no other contract runs', () => {
    const facts = on('2026-11-10', hired(maria, 'dideco'), ended)
    expect(facts.holds).toEqual([{ kind: 'termination', since: '2026-11-10' }])
    expect(isCut(facts, granted('dideco', contrata, '2026-11-09'))).toBe(true)
  })

  it('does not hold through the last day of another contract, nor for it', () => {
    const last = { ...honorarios, endsOn: '2026-11-10' }
    const second = event({ type: 'contract-renewed', effectiveOn: '2026-02-01', contract: last })
    const named = event({ type: 'contract-ended', effectiveOn: '2026-11-10', contract: contrata })
    expect(on('2026-11-10', hired(maria, 'dideco'), second, named).holds).toEqual([])
  })

  it('does not hold somebody who has another contract', () => {
    const second = event({ type: 'contract-renewed', effectiveOn: '2026-02-01', contract: honorarios })
    const named = event({ type: 'contract-ended', effectiveOn: '2026-11-10', contract: honorarios })
    expect(on('2026-11-10', hired(maria, 'dideco'), second, named).holds).toEqual([])
  })

  it('and a renewal of the same day come out the same, whichever was recorded first', () => {
    const renewal = {
      type: 'contract-renewed',
      effectiveOn: '2027-01-01',
      contract: contrataOf(2027),
    } as const
    const end = { type: 'contract-ended', effectiveOn: '2027-01-01', contract: contrata } as const
    const one = on(
      '2027-01-01',
      hired(maria, 'dideco'),
      event({ ...end, recordedAt: at('2026-12-01') }),
      event({ ...renewal, recordedAt: at('2026-12-02') }),
    )
    const other = on(
      '2027-01-01',
      hired(maria, 'dideco'),
      event({ ...renewal, recordedAt: at('2026-12-01') }),
      event({ ...end, recordedAt: at('2026-12-02') }),
    )
    for (const facts of [one, other]) {
      expect(facts.holds).toEqual([])
      expect(contractsOn(facts, '2027-01-01')).toMatchObject([{ key: 'contrata:2027-01-01' }])
      expect(isCut(facts, granted('dideco', contrataOf(2027), '2026-12-15'))).toBe(false)
    }
  })

  it('means the contract that ran until the day before, where it names none', () => {
    const facts = on(
      '2027-01-01',
      hired(maria, 'dideco'),
      event({ type: 'contract-renewed', effectiveOn: '2026-12-01', contract: contrataOf(2027) }),
      event({ type: 'contract-ended', effectiveOn: '2027-01-01' }),
    )
    expect(contractsOn(facts, '2027-01-01')).toMatchObject([{ key: 'contrata:2027-01-01' }])
  })
})

describe('R10: a move to another unit', () => {
  const moved = event({ type: 'transferred', effectiveOn: '2026-11-10', unit: 'finanzas' })

  it('ends what the old unit granted and nothing else', () => {
    const facts = on('2026-11-10', hired(pedro, 'dideco'), moved)
    expect(facts).toMatchObject({ unit: 'finanzas', contracts: [{ unit: 'finanzas' }], holds: [] })
    expect(isCut(facts, granted('dideco', planta, '2026-11-01'))).toBe(true)
    expect(isCut(facts, granted('finanzas', planta, '2026-11-01'))).toBe(false)
    expect(isCut(facts, granted('obras', planta, '2026-11-01'))).toBe(false)
  })

  it('takes effect on its day, not when it is recorded', () => {
    const ahead = { ...moved, recordedAt: at('2026-10-01') }
    expect(on('2026-11-09', hired(pedro, 'dideco'), ahead)).toMatchObject({ unit: 'dideco', cuts: [] })
  })

  it('and back again: what the unit granted before stays ended, what it grants anew stands', () => {
    const back = event({ type: 'transferred', effectiveOn: '2026-11-15', unit: 'dideco' })
    const facts = on('2026-11-20', hired(pedro, 'dideco'), moved, back)
    expect(facts.unit).toBe('dideco')
    expect(isCut(facts, granted('dideco', planta, '2026-11-01'))).toBe(true)
    expect(isCut(facts, granted('dideco', planta, '2026-11-16'))).toBe(false)
    expect(isCut(facts, granted('finanzas', planta, '2026-11-12'))).toBe(true)
  })

  it('and back on the same day gives nothing back', () => {
    const day = '2026-11-20'
    const there = { ...moved, effectiveOn: day, recordedAt: at('2026-11-20T13:00:00Z') }
    const back = event({
      type: 'transferred',
      effectiveOn: day,
      unit: 'dideco',
      recordedAt: at('2026-11-20T14:00:00Z'),
    })
    const facts = on(day, hired(pedro, 'dideco'), there, back)
    const morning = { ...granted('dideco', planta, day), recordedAt: at('2026-11-20T12:00:00Z') }
    expect(isCut(facts, morning)).toBe(true)
    expect(isCut(facts, { ...morning, recordedAt: at('2026-11-20T15:00:00Z') })).toBe(false)
  })

  it('ends also what the old unit granted before it learnt of the move', () => {
    const facts = on('2026-11-20', hired(pedro, 'dideco'), moved)
    expect(isCut(facts, granted('dideco', planta, '2026-11-12'))).toBe(true)
  })

  it('recorded late, does not end what the unit granted after the person had come back', () => {
    const late = { ...moved, recordedAt: at('2026-11-19') }
    const back = event({ type: 'transferred', effectiveOn: '2026-11-15', unit: 'dideco' })
    const facts = on('2026-11-20', hired(pedro, 'dideco'), late, back)
    expect(isCut(facts, granted('dideco', planta, '2026-11-12'))).toBe(true)
    expect(isCut(facts, granted('dideco', planta, '2026-11-16'))).toBe(false)
  })

  it('and back again: later news of the same contract do not end anew what was granted since', () => {
    const back = event({ type: 'transferred', effectiveOn: '2026-11-15', unit: 'dideco' })
    const news = event({ type: 'contract-renewed', effectiveOn: '2026-11-19', contract: planta })
    const facts = on('2026-11-20', hired(pedro, 'dideco'), moved, back, news)
    expect(isCut(facts, granted('dideco', planta, '2026-11-17'))).toBe(false)
  })

  it('to the same unit ends nothing', () => {
    const same = event({ type: 'transferred', effectiveOn: '2026-11-10', unit: 'dideco' })
    expect(on('2026-11-20', hired(pedro, 'dideco'), same).cuts).toEqual([])
  })

  it('of one contract leaves the other where it is', () => {
    const second = hired(withContract(pedro, honorarios), 'dideco')
    const one = event({
      type: 'transferred',
      effectiveOn: '2026-11-10',
      unit: 'finanzas',
      contract: honorarios,
    })
    const facts = on('2026-11-20', hired(pedro, 'dideco'), second, one)
    expect(isCut(facts, granted('dideco', planta, '2026-11-01'))).toBe(false)
    expect(isCut(facts, granted('dideco', honorarios, '2026-11-01'))).toBe(true)
  })
})

describe('the fold', () => {
  it('is the same in any order of arrival and with any repetition', () => {
    fc.assert(
      fc.property(
        anyEvents.chain(events =>
          fc.tuple(
            fc.constant(events),
            fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }),
          ),
        ),
        fc.constantFrom('2026-03-01', '2026-06-15', '2026-12-31', '2027-06-30'),
        ([events, shuffled], day) => {
          expect(foldEvents(shuffled, day, zone)).toEqual(foldEvents(events, day, zone))
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('stays as it is until nextChangeOn, but for contracts that begin or end meanwhile', () => {
    fc.assert(
      fc.property(anyEvents, fc.constantFrom('2026-02-15', '2026-06-15', '2026-09-06'), (events, day) => {
        const facts = foldEvents(events, day, zone)
        const periods = registerPeriods(events, zone)
        const now = periods.filter(period => period.from <= day).at(-1)
        expect(now?.facts.cuts ?? []).toEqual(facts.cuts)
        expect(now?.facts.holds ?? []).toEqual(facts.holds)
        expect(now?.facts.contracts ?? []).toEqual(facts.contracts)
        expect(now === undefined ? facts.nextChangeOn : now.facts.nextChangeOn).toBe(facts.nextChangeOn)
      }),
      { numRuns: 3000 },
    )
  })

  it('is made of events that the schema takes', () => {
    fc.assert(
      fc.property(anyEvents, events => {
        for (const one of events) expect(HrEvent.safeParse(one).success).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})
