import type Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { encodeId } from '../../../src/kernel/id.ts'
import { plusMs } from '../../../src/kernel/instant.ts'
import { stripeBooks } from '../../../src/payments/stripe-balance.ts'
import { at, id } from '../../support/given.ts'

const NOW = at('2026-03-01')
const window = { from: NOW, to: plusMs(NOW, 90_000) }
const payment = id('payment', 1)
const refund = id('refund', 2)

type Listed = Readonly<Record<string, unknown>>

const charge = {
  ...{ id: 'ch_1', object: 'charge', amount: 4900, currency: 'usd', status: 'succeeded', payment_intent: 'pi_1' },
  metadata: { perennial_payment: encodeId('payment', payment) },
}
const refunded = {
  ...{ id: 're_1', object: 'refund', amount: 1000, currency: 'usd', status: 'succeeded', payment_intent: 'pi_1' },
  metadata: { perennial_payment: encodeId('payment', payment), perennial_refund: encodeId('refund', refund) },
}
const disputed = {
  ...{ id: 'du_1', object: 'dispute', amount: 4900, currency: 'usd', status: 'lost', payment_intent: 'pi_1' },
  metadata: {},
}

function transaction(about: Listed = {}): Listed {
  const moved = { reporting_category: 'charge', amount: 4900, currency: 'usd', created: NOW / 1000, source: charge }
  return { id: 'txn_1', object: 'balance_transaction', ...moved, ...about }
}

/** What a client is asked for, and what it answers. */
function listing(all: readonly Listed[]) {
  const asked: unknown[] = []
  const list = (parameters: unknown) => {
    asked.push(parameters)
    return { autoPagingToArray: async ({ limit }: { readonly limit: number }) => all.slice(0, limit) }
  }
  const books = stripeBooks({ balanceTransactions: { list } } as unknown as Stripe)
  return { asked, list: () => books.listEntries(window) }
}

const entries = (...all: readonly Listed[]) => listing(all).list()

describe('FR-071 Stripe’s balance transactions', () => {
  test('are asked for by whole seconds, with what they are of', async () => {
    const { asked, list } = listing([])
    expect(await list()).toEqual([])
    const created = { gte: NOW / 1000, lt: NOW / 1000 + 90 }
    expect(asked).toEqual([{ created, limit: 100, expand: ['data.source'] }])
  })

  test('of a payment', async () => {
    expect(await entries(transaction())).toEqual([
      {
        ...{
          id: 'txn_1',
          kind: 'charge',
          gatewayObject: 'pi_1',
          gatewayPayment: 'pi_1',
          amount: 4900n,
          currency: 'USD',
        },
        ...{ at: NOW, state: 'succeeded', ours: { payment, refund: null } },
      },
    ])
  })

  test('of a refund', async () => {
    const given = transaction({ reporting_category: 'refund', amount: -1000, source: refunded })
    expect(await entries(given)).toMatchObject([
      {
        ...{ kind: 'refund', gatewayObject: 're_1', gatewayPayment: 'pi_1', amount: -1000n, state: 'succeeded' },
        ours: { payment, refund },
      },
    ])
  })

  test('of a dispute, which has moved money however it stands', async () => {
    const given = transaction({ reporting_category: 'dispute', amount: -4900, source: disputed })
    expect(await entries(given)).toMatchObject([
      {
        ...{ kind: 'dispute', gatewayObject: 'du_1', gatewayPayment: 'pi_1', amount: -4900n, state: 'succeeded' },
        ours: { payment: null, refund: null },
      },
    ])
  })

  test.each([
    ['charge', charge, 'charge'],
    ['charge_failure', charge, 'charge_failure'],
    ['refund', refunded, 'refund'],
    ['refund_failure', refunded, 'refund_failure'],
    ['dispute', disputed, 'dispute'],
    ['dispute_reversal', disputed, 'dispute_reversal'],
    ['partial_capture_reversal', charge, 'other'],
    ['payout', { id: 'po_1', object: 'payout', amount: 4900, currency: 'usd' }, 'other'],
    ['fee', null, 'other'],
    ['charge', null, 'other'],
  ] as const)('%s of %o is %s', async (reporting_category, source, kind) => {
    expect(await entries(transaction({ reporting_category, source }))).toMatchObject([{ kind }])
  })

  test.each([
    ['charge', charge, 'pending', 'pending'],
    ['charge', charge, 'failed', 'failed'],
    ['refund', refunded, 'pending', 'pending'],
    ['refund', refunded, 'requires_action', 'pending'],
    ['refund', refunded, 'failed', 'failed'],
    ['refund', refunded, 'canceled', 'failed'],
    ['refund_failure', refunded, 'failed', 'succeeded'],
    ['charge_failure', charge, 'failed', 'succeeded'],
  ] as const)('%s: where the %o is %s it is %s', async (reporting_category, source, status, state) => {
    const given = transaction({ reporting_category, source: { ...source, status } })
    expect(await entries(given)).toMatchObject([{ state }])
  })

  test('are of what the customer paid, where they are kept in another currency', async () => {
    const source = { ...charge, amount: 9900, currency: 'eur' }
    expect(await entries(transaction({ source }))).toMatchObject([{ amount: 9900n, currency: 'EUR' }])
    const back = { reporting_category: 'refund', amount: -1100, source: { ...refunded, currency: 'eur' } }
    expect(await entries(transaction(back))).toMatchObject([{ amount: -1000n, currency: 'EUR' }])
  })

  test('are counted as we count', async () => {
    const source = { ...charge, currency: 'isk' }
    const given = transaction({ amount: 99_000, currency: 'isk', source })
    expect(await entries(given)).toMatchObject([{ amount: 990n, currency: 'ISK' }])
  })

  test('in a currency that is none are left out', async () => {
    expect(await entries(transaction({ currency: 'xxx', source: null }), transaction())).toHaveLength(1)
  })

  test('name nothing of ours where their metadata is somebody else’s', async () => {
    for (const metadata of [{}, null, { perennial_payment: 'none' }]) {
      const source = { ...charge, metadata }
      expect(await entries(transaction({ source }))).toMatchObject([{ ours: { payment: null, refund: null } }])
    }
  })

  test('of a charge without a payment go by the charge', async () => {
    const source = { ...charge, payment_intent: null }
    expect(await entries(transaction({ source }))).toMatchObject([{ gatewayObject: 'ch_1', gatewayPayment: null }])
  })

  test('are not read where they are too many', async () => {
    const full = Array.from({ length: 1_000 }, () => transaction())
    expect(await entries(...full)).toHaveLength(1_000)
    expect(await entries(...full, transaction())).toBeNull()
  })
})

describe('FR-071 one of them is found', () => {
  const found = transaction({ source: 'ch_1' })
  const retrieve = (answer: unknown) => ({ retrieve: async () => answer })

  test.each([
    ['succeeded', found, 'txn_1'],
    ['failed', found, null],
    ['succeeded', null, null],
  ])('by its payment: its charge is %s', async (status, balance_transaction, expected) => {
    const latest_charge = { ...charge, status, balance_transaction }
    const books = stripeBooks({ paymentIntents: retrieve({ latest_charge }) } as unknown as Stripe)
    expect((await books.findEntry({ payment: 'pi_1' }))?.id ?? null).toBe(expected)
  })

  test('not by a payment that was never tried', async () => {
    const books = stripeBooks({ paymentIntents: retrieve({ latest_charge: null }) } as unknown as Stripe)
    expect(await books.findEntry({ payment: 'pi_1' })).toBeNull()
  })

  test('by its refund', async () => {
    const balance_transaction = transaction({ reporting_category: 'refund', amount: -1000, source: 're_1' })
    const books = stripeBooks({ refunds: retrieve({ ...refunded, balance_transaction }) } as unknown as Stripe)
    expect(await books.findEntry({ refund: 're_1' })).toMatchObject({
      kind: 'refund',
      amount: -1000n,
      ours: { refund },
    })
  })

  test('by its id', async () => {
    const books = stripeBooks({ balanceTransactions: retrieve(transaction()) } as unknown as Stripe)
    expect(await books.findEntry({ entry: 'txn_1' })).toMatchObject({ id: 'txn_1', gatewayObject: 'pi_1' })
  })
})
