import pg from 'pg'
import { migrate } from './migrate.ts'

/** Creates a database on the server of `adminUrl` and answers its URL. */
export async function createDatabase(adminUrl: string, name: string): Promise<string> {
  await execute(adminUrl, `create database ${pg.escapeIdentifier(name)}`)
  return databaseUrl(adminUrl, name)
}

/** Drops it with everyone still connected; a database that is not there is fine. */
export async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  await execute(adminUrl, `drop database if exists ${pg.escapeIdentifier(name)} with (force)`)
}

/** A fully migrated database to clone from. Nobody may be connected to it while it is cloned. */
export async function createTemplate(adminUrl: string, name: string, migrationsFolder?: string): Promise<string> {
  const url = await createDatabase(adminUrl, name)
  await migrate(url, migrationsFolder)
  await execute(adminUrl, `alter database ${pg.escapeIdentifier(name)} with is_template true allow_connections false`)
  return url
}

export async function cloneDatabase(adminUrl: string, clone: { template: string; name: string }): Promise<string> {
  const { template, name } = clone
  await execute(adminUrl, `create database ${pg.escapeIdentifier(name)} template ${pg.escapeIdentifier(template)}`)
  return databaseUrl(adminUrl, name)
}

export function databaseUrl(adminUrl: string, name: string): string {
  const url = new URL(adminUrl)
  url.pathname = `/${encodeURIComponent(name)}`
  return url.href
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
