import { and, desc, eq, sql } from 'drizzle-orm'
import type { Account } from '../accounts/domain/account.ts'
import type { PaymentMethod } from '../accounts/domain/payment-method.ts'
import { accountFrom, accountsIn, methodFrom, methodsIn } from '../accounts/repository.ts'
import { type FinalInvoice, isFinal } from '../invoices/domain/invoice.ts'
import { invoicesFrom, invoicesIn, linesIn } from '../invoices/repository.ts'
import { invoices } from '../invoices/tables.ts'
import type { Id } from '../kernel/id.ts'
import type { Zone } from '../kernel/zone.ts'
import { organizations } from '../organizations/tables.ts'
import type { Payment } from '../payments/domain/payment.ts'
import { type GatewayAccount, gatewayAccountOf, paymentFrom, paymentsIn } from '../payments/repository.ts'
import { payments } from '../payments/tables.ts'
import type { Database } from '../platform/db/client.ts'
import { subscriptionById } from '../subscriptions/repository.ts'
import { subscriptionOf } from './repository.ts'
import { theAccount, theAccountOf } from './snapshot-repository.ts'

/** What a customer's page shows of its account. */
export type Shop = {
  readonly seller: string
  readonly account: Account
  /** The default first. */
  readonly methods: readonly PaymentMethod[]
  /** Through which a new method is given; null: there is none. */
  readonly gatewayAccount: GatewayAccount | null
}

export type Bill = Shop & {
  readonly invoice: FinalInvoice
  readonly zone: Zone
  /** The newest. */
  readonly payment: Payment | null
}

/** `owes`: a new card is charged for something at once. */
export type CardShop = Shop & { readonly owes: boolean }

/** Null where there is no such account. */
export async function readShop(
  database: Database,
  organizationId: Id<'organization'>,
  id: Id<'account'>,
): Promise<CardShop | null> {
  const isOpen = and(
    eq(invoices.organizationId, organizationId),
    eq(invoices.accountId, id),
    eq(invoices.status, 'open'),
  )
  const [[organization], [account], methods, [gatewayAccount], open] = await database.orm.batch([
    ...shopReads(database, organizationId, theAccount(organizationId, id)),
    database.orm.select({ id: invoices.id }).from(invoices).where(isOpen).limit(1),
  ])
  if (organization === undefined || account === undefined) return null
  const shop = shopOf({ seller: organization.name, account, methods, gatewayAccount })
  return { ...shop, owes: open.length > 0 && isCharged(shop.account) }
}

/** Null where there is no such invoice, or it is a draft. */
export async function readBill(
  database: Database,
  organizationId: Id<'organization'>,
  id: Id<'invoice'>,
): Promise<Bill | null> {
  const own = sql`(select ${organizationId}::uuid, ${id}::uuid)`
  const [[organization], [account], methods, [gatewayAccount], rows, lines, paid, [subscription]] =
    await database.orm.batch([
      ...shopReads(database, organizationId, theAccountOf('invoices', organizationId, id)),
      invoicesIn(database, own),
      linesIn(database, own),
      paymentsIn(database, own).orderBy(desc(payments.id)).limit(1),
      subscriptionById(database, organizationId, subscriptionOf(organizationId, id)),
    ])
  const [invoice] = invoicesFrom(rows, lines)
  if (organization === undefined || account === undefined || invoice === undefined || !isFinal(invoice)) return null
  const [payment] = paid.map(paymentFrom)
  const shop = shopOf({ seller: organization.name, account, methods, gatewayAccount })
  return { ...shop, invoice, payment: payment ?? null, zone: subscription?.timezone ?? shop.account.timezone }
}

function isCharged({ collection, disputeHold }: Account): boolean {
  return collection === 'automatic' && disputeHold === null
}

function shopReads(database: Database, organizationId: Id<'organization'>, which: ReturnType<typeof theAccount>) {
  return [
    database.orm.select({ name: organizations.name }).from(organizations).where(eq(organizations.id, organizationId)),
    accountsIn(database, which),
    methodsIn(database, which),
    gatewayAccountOf(database, organizationId),
  ] as const
}

type Row<T extends (...some: never[]) => PromiseLike<readonly unknown[]>> = Awaited<ReturnType<T>>[number]

function shopOf(read: {
  readonly seller: string
  readonly account: Row<typeof accountsIn>
  readonly methods: readonly Row<typeof methodsIn>[]
  readonly gatewayAccount: GatewayAccount | undefined
}): Shop {
  const account = accountFrom(read.account)
  const rank = ({ id }: PaymentMethod) => (id === account.defaultPaymentMethodId ? 0 : 1)
  const methods = read.methods
    .map(methodFrom)
    .toSorted((left, right) => rank(left) - rank(right) || (left.id > right.id ? -1 : 1))
  return { seller: read.seller, account, methods, gatewayAccount: read.gatewayAccount ?? null }
}
