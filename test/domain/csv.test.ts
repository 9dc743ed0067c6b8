import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCsv } from '../../functions/domain/csv.ts'

const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`

describe('a CSV', () => {
  it('gives back every cell that was quoted, whatever stands in it', () => {
    const cells = fc.array(fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 4 }), {
      maxLength: 5,
    })
    fc.assert(
      fc.property(cells, fc.constantFrom('\n', '\r\n'), fc.boolean(), (records, end, closed) => {
        const text = records.map(record => record.map(quoted).join(',')).join(end)
        expect(readCsv(closed && records.length > 0 ? text + end : text)).toEqual({ records })
      }),
      { numRuns: 2_000 },
    )
  })

  it('is read without quotes, with empty cells and lines', () => {
    expect(readCsv('a,,c\r\n\r\n1,2,3')).toEqual({ records: [['a', '', 'c'], [''], ['1', '2', '3']] })
    expect(readCsv('')).toEqual({ records: [] })
    expect(readCsv('a,')).toEqual({ records: [['a', '']] })
  })

  it('is no table where quotes do not fit', () => {
    expect(readCsv('a\n"b')).toEqual({ fault: { record: 1, code: 'csv.open-quote' } })
    expect(readCsv('"a"b')).toEqual({ fault: { record: 0, code: 'csv.text-after-quote' } })
    expect(readCsv('a"b"')).toEqual({ fault: { record: 0, code: 'csv.quote-in-text' } })
  })

  it('always ends, and never throws', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'a') }),
        text => void readCsv(text),
      ),
      {
        numRuns: 5_000,
      },
    )
  })
})
