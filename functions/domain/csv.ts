import type { Settings } from '../../schemas/settings.ts'

/** Text that is not a table: what is wrong, and in which record (the heading is record 0). */
export interface CsvFault {
  readonly record: number
  readonly code: 'csv.open-quote' | 'csv.text-after-quote' | 'csv.quote-in-text' | 'csv.too-long'
}

/** More people than any body has; what is longer is no list of them. */
const mostRecords = 100_000

/**
 * Reads RFC 4180, strictly: comma (or the separator given), quotation marks doubled inside quotes, records ended by CRLF or
 * LF. An empty last line is none. Cells are never trimmed; nothing is guessed.
 */
export function readCsv(
  text: string,
  separator: ',' | ';' = ',',
): { records: string[][] } | { fault: CsvFault } {
  const records: string[][] = []
  let record: string[] = []
  let position = 0
  const endOf = (start: number) => {
    let end = start
    while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r') end += 1
    return end
  }
  while (position <= text.length) {
    let cell: string
    if (text[position] === '"') {
      const quoted = readQuoted(text, position)
      if (quoted === null) return { fault: { record: records.length, code: 'csv.open-quote' } }
      cell = quoted.cell
      position = quoted.end
      if (endOf(position) !== position)
        return { fault: { record: records.length, code: 'csv.text-after-quote' } }
    } else {
      const end = endOf(position)
      cell = text.slice(position, end)
      if (cell.includes('"')) return { fault: { record: records.length, code: 'csv.quote-in-text' } }
      position = end
    }
    record.push(cell)
    if (text[position] === separator) {
      position += 1
      continue
    }
    const blank = record.length === 1 && record[0] === ''
    if (!(blank && position >= text.length)) records.push(record)
    if (records.length > mostRecords) return { fault: { record: mostRecords, code: 'csv.too-long' } }
    record = []
    if (position >= text.length) break
    position += text[position] === '\r' && text[position + 1] === '\n' ? 2 : 1
  }
  return { records }
}

/** The cell between the quotation mark at `start` and its closing one; null when it is never closed. */
function readQuoted(text: string, start: number): { cell: string; end: number } | null {
  let end = start + 1
  for (;;) {
    end = text.indexOf('"', end)
    if (end === -1) return null
    if (text[end + 1] !== '"') break
    end += 2
  }
  return { cell: text.slice(start + 1, end).replaceAll('""', '"'), end: end + 1 }
}

/** What a spreadsheet would take for the beginning of a formula, also in full-width form, or for one after a line break. */
const formula = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/

/** A cell as text: an apostrophe before what would be calculated, quotes where RFC 4180 asks for them. */
const written = (cell: string): string => {
  const text = formula.test(cell) ? `'${cell}` : cell
  return /[";,\r\n\t]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * A table for Excel and its like: RFC 4180, in UTF-8 with its mark at the beginning, without which Excel takes it for its own
 * old encoding.
 *
 * @param separator what the readers' Excel parts cells by, see `separatorOf`
 */
export const writeCsv = (records: readonly (readonly string[])[], separator: ',' | ';'): string =>
  `\uFEFF${records.map(record => `${record.map(written).join(separator)}\r\n`).join('')}`

/**
 * Excel opens a plain file by the list separator of the machine's region, and puts a whole record into one cell where it is
 * another: in Chile a semicolon, because the comma stands in numbers; in Guatemala a comma.
 */
export const separatorOf = (locale: Settings['locale']): ',' | ';' => (locale === 'es-CL' ? ';' : ',')
