import { encodeId } from '../../src/kernel/id.ts'
import { sql } from './sql.ts'

/** A dispute of the first payment there is, as it was once told by the gateway; its id. */
export async function contests(): Promise<string> {
  const [made] = await sql(
    `insert into disputes (organization_id, id, account_id, payment_id, gateway_account_id, gateway_dispute, version,
       status, amount, currency, reason, created_at)
     select organization_id, ${newUuid}, account_id, id, gateway_account_id, 'du_' || md5(random()::text), 1,
       'open', 100, currency, 'fraudulent', now() from payments order by id limit 1 returning id`,
  )
  return encodeId('dispute', made?.id)
}

/** As the Worker makes them: by time, so that what is newer sorts later. */
export const newUuid = `(lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '70008' || substr(md5(random()::text), 1, 15))::uuid`
