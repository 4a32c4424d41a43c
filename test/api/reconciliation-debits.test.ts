import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Json } from '../support/client.ts'
import { type Books, booksOf, DAY_MS, rowOf } from '../support/reconciliation.ts'
import { sql } from '../support/sql.ts'
import { chargesRun, realTimePasses } from '../support/worker.ts'
import { type Customer, newWorld, type World } from '../support/world.ts'

const HOUR_MS = 3_600_000
const clean = { not_ours: 0, found: 0, vanished: 0 }

let world: World
let books: Books
let jane: Customer
let payment: Json

beforeEach(async () => {
  world = await newWorld()
  books = await booksOf(world.client)
  await world.plan('pro')
  jane = await world.account({ test_clock: undefined, card: 'pm_usBankAccount_insufficientFunds' })
  payment = (await jane.subscribes('pro')).payment
  expect(payment).toMatchObject({ status: 'pending', outcome: 'processing' })
})

afterEach(() => {
  vi.useRealTimers()
})

/** The bank has sent the debit back, and we hear of it. */
async function isHeardOf(): Promise<void> {
  realTimePasses(HOUR_MS + 1_000)
  await chargesRun()
  expect(await jane.payments()).toMatchObject([{ status: 'failed', outcome: 'declined' }])
}

/** The same payment, at the gateway too. */
async function paysByCard(): Promise<void> {
  await jane.changesCard('pm_card_visa')
  await chargesRun()
  const { id, gateway_payment } = payment
  expect(await jane.payments()).toMatchObject([{ id, gateway_payment, status: 'succeeded' }])
}

async function hasNoDifference(): Promise<void> {
  expect(await books.differences()).toEqual([])
  expect(await books.events()).toEqual([])
  expect(await world.gateway.bugs()).toEqual([])
}

/** The gateway's entries that hold the money of the payment, as we have it. */
async function matched(): Promise<unknown> {
  const [row] = await sql('select balance_transaction from payments where id = $1', rowOf('payment', payment.id))
  return row?.balance_transaction
}

describe('FR-071 a debit that came back, and whose payment a card paid then, is no difference', () => {
  test('where all of it is read at once', async () => {
    await world.gateway.settles()
    await isHeardOf()
    await paysByCard()
    expect(await books.reconciles()).toEqual({ ...clean, entries: 3, matched: 3 })
    const card = await matched()
    expect(card).toMatch(/^txn_/)
    expect(await books.reconciles()).toEqual({ ...clean, entries: 3, matched: 3 })
    expect(await matched()).toBe(card)
    await hasNoDifference()
  })

  test('where the debit was read days before it came back', async () => {
    expect(await books.reconciles()).toEqual({ ...clean, entries: 1, matched: 1 })
    const debit = await matched()
    realTimePasses(4 * DAY_MS)
    await books.reconciles()
    expect(await books.reconciles()).toEqual({ ...clean, entries: 0, matched: 0 })
    await world.gateway.passes((4 * DAY_MS) / 1000)
    await isHeardOf()
    await paysByCard()
    expect(await books.reconciles()).toEqual({ ...clean, entries: 2, matched: 2 })
    expect(await matched()).toMatch(/^txn_/)
    expect(await matched()).not.toBe(debit)
    await hasNoDifference()
  })

  test('where the card paid so lately that its charge is not read yet', async () => {
    await world.gateway.settles()
    await isHeardOf()
    await world.gateway.passes((3 * HOUR_MS) / 1000)
    await paysByCard()
    expect(await books.reconciles()).toEqual({ ...clean, entries: 2, matched: 2 })
    const card = await matched()
    expect(await books.reconciles()).toEqual({ ...clean, entries: 3, matched: 3 })
    expect(await matched()).toBe(card)
    await hasNoDifference()
  })
})

describe('FR-071 a debit that came back', () => {
  test('and was paid by nothing is none', async () => {
    await world.gateway.settles()
    await isHeardOf()
    expect(await books.reconciles()).toEqual({ ...clean, entries: 2, matched: 2 })
    expect(await matched()).toBeNull()
    await hasNoDifference()
  })

  test('is missing where we say that it succeeded, until we do not', async () => {
    await world.gateway.settles()
    const is = (what: string) => sql(`update payments set ${what} where id = $1`, rowOf('payment', payment.id))
    await is("status = 'succeeded', settled_at = now()")
    expect(await books.reconciles()).toEqual({ ...clean, entries: 2, matched: 2, found: 1 })
    expect(await books.differences()).toMatchObject([
      {
        ...{ kind: 'missing_there', gateway_object: payment.gateway_payment, object: payment.id },
        ...{ status: 'open', expected: 4900, actual: null },
      },
    ])
    expect(await books.reconciles()).toMatchObject({ found: 0, vanished: 0 })
    await is("status = 'failed', settled_at = null")
    expect(await books.reconciles()).toMatchObject({ found: 0, vanished: 1 })
  })
})
