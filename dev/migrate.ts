import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'

const defaultFolder = join(import.meta.dirname, '..', 'migrations')
// Any number that nobody else locks: two starts at once must not both apply the first migration.
const lockKey = 72_653_109

/** Applies what is missing of `migrations/`, in one transaction, recorded in drizzle.__drizzle_migrations. */
export async function migrate(url: string, migrationsFolder: string = defaultFolder): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  client.on('notice', () => {}) // "schema already exists, skipping"
  await client.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [lockKey])
    await applyMigrations(drizzle(client), { migrationsFolder })
  } finally {
    await client.end() // releases the lock
  }
}

if (import.meta.main) {
  const url = process.argv[2] ?? process.env.DATABASE_URL
  if (url === undefined) throw new Error('usage: node dev/migrate.ts <url>, or set DATABASE_URL')
  await migrate(url)
  console.log('migrated')
}
