import Stripe from 'stripe'
import { expect, test } from 'vitest'
import { plusMs } from '../../../src/kernel/instant.ts'
import { stripeBooks } from '../../../src/payments/stripe-balance.ts'
import { at } from '../../support/given.ts'

const PAGE = 100
const noon = at('2026-03-01T12:00:00Z')

/** The books of a gateway that has so many entries, all of one second. */
function booksWith(count: number) {
  const entryAt = (n: number) => ({
    ...{ id: `txn_${n}`, object: 'balance_transaction', reporting_category: 'payout', source: null },
    ...{ amount: 100, currency: 'usd', created: noon / 1000 },
  })
  const answer = async (url: string | URL | Request) => {
    const after = new URL(String(url)).searchParams.get('starting_after')
    const from = after === null ? 0 : Number(after.slice('txn_'.length)) + 1
    const data = Array.from({ length: Math.min(PAGE, count - from) }, (_, n) => entryAt(from + n))
    return Response.json({ object: 'list', url: '/v1/balance_transactions', has_more: from + PAGE < count, data })
  }
  return stripeBooks(new Stripe('sk_test_books', { httpClient: Stripe.createFetchHttpClient(answer) }))
}

test.each([
  ['a second', 1_000, 1_100, 1_100],
  ['two seconds', 2_000, 1_000, 1_000],
  ['two seconds, which can be halved', 2_000, 1_001, undefined],
])('FR-071 %s (%i ms) with %i entries', async (_, ms, count, read) => {
  const entries = await booksWith(count).listEntries({ from: noon, to: plusMs(noon, ms) })
  expect(entries?.length).toBe(read)
  expect(new Set(entries?.map(({ id }) => id)).size).toBe(read ?? 0)
})
