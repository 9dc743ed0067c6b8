import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type StoredEntry, verifyChain } from '../../functions/domain/verify-chain.ts'

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')

const chainOf = (length: number, phase = 'recorded', chain = 'person/1') => {
  const rows: StoredEntry[] = []
  for (let sequence = 1; sequence <= length; sequence += 1) {
    const previousHash = rows.at(-1)?.hash ?? ''
    const text = JSON.stringify({ chain, sequence, previousHash, phase, word: `entry ${sequence}` })
    rows.push({ chain, sequence, text, hash: hashOf(text) })
  }
  return rows
}
const headOf = (rows: readonly StoredEntry[]) => ({
  sequence: rows.at(-1)?.sequence ?? 0,
  hash: rows.at(-1)?.hash ?? '',
})
const verify = (rows: readonly StoredEntry[], whole = rows) =>
  verifyChain('person/1', rows, { atLeast: headOf(whole), atMost: headOf(whole) })
const told = (rows: readonly StoredEntry[], whole = rows) =>
  verify(rows, whole).faults.map(({ kind, sequence }) => `${kind} ${sequence}`)

describe('a chain', () => {
  it('is whole as it was written', () => {
    expect(told(chainOf(5))).toEqual([])
    expect(told([])).toEqual([])
  })

  it('tells of an altered entry, whether or not its hash was made anew', () => {
    const rows = chainOf(4)
    const altered = (at: number, hash?: string) =>
      rows.map((row, index) => {
        const text = row.text.replace('entry', 'fable')
        return index === at ? { ...row, text, hash: hash ?? row.hash } : row
      })
    expect(told(altered(1), rows)).toEqual(['altered 2'])
    expect(told(altered(1, hashOf(rows[1]?.text.replace('entry', 'fable') ?? '')), rows)).toEqual([
      'forked 3',
    ])
    expect(told(altered(3, hashOf(rows[3]?.text.replace('entry', 'fable') ?? '')), rows)).toEqual([
      'altered 4',
    ])
  })

  it('tells of entries missing in the middle, at the end, and altogether', () => {
    const rows = chainOf(5)
    expect(told([...rows.slice(0, 1), ...rows.slice(3)], rows)).toEqual(['missing 2', 'missing 3'])
    expect(told(rows.slice(0, 3), rows)).toEqual(['truncated 4'])
    expect(told([], rows)).toEqual(['truncated 1'])
  })

  it('tells of entries that stand in each other’s place', () => {
    const rows = chainOf(4)
    const [one, two, three, four] = rows as [StoredEntry, StoredEntry, StoredEntry, StoredEntry]
    const place = ({ text, hash }: StoredEntry, { chain, sequence }: StoredEntry) => ({
      chain,
      sequence,
      text,
      hash,
    })
    expect(told([one, place(three, two), place(two, three), four], rows)).toEqual(['swapped 2', 'swapped 3'])
  })

  it('tells of an entry that the head does not know', () => {
    const rows = chainOf(4)
    expect(told(rows, rows.slice(0, 3))).toEqual(['forked 4'])
  })

  it('counts intents that have no outcome', () => {
    expect(verify(chainOf(1, 'intended')).openIntents).toBe(1)
    expect(verify(chainOf(3, 'intended')).openIntents).toBe(3)
  })

  it('never passes with any byte of it changed', () => {
    const rows = chainOf(6)
    fc.assert(
      fc.property(fc.nat(5), fc.nat(), fc.constantFrom('text', 'hash'), (at, place, member) => {
        const changed = rows.map((row, index) => {
          if (index !== at) return row
          const text = row[member]
          const where = place % text.length
          const letter = text[where] === '0' ? '1' : '0'
          return { ...row, [member]: text.slice(0, where) + letter + text.slice(where + 1) }
        })
        expect(told(changed, rows)).not.toEqual([])
      }),
      { numRuns: 500 },
    )
  })
})
