import { sql } from './sql.ts'
import type { World } from './world.ts'

/**
 * Makes many customers of one: copies an account with its subscription, by SQL, in real time and without a card. Their
 * buckets are spread as the real ones'.
 */
export async function crowd(world: World, copies: number, plan: string): Promise<void> {
  const one = await world.account({ card: null, test_clock: undefined, name: 'Crowd', timezone: 'UTC' })
  const { id } = await one.subscribes(plan)
  const [{ account, subscription }] = await sql(
    `select account_id as account, subject_id as subscription from events where data ->> 'id' = $1 limit 1`,
    id,
  )
  await sql(
    `with copies as (select n, gen_random_uuid() as account, gen_random_uuid() as subscription from generate_series(1, $3) n),
     made as (insert into accounts select r.* from accounts a, copies, jsonb_populate_record(null::accounts, to_jsonb(a) || jsonb_build_object(
       'id', copies.account, 'invoice_prefix', 'CROWD' || n, 'bucket', floor(random() * 1024), 'invoice_sequence', 0)) r where a.id = $1)
     insert into subscriptions select r.* from subscriptions s, copies, jsonb_populate_record(null::subscriptions, to_jsonb(s) || jsonb_build_object(
       'id', copies.subscription, 'account_id', copies.account)) r where s.id = $2`,
    ...[account, subscription, copies - 1],
  )
}
