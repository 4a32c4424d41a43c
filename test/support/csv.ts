/** Reads RFC 4180 strictly: CRLF after each record, quotes around what needs them and nowhere else inside a field. */
export function recordsOf(text: string): readonly (readonly string[])[] {
  const records: string[][] = []
  let fields: string[] = []
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y
  while (field.lastIndex < text.length) {
    const at = field.lastIndex
    const [match, quoted, plain = '', end] = field.exec(text) ?? []
    if (match === undefined) throw new Error(`no field of RFC 4180 at ${at}: ${text.slice(at, at + 40)}`)
    fields.push(quoted?.replaceAll('""', '"') ?? plain)
    if (end === ',') continue
    records.push(fields)
    fields = []
  }
  if (fields.length > 0) throw new Error('the last record does not end')
  return records
}

/** The rows below the header, by its names. */
export function rowsOf(text: string): readonly Readonly<Record<string, string>>[] {
  const [header = [], ...rows] = recordsOf(text)
  return rows.map((row) => {
    if (row.length !== header.length) throw new Error(`${row.length} fields under ${header.length} names`)
    return Object.fromEntries(header.map((name, index) => [name, row[index] ?? '']))
  })
}
