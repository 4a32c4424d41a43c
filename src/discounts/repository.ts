import { and, desc, eq, inArray, isNull, lt, type SQL, sql } from 'drizzle-orm'
import type { Currency } from '../kernel/currency.ts'
import type { Id } from '../kernel/id.ts'
import { invariant } from '../kernel/invariant.ts'
import { plans } from '../plans/tables.ts'
import type { Database } from '../platform/db/client.ts'
import { type Fragment, insertsInto, updatesOf } from '../platform/db/fragment.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import type { Coupon, CouponDuration, CouponTerms } from './domain/coupon.ts'
import type { Discount } from './domain/discount.ts'
import { coupons, discounts } from './tables.ts'

type Organization = Id<'organization'>

const newCoupons = insertsInto(coupons, 'organization')
const changedCoupons = updatesOf(coupons, 'organization', ['name', 'metadata', 'archivedAt'])
/** Found only at the version it was read at: of two who take the last one, the second is decided again. */
const redeemedCoupons = updatesOf(coupons, 'organization', ['redemptions'])
const newDiscounts = insertsInto(discounts, 'account')
const changedDiscounts = updatesOf(discounts, 'account', ['remaining', 'endedAt'])

export const couponRows = {
  created: (rows: readonly Coupon[]): Fragment => newCoupons(rows.map(couponToRow)),
  changed: (rows: readonly Coupon[]): Fragment => changedCoupons(rows.map(couponToRow)),
  redeemed: (rows: readonly Coupon[]): Fragment => redeemedCoupons(rows.map(couponToRow)),
}

export const discountRows = {
  created: (rows: readonly Discount[]): Fragment => newDiscounts(rows.map(discountToRow)),
  changed: (rows: readonly Discount[]): Fragment => changedDiscounts(rows.map(discountToRow)),
}

function couponToRow({ terms, duration, ...coupon }: Coupon): typeof coupons.$inferSelect {
  const periods = duration.type === 'periods' ? duration.count : null
  return { ...coupon, ...termsToRow(terms), duration: duration.type, periods }
}

export function couponFrom(row: typeof coupons.$inferSelect): Coupon {
  const { percentOff, amountOff, currency, duration, periods, ...coupon } = row
  return { ...coupon, terms: termsFrom(row), duration: durationFrom(duration, periods) }
}

function discountToRow({ terms, ...discount }: Discount): typeof discounts.$inferSelect {
  return { ...discount, ...termsToRow(terms) }
}

export function discountFrom(row: typeof discounts.$inferSelect): Discount {
  const { percentOff, amountOff, currency, ...discount } = row
  return { ...discount, terms: termsFrom(row) }
}

type TermsRow = {
  readonly percentOff: string | null
  readonly amountOff: bigint | null
  readonly currency: Currency | null
}

function termsToRow(terms: CouponTerms): TermsRow {
  return terms.type === 'percent'
    ? { percentOff: terms.percent, amountOff: null, currency: null }
    : { percentOff: null, amountOff: terms.amount, currency: terms.currency }
}

function termsFrom({ percentOff, amountOff, currency }: TermsRow): CouponTerms {
  if (percentOff !== null) return { type: 'percent', percent: percentOff }
  invariant(amountOff !== null && currency !== null, 'a coupon must take off a percentage or an amount')
  return { type: 'amount', amount: amountOff, currency }
}

function durationFrom(type: CouponDuration['type'], periods: number | null): CouponDuration {
  if (type !== 'periods') return { type }
  invariant(periods !== null, 'a coupon for some periods must say how many')
  return { type, count: periods }
}

export function couponByCode(database: Database, organizationId: Organization, code: string) {
  return couponBy(database, organizationId, { code })
}

export function couponBy(
  database: Database,
  organizationId: Organization,
  by: { readonly id: Id<'coupon'> } | { readonly code: string },
) {
  return database.orm
    .select()
    .from(coupons)
    .where(
      and(eq(coupons.organizationId, organizationId), 'id' in by ? eq(coupons.id, by.id) : eq(coupons.code, by.code)),
    )
}

/** Archived coupons are left out unless asked for. */
export function couponPage(
  database: Database,
  organizationId: Organization,
  { archived, ...page }: PageQuery & { readonly archived: boolean },
) {
  return database.orm
    .select()
    .from(coupons)
    .where(
      and(
        eq(coupons.organizationId, organizationId),
        archived ? undefined : isNull(coupons.archivedAt),
        page.cursor === undefined ? undefined : lt(coupons.id, page.cursor as Id<'coupon'>),
      ),
    )
    .orderBy(desc(coupons.id))
    .limit(page.limit + 1)
}

/** The plans of these codes, archived ones too: their subscribers can have coupons. */
export function plansCalled(database: Database, organizationId: Organization, codes: readonly string[]) {
  return database.orm
    .select({ id: plans.id, code: plans.code })
    .from(plans)
    .where(and(eq(plans.organizationId, organizationId), inArray(plans.code, [...codes])))
}

/** The discounts of some accounts that have not ended; `chosen` is a subquery of (organization_id, account id). */
export function activeDiscountsOf(database: Database, chosen: SQL) {
  return database.orm
    .select()
    .from(discounts)
    .where(and(sql`(${discounts.organizationId}, ${discounts.accountId}) in ${chosen}`, isNull(discounts.endedAt)))
}

/** Those that took something off invoices' lines, ended or not; `invoices` is a subquery of (organization_id, invoice id). */
export function discountsOn(database: Database, invoices: SQL) {
  return database.orm
    .select()
    .from(discounts)
    .where(
      sql`(${discounts.organizationId}, ${discounts.id}) in (select l.organization_id, (d->>'discountId')::uuid
        from invoice_lines l, jsonb_array_elements(coalesce(l.detail->'discounts', '[]')) d
        where (l.organization_id, l.invoice_id) in ${invoices})`,
    )
}
