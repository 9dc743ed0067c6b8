import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCsv, separatorOf, writeCsv } from '../../functions/domain/csv.ts'

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

describe('a CSV for a spreadsheet', () => {
  const cell = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({
      unit: fc.constantFrom('=', '+', '-', '@', '\t', '\r', '\n', '"', ';', ',', "'", ' ', 'ñ', '\uFF1D'),
    }),
  )
  const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 5 })
  const readable = (text: string, separator: ',' | ';') => {
    const read = readCsv(text.replace(/^\uFEFF/, ''), separator)
    if ('fault' in read) throw new Error(read.fault.code)
    return read.records
  }

  it('reads back as it was written, but for the apostrophe before what would be a formula', () => {
    fc.assert(
      fc.property(table, fc.constantFrom(',' as const, ';' as const), (records, separator) => {
        const read = readable(writeCsv(records, separator), separator)
        const bare = read.map((record, row) =>
          record.map((text, column) => (text === `'${records[row]?.[column]}` ? text.slice(1) : text)),
        )
        expect(bare).toEqual(records)
      }),
      { numRuns: 2_000 },
    )
  })

  it('has no cell that begins a formula, whatever a person or a unit is called', () => {
    fc.assert(
      fc.property(table, records => {
        for (const record of readable(writeCsv(records, ';'), ';'))
          for (const text of record) expect(text).not.toMatch(/^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/)
      }),
      { numRuns: 2_000 },
    )
    expect(writeCsv([['=HYPERLINK("http://x")', '-1', 'a']], ';')).toBe(
      '\uFEFF"\'=HYPERLINK(""http://x"")";\'-1;a\r\n',
    )
  })

  it('is parted by what the Excel of the place parts by', () => {
    expect(separatorOf('es-CL')).toBe(';')
    expect(separatorOf('es-GT')).toBe(',')
  })
})
