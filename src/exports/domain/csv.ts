/** A string is text that anybody may have written; a decimal is a number that JSON carries as a string. */
export type Cell = string | number | null | { readonly decimal: string }

/** The columns of a sheet, from left to right, by their names. */
export type Columns<T> = Readonly<Record<string, (value: T) => Cell>>

export function csvHeader<T>(columns: Columns<T>): string {
  return csvRecord(Object.keys(columns))
}

export function csvRow<T>(columns: Columns<T>, value: T): string {
  return csvRecord(Object.values(columns).map((cellOf) => cellOf(value)))
}

/** RFC 4180: commas between, CRLF after, the last record's included. */
export function csvRecord(cells: readonly Cell[]): string {
  return `${cells.map(fieldOf).join(',')}\r\n`
}

function fieldOf(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell === 'string') return quoted(defused(cell))
  return typeof cell === 'number' ? String(cell) : cell.decimal
}

/** What a spreadsheet would take for the start of a formula (OWASP, CSV Injection). */
const formula = /^[=+\-@\t\r]/

/** An apostrophe before it makes it text; whoever reads the file by program takes it off again. */
function defused(text: string): string {
  return formula.test(text) ? `'${text}` : text
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
