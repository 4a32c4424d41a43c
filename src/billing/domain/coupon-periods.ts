import { activeAt, consume, giveBack } from '../../discounts/domain/discount.ts'
import { type Discountable, discountLines } from '../../discounts/domain/discount-lines.ts'
import { discounted } from '../../invoices/domain/draft.ts'
import type { Invoice, Line } from '../../invoices/domain/invoice.ts'
import { all } from './book.ts'
import { type Context, tell, type Work } from './work.ts'

/** Takes off what coupons take off; a billing period whose base they discounted is one of theirs. */
export function discountedBy(
  work: Work,
  about: readonly { readonly subscriptionId: Line['subscriptionId']; readonly planId: Discountable['planId'] }[],
  lines: readonly Line[],
  { now }: Context,
): { readonly work: Work; readonly lines: readonly Line[] } {
  const own = activeAt(all(work.discounts), now)
  if (own.length === 0) return { work, lines }
  const priced = about.map((one, index) => ({ ...one, amount: lines[index]?.amount ?? 0n }))
  const taken = discountLines(priced, own)
  // A credit keeps the discounts of what it credits.
  const netted = lines.map((line, index) => (line.creditsLineId === null ? discounted(line, taken[index] ?? []) : line))
  const used = new Set(
    netted.flatMap(({ kind, discounts }) => (kind === 'base' ? discounts.map(({ discountId }) => discountId) : [])),
  )
  let next = work
  for (const one of own.filter(({ id }) => used.has(id))) {
    const after = consume(one, now)
    if (after !== one)
      next = tell(next, 'discount', after.endedAt === null ? 'discount.used' : 'discount.ended', after, now)
  }
  return { work: next, lines: netted }
}

/**
 * Lines of a draft that is made anew: coupons are taken off all of it as of now, and use one period. What changes left
 * for the next invoice is discounted by its own rule.
 */
export function discountedAnew(
  start: Work,
  draft: Pick<Invoice, 'lines'> | null,
  lines: readonly Line[],
  context: Context,
): ReturnType<typeof discountedBy> {
  const back = draft === null ? start : periodsGivenBack(start, draft, context)
  const { versions } = context.snapshot
  const periods = lines.filter((line) => !isProrated(line))
  const about = periods.map(({ subscriptionId, planVersionId }) => ({
    subscriptionId,
    planId: planVersionId === null ? null : (versions.get(planVersionId)?.planId ?? null),
  }))
  const { work, lines: taken } = discountedBy(back, about, periods, context)
  return { work, lines: [...lines.filter(isProrated), ...taken] }
}

function isProrated({ kind }: Line): boolean {
  return kind === 'proration_credit' || kind === 'proration_charge'
}

/** The base lines say which coupons used one of their periods. */
export function periodsGivenBack(work: Work, invoice: Pick<Invoice, 'lines'>, { now }: Context): Work {
  const used = new Set(
    invoice.lines.flatMap(({ kind, discounts }) =>
      kind === 'base' ? discounts.map(({ discountId }) => discountId) : [],
    ),
  )
  let next = work
  for (const id of used) {
    const discount = next.discounts.now.get(id)
    const after = discount && giveBack(discount, activeAt(all(next.discounts), now))
    if (after && after !== discount) next = tell(next, 'discount', 'discount.given_back', after, now)
  }
  return next
}
