import { and, desc, eq, getTableColumns, inArray, lt, sql } from 'drizzle-orm'
import { paymentMethods } from '../accounts/tables.ts'
import type { Id } from '../kernel/id.ts'
import { organizations } from '../organizations/tables.ts'
import type { Database } from '../platform/db/client.ts'
import { insertsInto, updatesOf } from '../platform/db/fragment.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import { gatewayAccounts, gatewayEvents } from './tables.ts'

type Organization = Id<'organization'>

export const newGatewayAccounts = insertsInto(gatewayAccounts, 'organization')
const settings = ['name', 'secret', 'webhookSecret', 'webhookEndpoint'] as const
export const changedGatewayAccounts = updatesOf(gatewayAccounts, 'organization', settings)

/** The columns of a gateway account as it is shown: the last event by name, as in `shownPayment`. */
const shown = {
  ...getTableColumns(gatewayAccounts),
  lastEventAt: sql`(select max(e.received_at) from gateway_events e
    where e.gateway_account_id = gateway_accounts.id)`.mapWith(gatewayEvents.receivedAt),
}

export function shownGatewayAccount(
  database: Database,
  { organizationId, id }: { readonly organizationId: Organization; readonly id: Id<'gateway_account'> },
) {
  return database.orm
    .select(shown)
    .from(gatewayAccounts)
    .where(and(eq(gatewayAccounts.organizationId, organizationId), eq(gatewayAccounts.id, id)))
}

export function gatewayAccountPage(database: Database, organizationId: Organization, page: PageQuery) {
  return database.orm
    .select(shown)
    .from(gatewayAccounts)
    .where(
      and(
        eq(gatewayAccounts.organizationId, organizationId),
        page.cursor === undefined ? undefined : lt(gatewayAccounts.id, page.cursor as Id<'gateway_account'>),
      ),
    )
    .orderBy(desc(gatewayAccounts.id))
    .limit(page.limit + 1)
}

/** A customer who was made there, also where all of their methods were removed. */
export function newestCustomerAt(
  database: Database,
  { organizationId, id }: { readonly organizationId: Organization; readonly id: Id<'gateway_account'> },
) {
  return database.orm
    .select({ customer: paymentMethods.gatewayCustomer })
    .from(paymentMethods)
    .where(and(eq(paymentMethods.organizationId, organizationId), eq(paymentMethods.gatewayAccountId, id)))
    .orderBy(desc(paymentMethods.id))
    .limit(1)
}

/** By its id alone, which is all that a webhook's address says; with its organization's mode. */
export async function findListening(database: Database, id: Id<'gateway_account'>) {
  const [row] = await database.orm
    .select({
      organizationId: gatewayAccounts.organizationId,
      id: gatewayAccounts.id,
      webhookSecret: gatewayAccounts.webhookSecret,
      mode: organizations.mode,
    })
    .from(gatewayAccounts)
    .innerJoin(organizations, eq(organizations.id, gatewayAccounts.organizationId))
    .where(eq(gatewayAccounts.id, id))
  return row ?? null
}

/** Of whatever organizations: a queue knows only ids. */
export function gatewayAccountsBy(database: Database, ids: readonly Id<'gateway_account'>[]) {
  return database.orm
    .select()
    .from(gatewayAccounts)
    .where(inArray(gatewayAccounts.id, [...ids]))
}
