import Stripe from 'stripe'
import { expect, test } from 'vitest'
import { plusMs } from '../../../src/kernel/instant.ts'
import { stripeBooks } from '../../../src/payments/stripe-balance.ts'
import { at } from '../../support/given.ts'

const PAGE = 100
const noon = at('2026-03-01T12:00:00Z')

const payout = { reporting_category: 'payout', source: null, amount: 100, currency: 'usd' }

/** The books of a gateway that has so many entries, all alike and of one second. */
function booksWith(count: number, transaction: object = payout) {
  const entryAt = (n: number) => ({
    ...{ id: `txn_${n}`, object: 'balance_transaction', created: noon / 1000 },
    ...transaction,
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

test.each([
  ['its charge', { object: 'charge', id: 'py_1', status: 'failed' }],
  ['a refund', { object: 'refund', id: 'pyr_1', status: 'succeeded' }],
])('FR-071 the reversal of a debit is of its payment, whether the gateway books it as of %s', async (_, source) => {
  const about = { amount: 4900, currency: 'usd', payment_intent: 'pi_1', metadata: {} }
  const reversal = {
    reporting_category: 'charge_failure',
    source: { ...about, ...source },
    amount: -4900,
    currency: 'usd',
  }
  expect(await booksWith(1, reversal).listEntries({ from: noon, to: plusMs(noon, 1_000) })).toMatchObject([
    { kind: 'charge_failure', gatewayObject: 'pi_1', gatewayPayment: 'pi_1', amount: -4900n, state: 'succeeded' },
  ])
})
