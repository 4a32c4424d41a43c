import { describe, expect, test } from 'vitest'
import { eventsOf, expectSoundBooks } from '../support/books.ts'
import { body, type Json } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { toldTo } from '../support/told.ts'
import { type Customer, later, monthly, newWorld, type World, yearly } from '../support/world.ts'

/** In New York it is still 1 March, in the evening. */
const START = '2026-03-02T02:00:00Z'
const ZONE = 'America/New_York'
/** Midnight there: clocks go forward on 8 March. */
const midnight = (date: string) => `2026-${date}T04:00:00Z`

/** Sells `pro` for 9900 a month or 99000 a year. */
async function selling(about: Json = {}): Promise<World & { readonly jane: Customer }> {
  const world = await newWorld(START)
  await world.plan('pro', { prices: [monthly('USD', '9900'), yearly('USD', '99000')] })
  return { ...world, jane: await world.account({ card: null, timezone: ZONE, ...about }) }
}

const byInvoice = { collection: 'invoice', payment_terms_days: 14 }
const perMonth = { interval: 'month' }
const perYear = { interval: 'year' }

/** What the application sees, and what the customer was told last. */
async function standing({ jane }: { readonly jane: Customer }) {
  const [{ overdue }, [subscription], told] = await Promise.all([jane.shown(), jane.subscriptions(), jane.wasTold()])
  return [overdue.step, overdue.status, subscription?.access, told.at(-1) ?? null]
}

const secondBefore = (instant: string) => new Date(Date.parse(instant) - 1000).toISOString()

/** When a step is reached, and how it stands then. */
type Steps = readonly (readonly [at: string, stands: readonly unknown[]])[]

async function expectSteps(world: World & { readonly jane: Customer }, steps: Steps): Promise<void> {
  for (const [at, stands] of steps) {
    const before = await standing(world)
    await world.until(secondBefore(at))
    expect([at, await standing(world)], 'a second earlier').toEqual([at, before])
    await world.until(at)
    expect([at, await standing(world)]).toEqual([at, stands])
  }
}

describe('S8 friendly dunning of who pays by invoice', () => {
  // Due on 15 March: finalised on the 1st, and 14 days.
  const steps: Steps = [
    [midnight('03-16'), ['past_due', 'current', 'grace', null]],
    [midnight('03-18'), ['reminder', 'current', 'grace', 'payment_reminder']],
    [midnight('03-22'), ['warning', 'warning', 'grace', 'overdue_warning']],
    [midnight('03-29'), ['blocked', 'blocked', 'blocked', 'access_blocked']],
  ]

  test('FR-083 FR-091 days 3, 7 and 14 count from the due date, in the account’s zone', async () => {
    const world = await selling(byInvoice)
    const { jane } = world
    const { latest_invoice: invoice, payment } = await jane.subscribes('pro', perMonth)
    expect([payment, invoice.due_at, invoice.collection.state]).toEqual([null, midnight('03-16'), 'idle'])
    await expectSteps(world, steps)
    const told = await toldTo(jane.id)
    expect(told.map(({ facts }) => [facts.amount, facts.invoices, facts.blockedAt])).toEqual([
      ['9900', ['JANE-0001'], Date.parse(midnight('03-29'))],
      ['9900', ['JANE-0001'], Date.parse(midnight('03-29'))],
      ['9900', ['JANE-0001'], null],
    ])
    await world.plan('more')
    expectProblem(await jane.asksToSubscribe('more'), 409, 'account_overdue')
    expect(await jane.attempts()).toEqual([])
    await expectSoundBooks(world)
  })

  test('FR-087 paying unblocks at once, with a welcome back', async () => {
    const world = await selling(byInvoice)
    const { jane } = world
    const sub = await jane.buys('pro', perMonth)
    await world.until('2026-03-30T12:00:00Z')
    expect(await standing(world)).toEqual(['blocked', 'blocked', 'blocked', 'access_blocked'])
    const paid = body(await jane.paysByHand(sub.made.latest_invoice, { reference: 'Wire of 30 March' }))
    expect(paid).toMatchObject({ status: 'paid', paid: 9900, payment: { status: 'succeeded', gateway_payment: null } })
    expect(await standing(world)).toEqual(['none', 'current', 'granted', 'access_restored'])
    expect((await jane.shown()).overdue).toEqual({
      ...{ status: 'current', step: 'none', since: '2026-03-30T12:00:00Z' },
    })
    expect((await jane.wasTold()).slice(-2)).toEqual(['payment_receipt', 'access_restored'])
    expect((await eventsOf(jane.id)).filter((type) => type.includes('overdue'))).toEqual(
      Array(5).fill('account.overdue_changed'),
    )
    const access = (await eventsOf(sub.id)).filter((type) => type === 'subscription.access_changed')
    expect(access, 'grace, blocked, granted').toHaveLength(3)
    await world.plan('more')
    body(await jane.asksToSubscribe('more'))
    await expectSoundBooks(world)
  })

  test('who pays before the first reminder is told nothing but thanks', async () => {
    const world = await selling(byInvoice)
    const { jane } = world
    const { latest_invoice: invoice } = await jane.subscribes('pro', perMonth)
    await world.until('2026-03-17T12:00:00Z')
    expect(await standing(world)).toEqual(['past_due', 'current', 'grace', null])
    body(await jane.paysByHand(invoice))
    expect(await standing(world)).toEqual(['none', 'current', 'granted', 'payment_receipt'])
    expect(await jane.wasTold()).toEqual(['payment_receipt'])
  })
})

describe('S8 friendly dunning of who is charged and has nothing to be charged', () => {
  // Due on 8 March: seven days of grace.
  const steps: Steps = [
    [midnight('03-09'), ['past_due', 'current', 'grace', 'payment_method_missing']],
    [midnight('03-11'), ['reminder', 'current', 'grace', 'payment_reminder']],
    [midnight('03-15'), ['warning', 'warning', 'grace', 'overdue_warning']],
    [midnight('03-22'), ['blocked', 'blocked', 'blocked', 'access_blocked']],
  ]

  test('FR-084 is asked for a method at once, has 7 days, and then goes the same way', async () => {
    const world = await selling()
    const { jane } = world
    const { latest_invoice: invoice, access } = await jane.subscribes('pro', perMonth)
    expect([invoice.due_at, access]).toEqual([midnight('03-09'), 'granted'])
    expect(await standing(world)).toEqual(['none', 'current', 'granted', 'payment_method_missing'])
    await expectSteps(world, steps)
    await expectSoundBooks(world)
  })

  test('FR-087 whose new card is charged in the same request, and who is welcomed back', async () => {
    const world = await selling()
    const { jane, gateway } = world
    await jane.subscribes('pro', perMonth)
    await world.until('2026-03-23T12:00:00Z')
    expect((await jane.shown()).overdue.status).toBe('blocked')
    await jane.changesCard('pm_card_visa')
    expect(await standing(world)).toEqual(['none', 'current', 'granted', 'access_restored'])
    expect(await jane.invoices()).toMatchObject([{ status: 'paid', paid: 9900 }])
    expect(await gateway.taken()).toMatchObject({ succeeded_count: 1, received: { usd: 9900 } })
    await expectSoundBooks(world)
  })
})

describe('S8 an account that stays blocked', () => {
  // Blocked on 29 March; thirty local days later is 28 April.
  const ENDS = midnight('04-28')

  test.each([
    ['cancel', 'cancelled', 'open', 99_000, 'blocked', 'subscription_ended_unpaid'],
    ['leave', 'active', 'open', 99_000, 'blocked', 'access_blocked'],
    ['uncollectible', 'cancelled', 'uncollectible', 0, 'current', 'subscription_ended_unpaid'],
  ])('is after 30 days more dealt with as the settings say: %s', async (...row) => {
    const [terminal_action, status, invoice, balance, overdue, told] = row
    const world = await selling(byInvoice)
    const { client, jane } = world
    const { dunning } = body(await client.get('/v1/settings'))
    body(await client.patch('/v1/settings', { dunning: { ...dunning, terminal_action } }))
    const sub = await jane.buys('pro', perYear)
    await world.until(secondBefore(ENDS))
    expect([(await sub.shown()).status, (await jane.invoices()).map((one) => one.status)]).toEqual(['active', ['open']])
    await world.until(ENDS)
    expect(await sub.shown()).toMatchObject({ status })
    expect(await jane.invoices()).toMatchObject([{ status: invoice, balance }])
    expect((await jane.shown()).overdue.status).toBe(overdue)
    expect((await jane.wasTold()).at(-1)).toBe(told)
    const before = await jane.wasTold()
    await world.until(later(ENDS, '1 year'))
    if (status === 'cancelled') expect(await jane.wasTold(), 'nothing more').toEqual(before)
    await expectSoundBooks(world)
  })

  test('is billed on and tried once a month until then, and what is owed stays owed', async () => {
    const world = await selling({ card: 'pm_card_chargeCustomerFail' })
    const { jane } = world
    const sub = await jane.buys('pro', perMonth)
    await world.until('2026-04-05T00:00:00Z')
    expect((await jane.invoices()).map(({ status, collection }) => [status, collection.state])).toEqual([
      ['open', 'exhausted'],
      ['open', 'suspended'],
    ])
    const renewal = (await jane.payments()).at(-1)
    expect((await jane.attempts()).filter(({ payment }) => payment === renewal.id)).toHaveLength(1)
    await world.until('2026-04-20T00:00:00Z')
    expect(await sub.shown()).toMatchObject({ status: 'cancelled' })
    expect(await jane.owes()).toBe(19_800)
    await jane.changesCard('pm_card_visa')
    expect(await jane.owes()).toBe(0)
    expect((await jane.shown()).overdue.status).toBe('current')
    await expectSoundBooks(world)
  })
})
