import { decodeId } from '../../src/kernel/id.ts'
import type { Json } from './client.ts'
import { sql } from './sql.ts'

/** What an account's customer was told, oldest first: kinds and the facts they tell of, as they are stored. */
export function toldTo(account: string): Promise<readonly Json[]> {
  return sql('select kind, facts, created_at from notifications where account_id = $1 order by id', idOf(account))
}

function idOf(account: string): string {
  const id = decodeId('account', account)
  if (id === null) throw new Error(`${account} is no account`)
  return id
}
