import { type SQL, sql } from 'drizzle-orm'
import { accountFrom, accountsIn, methodById, methodFrom, methodsIn } from '../accounts/repository.ts'
import { creditById, creditFrom } from '../credits/repository.ts'
import { couponByCode, couponFrom } from '../discounts/repository.ts'
import { invoicesFrom, invoicesIn, linesIn } from '../invoices/repository.ts'
import type { Id } from '../kernel/id.ts'
import { type GatewayAccount, gatewayAccountsIn, paymentById, paymentFrom } from '../payments/repository.ts'
import { planFrom, plansNamed } from '../plans/repository.ts'
import type { Database } from '../platform/db/client.ts'
import { oneSnapshot } from '../platform/db/client.ts'
import type { Idempotency } from '../platform/http/app.ts'
import { type KeyRecord, keyRecordOf } from '../platform/http/idempotency.ts'
import type { Subscription } from '../subscriptions/domain/subscription.ts'
import { subscriptionById, subscriptionFrom } from '../subscriptions/repository.ts'
import type { Command } from './domain/command.ts'
import type { Snapshot } from './domain/snapshot.ts'
import type { Resume, Shown } from './shown.ts'
import {
  type Chosen,
  parted,
  snapshotReads,
  snapshotsFrom,
  type Target,
  theAccount,
  together,
} from './snapshot-repository.ts'

export type Asked = {
  readonly organizationId: Id<'organization'>
  readonly chosen: Chosen
  readonly target: Target
  /** The plans a command names. */
  readonly planCodes: readonly string[]
  readonly couponCode: string | null
  /** The gateway account that a command names. */
  readonly gatewayAccountId?: Id<'gateway_account'> | null
  /** The credit a command names, though nothing may be left of it. */
  readonly creditId?: Id<'credit'> | null
  readonly idempotency: Idempotency | null
}

export type Loaded = {
  readonly snapshot: Snapshot | null
  readonly record: KeyRecord | null
  /** Through which the account's methods are charged. */
  readonly gatewayAccounts: readonly GatewayAccount[]
}

/** The plans, the coupon and the credit that a command names. */
export function namedIn(command: Command): Pick<Asked, 'planCodes' | 'couponCode' | 'creditId' | 'gatewayAccountId'> {
  const plan = 'planCode' in command && command.planCode !== null ? [command.planCode] : []
  const addOns = 'addOns' in command ? command.addOns.map(({ planCode }) => planCode) : []
  return {
    planCodes: [...plan, ...addOns],
    couponCode: 'couponCode' in command ? command.couponCode : null,
    creditId: 'creditId' in command ? command.creditId : null,
    gatewayAccountId: command.type === 'attach_method' ? command.method.gatewayAccountId : null,
  }
}

/** The invoice that a credit note is on. */
export function invoiceOfNote(organizationId: Id<'organization'>, id: Id<'credit_note'>): SQL<Id<'invoice'>> {
  return sql`(select invoice_id from credit_notes where organization_id = ${organizationId} and id = ${id})`
}

/** The invoice that a payment is for, as (organization_id, invoice id). */
export function invoiceOfPayment(organizationId: Id<'organization'>, id: Id<'payment'>): SQL {
  return sql`(select organization_id, invoice_id from payments where organization_id = ${organizationId} and id = ${id})`
}

/** The invoice whose payment a refund gives back, as (organization_id, invoice id). */
export function invoiceOfRefund(organizationId: Id<'organization'>, id: Id<'refund'>): SQL {
  return sql`(select p.organization_id, p.invoice_id from refunds f join payments p
    on p.organization_id = f.organization_id and p.id = f.payment_id
    where f.organization_id = ${organizationId} and f.id = ${id})`
}

const NO_UUID = '00000000-0000-0000-0000-000000000000'

/** All that one interactive command needs, in one trip. */
export async function load(database: Database, asked: Asked): Promise<Loaded> {
  const { organizationId, chosen, target } = asked
  const invoiceId = target.invoiceId ?? (NO_UUID as Id<'invoice'>)
  const subscriptionId = target.subscriptionId ?? subscriptionOf(organizationId, invoiceId)
  const [, ...results] = await database.orm.batch([
    database.orm.execute(oneSnapshot),
    ...snapshotReads(database, chosen, target),
    plansNamed(database, organizationId, asked.planCodes, subscriptionId),
    couponByCode(database, organizationId, asked.couponCode ?? ''),
    subscriptionById(database, organizationId, subscriptionId),
    creditById(database, organizationId, asked.creditId ?? (NO_UUID as Id<'credit'>)),
    keyRecordOf(database, organizationId, asked.idempotency),
    gatewayAccountsIn(database, methodGateways(chosen, asked)),
  ])
  const { rows, rest } = parted(results)
  const [plans, [coupon], [subscription], named, [record], gatewayAccounts] = rest
  const [snapshot] = snapshotsFrom(rows)
  return {
    snapshot:
      snapshot === undefined
        ? null
        : {
            ...snapshot,
            subscriptions: withAsked(snapshot.subscriptions, subscription && subscriptionFrom(subscription)),
            plans: plans.map(planFrom),
            coupon: coupon === undefined ? null : couponFrom(coupon),
            credits: together(snapshot.credits, named.map(creditFrom)),
          },
    record: record ?? null,
    gatewayAccounts,
  }
}

/** An invoice's subscription counts its due date in its zone, also after it has ended. */
export function subscriptionOf(
  organizationId: Id<'organization'>,
  invoiceId: Id<'invoice'> | SQL<Id<'invoice'>>,
): SQL<Id<'subscription'>> {
  return sql`(select subscription_id from invoices where organization_id = ${organizationId} and id = ${invoiceId})`
}

/** Those of the account's methods, and of the one that it is about to get. */
function methodGateways(chosen: Chosen, { organizationId, gatewayAccountId = null }: Asked): SQL {
  return sql`(select m.organization_id, m.gateway_account_id from payment_methods m
    where (m.organization_id, m.account_id) in ${chosen} and m.removed_at is null
    union select ${organizationId}::uuid, ${gatewayAccountId}::uuid)`
}

/** The one a command is about may have ended; it is among the live ones otherwise. */
function withAsked(live: readonly Subscription[], asked: Subscription | undefined): readonly Subscription[] {
  return asked === undefined || live.some(({ id }) => id === asked.id) ? live : [...live, asked]
}

/** The parts of an answer, as they are now. */
export async function readShown(
  database: Database,
  organizationId: Id<'organization'>,
  resume: Resume,
): Promise<Shown> {
  const ids = [resume.invoice, resume.correction].filter((id) => id !== null)
  const methodId = resume.method ?? (NO_UUID as Id<'payment_method'>)
  const accountId = resume.account ?? (NO_UUID as Id<'account'>)
  const own = sql`(select organization_id, id from invoices where organization_id = ${organizationId} and id = any(${`{${ids.join(',')}}`}::uuid[]))`
  const [[subscription], invoiceRows, lines, [payment], [method], [account], methods] = await database.orm.batch([
    subscriptionById(database, organizationId, resume.subscription ?? (NO_UUID as Id<'subscription'>)),
    invoicesIn(database, own),
    linesIn(database, own),
    paymentById(database, organizationId, resume.payment ?? (NO_UUID as Id<'payment'>)),
    methodById(database, organizationId, methodId),
    accountsIn(database, theAccount(organizationId, accountId)),
    methodsIn(database, theAccount(organizationId, accountId)),
  ])
  const invoices = new Map(invoicesFrom(invoiceRows, lines).map((invoice) => [invoice.id, invoice]))
  return {
    subscription: subscription === undefined ? null : subscriptionFrom(subscription),
    invoice: resume.invoice && (invoices.get(resume.invoice) ?? null),
    correction: resume.correction && (invoices.get(resume.correction) ?? null),
    payment: payment === undefined ? null : paymentFrom(payment),
    method: method === undefined ? null : methodFrom(method),
    account: account === undefined ? null : accountFrom(account),
    // What a charge answers: the other commands answer with their own commit.
    methods: methods.map(methodFrom),
    ...{ refund: null, credit: null, creditNote: null, discounts: [] },
  }
}
