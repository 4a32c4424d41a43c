import { afterEach, describe, expect, test, vi } from 'vitest'
import { eventsOf, expectSoundBooks } from '../support/books.ts'
import { body, type Json } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { storesNothing } from '../support/rows.ts'
import { type Selling, sellingTo } from '../support/selling.ts'
import { sql } from '../support/sql.ts'
import { cronRuns, realTimePasses } from '../support/worker.ts'

afterEach(() => {
  vi.useRealTimers()
})

const FAILS = 'pm_card_chargeCustomerFail'
const DAY_MS = 86_400_000

/** Jane owes 9900 since 2 March, due at once: she is reminded on day 3, warned on 7 and blocked on 14. */
async function owing(about: Json = {}): Promise<Selling & { readonly invoice: Json; readonly hold: string }> {
  const terms = { card: null, collection: 'invoice', payment_terms_days: 0 }
  const world = await sellingTo({ ...terms, ...about })
  const { latest_invoice: invoice } = await world.jane.subscribes('pro')
  return { ...world, invoice, hold: `/v1/accounts/${world.jane.id}/dispute_hold` }
}

const step = async ({ jane }: Selling) => (await jane.shown()).overdue.step
const access = async ({ jane }: Selling) => (await jane.subscriptions()).map((one) => one.access)

async function settled(world: Selling, dunning: Json): Promise<void> {
  const before = body(await world.client.get('/v1/settings')).dunning
  body(await world.client.patch('/v1/settings', { dunning: { ...before, ...dunning } }))
}

describe('FR-082 FR-083 an account is judged every day', () => {
  test('by the days past due of its oldest open invoice: CURRENT, WARNING, BLOCKED', async () => {
    const world = await owing()
    const { jane, until, day } = world
    const seen: unknown[] = []
    for (let n = 0; n <= 15; n++) {
      await until(day(n))
      const { status, step } = (await jane.shown()).overdue
      seen.push([status, step])
    }
    expect(seen).toEqual([
      ['current', 'none'],
      ...Array(2).fill(['current', 'past_due']),
      ...Array(4).fill(['current', 'reminder']),
      ...Array(7).fill(['warning', 'warning']),
      ...Array(2).fill(['blocked', 'blocked']),
    ])
    const since = (await jane.shown()).overdue.since
    expect(since, 'from the begin of the day').toBe('2026-03-16T00:00:00Z')
  })

  test('on the days that the organization says', async () => {
    const world = await owing()
    const { until, day } = world
    await settled(world, { reminder_days: 1, warning_days: 2, blocked_days: 4 })
    const steps: string[] = []
    for (const n of [1, 2, 3, 4]) {
      await until(day(n))
      steps.push(await step(world))
    }
    expect(steps).toEqual(['reminder', 'warning', 'warning', 'blocked'])
  })

  test('and is found by how it stands', async () => {
    const world = await owing()
    const { client, jane, until, day, account } = world
    await account({ name: 'John' })
    await until(day(8))
    const found = async (status: string) =>
      body(await client.get(`/v1/accounts?overdue_status=${status}`)).data.map(({ id }: Json) => id)
    expect(await found('warning')).toEqual([jane.id])
    expect(await found('current')).toHaveLength(1)
    expect(await found('blocked')).toEqual([])
    expectProblem(await client.get('/v1/accounts?overdue_status=late'), 422, 'invalid_request')
  })

  test('by what is left: paying the oldest goes back as far as the next one allows', async () => {
    const world = await owing()
    const { jane, until, day, invoice } = world
    await until(day(5))
    await jane.isBilled({ Work: '700' })
    await until(day(15))
    expect(await step(world)).toBe('blocked')
    body(await jane.paysByHand(invoice))
    // The newer one is due on day 5: ten days past due are a warning.
    expect(await step(world)).toBe('warning')
    expect((await jane.wasTold()).at(-1), 'not all is well again').toBe('payment_receipt')
    expect(await access(world)).toEqual(['grace'])
  })
})

describe('FR-084 FR-091 each step is told once', () => {
  test('and counts from the due date, not from the invoice', async () => {
    const world = await owing({ payment_terms_days: 30 })
    const { jane, until, day } = world
    const told: Json[] = []
    for (const n of [30, 31, 32, 33, 34, 36, 37, 38, 43, 44, 45]) {
      await until(day(n))
      const count = (await jane.wasTold()).length
      told.push([n, count])
    }
    const counts = told.map(([, count]: Json) => count)
    expect(counts).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3])
    expect(await jane.wasTold()).toEqual(['payment_reminder', 'overdue_warning', 'access_blocked'])
  })

  test('also where a day was missed: only the step that it has come to', async () => {
    const world = await owing()
    const { jane, until, day, client } = world
    await until(day(8))
    await settled(world, { reminder_days: 1, warning_days: 2, blocked_days: 3 })
    body(await client.post('/v1/credits', { account: jane.id, amount: 1, reason: 'Any command' }))
    expect(await step(world)).toBe('blocked')
    expect(await jane.wasTold()).toEqual(['payment_reminder', 'overdue_warning', 'access_blocked'])
  })
})

describe('FR-040 FR-085 an overdue account takes no new subscription', () => {
  test.each([
    [5, null],
    [7, 'warning'],
    [14, 'blocked'],
  ])('%i days past due: %s', async (days, status) => {
    const world = await owing()
    const { jane, until, day, client, plan } = world
    await plan('more')
    const sub = (await jane.subscriptions())[0]
    await until(day(days))
    if (status === null) {
      body(await jane.asksToSubscribe('more'))
      return
    }
    const refused = await storesNothing(() => jane.asksToSubscribe('more'))
    expectProblem(refused, 409, 'account_overdue', { detail: expect.stringContaining(status) })
    const preview = { new_subscription: { account: jane.id, plan: 'more' } }
    expectProblem(await client.post('/v1/invoices/preview', preview), 409, 'account_overdue')
    // What it has can be changed and cancelled, and it can be billed by hand.
    body(await client.post(`/v1/subscriptions/${sub?.id}/change`, { quantity: 2 }))
    body(await client.post(`/v1/subscriptions/${sub?.id}/cancel`, {}))
    await jane.isBilled({ Work: '700' })
  })

  test('by the days, not by who looked: also before cron has been there, which then says so', async () => {
    const terms = { card: null, collection: 'invoice', payment_terms_days: 0, test_clock: undefined }
    const { jane, plan } = await sellingTo(terms)
    await plan('more')
    await jane.subscribes('pro')
    realTimePasses(9 * DAY_MS)
    expect((await jane.shown()).overdue.status).toBe('current')
    expectProblem(await jane.asksToSubscribe('more'), 409, 'account_overdue')
    await cronRuns()
    await expect.poll(async () => (await jane.shown()).overdue.status).toBe('warning')
  })
})

describe('FR-086 the application is told what to let its customer do', () => {
  test('by `access` on each subscription, and an event when it changes', async () => {
    const world = await owing()
    const { jane, until, day, plan, invoice } = world
    await plan('more')
    const more = await jane.buys('more', { trial_days: 60 })
    const seen: unknown[] = [await access(world)]
    for (const n of [1, 7, 14]) {
      await until(day(n))
      seen.push(await access(world))
    }
    body(await jane.paysByHand(invoice))
    seen.push(await access(world))
    const both = ['granted', 'grace', 'grace', 'blocked', 'granted']
    expect(seen).toEqual(both.map((one) => [one, one]))
    const told = await sql(
      `select data ->> 'access' as access, previous ->> 'access' as before from events
       where type = 'subscription.access_changed' and data ->> 'id' = $1 order by id`,
      more.id,
    )
    expect(told.map((one) => [one.before, one.access])).toEqual([
      ['granted', 'grace'],
      ['grace', 'blocked'],
      ['blocked', 'granted'],
    ])
  })

  test('and a failing card is in grace from the first failure on, until the last retry has failed', async () => {
    const world = await sellingTo({ card: FAILS })
    const { jane, until, day } = world
    expect((await jane.subscribes('pro')).access).toBe('grace')
    await until(day(9))
    expect(await access(world)).toEqual(['grace'])
    await until(day(10))
    expect(await access(world)).toEqual(['blocked'])
  })
})

describe('FR-087 paying clears it at once', () => {
  const ways: Readonly<Record<string, (world: Selling & { readonly invoice: Json }) => Promise<unknown>>> = {
    'a new card, where it is charged': async ({ jane, client }) => {
      body(await client.patch(`/v1/accounts/${jane.id}`, { collection: 'automatic' }))
      return jane.changesCard('pm_card_visa')
    },
    'a payment by hand': async ({ jane, invoice }) => body(await jane.paysByHand(invoice)),
    credit: async ({ jane, client, invoice }) => {
      await jane.isGranted(9900)
      return body(await client.post(`/v1/invoices/${invoice.id}/apply_credit`, {}))
    },
    'a credit note': async ({ client, invoice }) =>
      body(await client.post('/v1/credit_notes', { invoice: invoice.id, reason: 'Wrong' })),
    'a void': async ({ client, invoice }) =>
      body(await client.post(`/v1/invoices/${invoice.id}/void`, { reason: 'Wrong', regenerate: false })),
    'giving it up': async ({ client, invoice }) =>
      body(await client.post(`/v1/invoices/${invoice.id}/mark_uncollectible`)),
  }

  test.each(Object.keys(ways))('by %s', async (way) => {
    const world = await owing()
    const { jane, until, day } = world
    await until(day(20))
    expect([await step(world), await access(world)]).toEqual(['blocked', ['blocked']])
    await ways[way]?.(world)
    expect(await jane.owes()).toBe(0)
    expect((await jane.shown()).overdue).toEqual({ status: 'current', step: 'none', since: day(20) })
    expect(await access(world)).toEqual(['granted'])
    expect((await jane.wasTold()).at(-1)).toBe('access_restored')
    expect((await eventsOf(jane.id)).filter((type) => type === 'account.overdue_changed')).toHaveLength(5)
    await expectSoundBooks(world)
  })
})

describe('FR-088 a dispute hold', () => {
  test('stops the days and gives them back: every step comes so many days later', async () => {
    const world = await owing()
    const { jane, client, until, day, hold } = world
    await until(day(5))
    const held = await client.post(hold, { reason: 'Never ordered' })
    expect([held.status, held.body.dispute_hold]).toEqual([201, { since: day(5), reason: 'Never ordered' }])
    await until(day(25))
    expect(await step(world)).toBe('reminder')
    await world.plan('more')
    body(await jane.asksToSubscribe('more', { trial_days: 90 }))
    const released = body(await client.delete(hold))
    expect([released.dispute_hold, released.overdue.step]).toEqual([null, 'reminder'])
    await until(day(26))
    expect(await step(world)).toBe('reminder')
    // Day 7 was two days off when the hold began: it is two days off when it ends.
    await until(day(27))
    expect(await step(world)).toBe('warning')
    await until(day(34))
    expect(await step(world)).toBe('blocked')
    expect(await jane.wasTold()).toEqual(['payment_reminder', 'overdue_warning', 'access_blocked'])
  })

  test('lets retries wait, and they go on where they stood', async () => {
    const world = await sellingTo({ card: FAILS })
    const { jane, client, until, day } = world
    const hold = `/v1/accounts/${jane.id}/dispute_hold`
    await jane.subscribes('pro')
    await until(day(4))
    body(await client.post(hold, { reason: 'Never ordered' }))
    await until(day(14))
    expect(await jane.attempts()).toHaveLength(2)
    body(await client.delete(hold))
    expect((await jane.invoices())[0]?.collection).toMatchObject({ state: 'retrying', next_attempt_at: day(15) })
    await until(day(20))
    expect((await jane.attempts()).map(({ due_at }) => due_at)).toEqual([day(0), day(3), day(15), day(17), day(20)])
    expect(await step(world)).toBe('blocked')
  })

  test('is no obstacle to paying', async () => {
    const world = await owing()
    const { jane, client, until, day, hold, invoice } = world
    await until(day(8))
    body(await client.post(hold, { reason: 'Never ordered' }))
    body(await jane.paysByHand(invoice))
    expect([await step(world), await access(world)]).toEqual(['none', ['granted']])
    body(await client.delete(hold))
    expect(await step(world)).toBe('none')
  })

  test('is placed once and released once, with a reason and under a key', async () => {
    const world = await owing()
    const { client, hold, jane } = world
    const place = () => client.post(hold, { reason: 'Never ordered' }, { headers: { 'Idempotency-Key': 'key-1' } })
    expectProblem(await client.post(hold, {}), 422, 'invalid_request', pointsAt('/reason'))
    expectProblem(await storesNothing(() => client.delete(hold)), 409, 'command_not_possible')
    const first = await place()
    const again = await storesNothing(place)
    expect([again.text, again.headers.get('Idempotent-Replayed')]).toEqual([first.text, 'true'])
    const more = await storesNothing(() => client.post(hold, { reason: 'Once more' }))
    expectProblem(more, 409, 'command_not_possible')
    body(await client.delete(hold))
    expectProblem(await storesNothing(() => client.delete(hold)), 409, 'command_not_possible')
    expect((await eventsOf(jane.id)).slice(-2)).toEqual([
      'account.dispute_hold_placed',
      'account.dispute_hold_released',
    ])
  })
})
