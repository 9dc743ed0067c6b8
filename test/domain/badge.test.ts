import { describe, expect, it } from 'vitest'
import { cardTask, isCard, receiptTextOf, receiptWords, withdrawalOf } from '../../functions/domain/badge.ts'
import { taskInWords } from '../../functions/domain/task-words.ts'
import { CardTaskKind } from '../../schemas/badges.ts'
import type { LedgerEntry } from '../../schemas/ledger.ts'
import type { TaskRow } from '../../schemas/rows.ts'
import { valleClaro } from '../personas/body.ts'

describe('a task about a card (R15)', () => {
  const live = { enabled: true, standing: true }
  const held = { enabled: false, standing: true }
  const over = { enabled: false, standing: false }
  it.each([
    ['handed over to whoever may pass a door and has none', { ...live, out: false }, null, 'card-handover'],
    ['nothing of whoever has one', { ...live, out: true }, null, null],
    ['nothing of whoever has one and is held back', { ...held, out: true }, null, null],
    ['nothing new of whoever is held back without one', { ...held, out: false }, null, null],
    [
      'still handed over to whoever is held back meanwhile',
      { ...held, out: false },
      'card-handover',
      'card-handover',
    ],
    ['back from whoever will pass none again', { ...over, out: true }, null, 'card-return'],
    ['nothing of whoever has neither', { ...over, out: false }, 'card-handover', null],
    ['no more back from whoever may pass again', { ...live, out: true }, 'card-return', null],
  ] as const)('asks a card to be %s', (_, state, open, wanted) => {
    expect(cardTask({ ...state, open })).toBe(wanted)
  })

  it.each(CardTaskKind.options)('names the person by their number at the doors only: %s', kind => {
    const words = taskInWords(valleClaro, { kind, name: '7654321' } as TaskRow)
    expect(words.join()).toMatch(/^[A-Z].*7654321.*\.$/)
    expect(words.join()).not.toMatch(/[{}]/)
  })
})

describe('a receipt (R11)', () => {
  it('is for the card whose number is read off it, whole or its last four digits or more', () => {
    const card = { number: '4100001' }
    for (const read of ['4100001', '0001', '00001', '100001'])
      expect([read, isCard(card, read)]).toEqual([read, true])
    for (const read of ['001', '1', '4100002', '41000', '04100001', ''])
      expect([read, isCard(card, read)]).toEqual([read, false])
    expect(isCard({ number: '123' }, '123')).toBe(true)
  })

  it('keeps the version of the words that were accepted, and their hash', () => {
    const { version, text } = receiptWords('es-CL')
    expect(text).toMatch(/personal.*copio.*devuelvo/s)
    expect(receiptTextOf('es-CL')).toEqual({ version, hash: expect.stringMatching(/^[0-9a-f]{64}$/) })
    // Other words are another version: raise it in domain/badge.ts, and write the new hash here.
    expect(receiptTextOf('es-CL')).toEqual({
      version: 1,
      hash: 'bef71ad00f0f167b307a367eb64511e2c538428e5310338e5b2fe2ab6b1f2775',
    })
  })
})

describe('the proof that a badge is gone', () => {
  const entry = (phase: LedgerEntry['phase'], state: string | null, id: string) =>
    ({
      act: 'account-converged',
      phase,
      id,
      at: `2026-11-20T15:00:0${id}.000Z`,
      after: state === null ? null : { state },
    }) as LedgerEntry
  it('is the last outcome that was read back, and none while it shows the badge', () => {
    const on = entry('succeeded', 'enabled', '1')
    const off = entry('succeeded', 'disabled', '3')
    expect(withdrawalOf([])).toBeNull()
    expect(withdrawalOf([entry('intended', null, '0'), on])).toBeNull()
    expect(withdrawalOf([on, entry('failed', 'absent', '2'), off])).toEqual({ at: off.at, entry: off.id })
    expect(withdrawalOf([off, entry('succeeded', 'enabled', '4')])).toBeNull()
  })
})
