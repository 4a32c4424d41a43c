import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { connect, type DatabaseEnv } from '../../src/platform/db/client.ts'

/**
 * Every row of every table of this file's database as text, table by table. Left out is what changes without a request:
 * when a commit was relayed.
 */
export async function storedRows(): Promise<Readonly<Record<string, string>>> {
  const { http } = connect(env as unknown as DatabaseEnv)
  const { rows: tables } = await http.query(`select table_name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`)
  const read = tables.map(({ table_name: table }) =>
    http.query(`select coalesce(json_agg(r order by r::text), '[]')::text as rows
      from (select to_jsonb(t) - 'relayed_at' as r from "${table}" t) t`),
  )
  const answers = await http.transaction(read)
  return Object.fromEntries(tables.map(({ table_name }, index) => [table_name, String(answers[index]?.rows[0]?.rows)]))
}

/** What was done wrote nothing, in no table. */
export async function storesNothing<T>(work: () => Promise<T>): Promise<T> {
  const before = await storedRows()
  const done = await work()
  expect(await storedRows()).toEqual(before)
  return done
}
