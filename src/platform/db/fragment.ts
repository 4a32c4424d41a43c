import { getTableColumns, getTableName } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'

/** A feature's part of the commit: one CTE and its one JSON parameter. */
export type Fragment = {
  readonly name: string
  readonly rows: readonly Record<string, unknown>[]
  /** The SQL, given the parameter that holds the rows. `late`: the commit has a CTE of that name (see LateValues). */
  readonly statement: (parameter: string, late: boolean) => string
}

/** A row may hold a placeholder for a value that only the statement knows, such as the next number of a gapless series. */
type Row<T extends PgTable> = T['$inferInsert'] & { readonly late?: string | undefined }
/** Rows of an account are written only where it won its guards; an organization's always, or the whole commit fails. */
type Scope = 'account' | 'organization'
type Options = {
  /** Columns left to their defaults. */
  readonly omit?: readonly string[]
  /** Columns (text or jsonb) in which the placeholder is replaced. */
  readonly late?: readonly string[]
}

/** Inserts whole rows. */
export function insertsInto<T extends PgTable>(table: T, scope: Scope, options: Options = {}) {
  const columns = columnsOf(table, (key) => !options.omit?.includes(key))
  const names = columns.map(({ column }) => column.name).join(', ')
  const name = getTableName(table)
  return fragmentOf<T>(`new_${name}`, columns, (parameter, late) => {
    const values = columns.map((column) => valueIn(column, late, options)).join(', ')
    return `insert into ${name} (${names}) select ${values} from ${sourceOf(table, scope, columns, parameter, late)}`
  })
}

/**
 * Brings `changing` columns to new values. The row is found by its primary key and, where it has a `version`, only at
 * the version before: what another commit changed meanwhile is not overwritten.
 */
export function updatesOf<T extends PgTable>(
  table: T,
  scope: Scope,
  changing: readonly (keyof T['$inferInsert'] & string)[],
  options: Options = {},
) {
  const name = getTableName(table)
  const all = getTableColumns(table) as Record<string, PgColumn>
  const keys = ['organizationId', 'id', ...(scope === 'account' && all.accountId ? ['accountId'] : [])]
  const isSet = (key: string) => key === 'version' || changing.some((name) => name === key)
  const columns = columnsOf(table, (key) => keys.includes(key) || isSet(key))
  const guard = all.version === undefined ? '' : ' and t.version = r.version - 1'
  return fragmentOf<T>(`changed_${name}`, columns, (parameter, late) => {
    const sets = columns
      .filter(({ key }) => isSet(key))
      .map((column) => `${column.column.name} = ${valueIn(column, late, options)}`)
      .join(', ')
    return (
      `update ${name} t set ${sets} from ${sourceOf(table, scope, columns, parameter, late)}` +
      ` where t.organization_id = r.organization_id and t.id = r.id${guard} returning 1`
    )
  })
}

type NamedColumn = { readonly key: string; readonly column: PgColumn }

function columnsOf(table: PgTable, keep: (key: string) => boolean): readonly NamedColumn[] {
  const entries = Object.entries(getTableColumns(table) as Record<string, PgColumn>)
  return entries.filter(([key]) => keep(key)).map(([key, column]) => ({ key, column }))
}

/** The rows as a relation `r`, without those of accounts that lost. */
function sourceOf(table: PgTable, scope: Scope, columns: readonly NamedColumn[], parameter: string, late: boolean) {
  const shape = columns.map(({ column }) => `${column.name} ${column.getSQLType()}`).join(', ')
  const account = getTableName(table) === 'accounts' ? 'r.id' : 'r.account_id'
  return (
    `json_to_recordset(${parameter}::json) as r(${shape}${late ? ', late text' : ''})` +
    (scope === 'account' ? ` join winners w on w.id = ${account}` : '') +
    (late ? ' left join late l on l.placeholder = r.late' : '')
  )
}

function valueIn({ key, column }: NamedColumn, late: boolean, options: Options): string {
  const value = `r.${column.name}`
  if (!late || !options.late?.includes(key)) return value
  const replaced = `replace(${value}::text, l.placeholder, l.value)`
  return `case when l.value is null then ${value} else ${replaced}::${column.getSQLType()} end`
}

function fragmentOf<T extends PgTable>(
  name: string,
  columns: readonly NamedColumn[],
  statement: Fragment['statement'],
) {
  return (rows: readonly Row<T>[]): Fragment => ({
    name,
    statement,
    rows: rows.map((row) => encode(columns, row as Record<string, unknown>)),
  })
}

/** bigint travels as a string: JSON.stringify refuses it, and a Number beyond 2^53 is silently wrong. */
function encode(columns: readonly NamedColumn[], row: Record<string, unknown>): Record<string, unknown> {
  const encoded: Record<string, unknown> = {}
  for (const { key, column } of columns) {
    const value = row[key]
    if (value === null || value === undefined) continue
    encoded[column.name] = typeof value === 'bigint' ? value.toString() : driverValue(column, value)
  }
  if (row.late) encoded.late = row.late
  return encoded
}

/** jsonb would be stringified by drizzle for a parameter of its own; here the whole recordset is one. */
function driverValue(column: PgColumn, value: unknown): unknown {
  return column.dataType === 'json' || column.dataType === 'array' ? value : column.mapToDriverValue(value)
}
