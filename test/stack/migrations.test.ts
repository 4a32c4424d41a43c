import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DrizzleSnapshotJSON, generateDrizzleJson, generateMigration } from 'drizzle-kit/api'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from '../../dev/database.ts'
import { migrate } from '../../dev/migrate.ts'
import { type Postgres, startPostgres } from '../../dev/postgres.ts'
import { root } from '../../dev/source.ts'
import drizzleConfig from '../../drizzle.config.ts'

type Journal = { readonly entries: readonly { readonly idx: number; readonly when: number; readonly tag: string }[] }
type Snapshot = DrizzleSnapshotJSON & { readonly prevId: string }

const folder = join(root, 'migrations')
const journal: Journal = JSON.parse(readFileSync(join(folder, 'meta/_journal.json'), 'utf8'))
const tags = journal.entries.map(({ tag }) => tag)
const snapshots = tags.map(
  (tag): Snapshot => JSON.parse(readFileSync(join(folder, `meta/${tag.slice(0, 4)}_snapshot.json`), 'utf8')),
)
const tables = await readTables()

/** All that the tables files export, as drizzle-kit reads them. */
async function readTables(): Promise<Record<string, unknown>> {
  const paths = globSync([drizzleConfig.schema ?? []].flat(), { cwd: root })
  const modules: readonly Record<string, unknown>[] = await Promise.all(paths.map((path) => import(join(root, path))))
  return Object.fromEntries(modules.flatMap((module) => Object.entries(module)))
}

describe('the journal', () => {
  test('lists every migration once, in order', () => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.sql'))
    expect(files.toSorted()).toEqual(tags.map((tag) => `${tag}.sql`))
    expect(tags.map((tag) => Number(tag.slice(0, 4)))).toEqual(journal.entries.map((_, index) => index))
    expect(journal.entries.map(({ idx }) => idx)).toEqual(journal.entries.map((_, index) => index))
  })

  test('grows at its end: the migrator skips what is not newer than the last one applied', () => {
    const times = journal.entries.map(({ when }) => when)
    expect(times).toEqual([...new Set(times)].toSorted((one, other) => one - other))
  })

  test('chains the snapshots: two branches that both added one would show here', () => {
    expect(snapshots.slice(1).map(({ prevId }) => prevId)).toEqual(snapshots.slice(0, -1).map(({ id }) => id))
  })
})

test('the last snapshot is the tables (if not: npm run generate)', () => {
  // Compared as they are: generateMigration asks questions when it sees something dropped and something added.
  expect(withoutIds(generateDrizzleJson(tables))).toEqual(withoutIds(snapshots.at(-1)))
})

describe('an empty database', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'perennial-migrations-'))
  let postgres: Postgres
  let migrated: pg.Client
  let made: pg.Client

  beforeAll(async () => {
    postgres = await startPostgres({ dataDir, fsync: false, quiet: true })
    const url = await createDatabase(postgres.url, 'migrated')
    await migrate(url)
    await migrate(url) // a second deployment applies nothing again
    migrated = await connect(url)
    made = await connect(await createDatabase(postgres.url, 'made'))
    await made.query((await generateMigration(generateDrizzleJson({}), generateDrizzleJson(tables))).join('\n'))
  })

  afterAll(async () => {
    await migrated?.end()
    await made?.end()
    await postgres?.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  test('has applied each migration once', async () => {
    const { rows } = await migrated.query('select created_at from drizzle.__drizzle_migrations order by id')
    expect(rows.map(({ created_at }) => Number(created_at))).toEqual(journal.entries.map(({ when }) => when))
  })

  test('becomes what the tables make of it', async () => {
    expect(await catalogOf(migrated)).toEqual(await catalogOf(made))
  })

  test.each([
    ['column', 'alter table accounts drop column metadata'],
    ['default', "alter table accounts alter column name set default 'nobody'"],
    ['not null', 'alter table accounts alter column name drop not null'],
    ['check', 'alter table accounts add check (version > 0)'],
    ['index', 'create index on accounts (version)'],
    ['column of what is partitioned', 'alter table usage_events add column more text'],
    ['enum', "create type weekday as enum ('monday')"],
  ])('shows a difference: %s', async (_, statement) => {
    await made.query('begin')
    await made.query(statement)
    const changed = await catalogOf(made)
    await made.query('rollback')
    expect(changed).not.toEqual(await catalogOf(made))
  })
})

/** As it is written to the file: what is undefined is not there. */
function withoutIds(snapshot: object | undefined): object {
  return JSON.parse(JSON.stringify({ ...snapshot, id: '', prevId: '' }))
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return client
}

/**
 * One line each: columns, constraints, indexes and enums, in Postgres's own words. Their order in a table may differ. A
 * partitioned table is one like any other, and its partitions are left out: the tables files know nothing of them.
 */
async function catalogOf(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ line: string }>(`
    select format('%s.%s %s%s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod),
        case when attnotnull then ' not null' end, concat(attidentity, attgenerated, ' ', pg_get_expr(adbin, adrelid))) as line
      from pg_attribute join pg_class on pg_class.oid = attrelid left join pg_attrdef on adrelid = attrelid and adnum = attnum
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition and attnum > 0 and not attisdropped
    union all select format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
      from pg_constraint where connamespace = 'public'::regnamespace
        and conrelid not in (select oid from pg_class where relispartition)
        and confrelid not in (select oid from pg_class where relispartition)
    union all select replace(indexdef, ' ON ONLY ', ' ON ') from pg_indexes where schemaname = 'public'
      and format('%I.%I', schemaname, tablename)::regclass not in (select oid from pg_class where relispartition)
    union all select format('%s enum %s', enumtypid::regtype, string_agg(enumlabel, ', ' order by enumsortorder))
      from pg_enum group by enumtypid
    order by line`)
  return rows.map(({ line }) => line)
}
