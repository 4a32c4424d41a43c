import { expect, test } from 'vitest'
import { eventsOf, expectSoundBooks } from '../support/books.ts'
import { body, type Json } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { sql } from '../support/sql.ts'
import { toldTo } from '../support/told.ts'
import { chargesRun, cronRuns } from '../support/worker.ts'
import { type Customer, later, monthly, newWorld, type World } from '../support/world.ts'

const START = '2026-03-02T09:00:00Z'
const day = (n: number) => later(START, `${n} days`)

/** A world that sells `pro` for 9900 a month, and a customer whose card can be attached and then never pays. */
async function selling(card = 'pm_card_chargeCustomerFail'): Promise<World & { readonly jane: Customer }> {
  const world = await newWorld(START)
  await world.plan('pro', { prices: [monthly('USD', '9900')] })
  return { ...world, jane: await world.account({ card, timezone: 'UTC' }) }
}

/** Where everything stands, in one line. */
async function standing({ jane }: { readonly jane: Customer }) {
  const [[invoice], [subscription], { overdue }] = await Promise.all([
    jane.invoices(),
    jane.subscriptions(),
    jane.shown(),
  ])
  const { state, next_attempt_at } = invoice?.collection ?? {}
  return [(await jane.attempts()).length, state, next_attempt_at, overdue.status, subscription?.access]
}

test('S5 FR-057 FR-066 the sale charges at once: PAID, a receipt, its events, and never twice', async () => {
  const world = await selling('pm_card_visa')
  const { client, jane, gateway } = world
  const asks = () =>
    client.post('/v1/subscriptions', { account: jane.id, plan: 'pro' }, { headers: { 'Idempotency-Key': 'a-sale' } })
  const { latest_invoice: invoice, payment, access } = body(await asks())
  expect(invoice).toMatchObject({ status: 'paid', paid: 9900, balance: 0, collection: { state: 'idle' } })
  expect([payment.status, access]).toEqual(['succeeded', 'granted'])
  expect(await jane.wasTold()).toEqual(['payment_receipt'])
  expect(await eventsOf(invoice.id)).toEqual(['invoice.created', 'invoice.finalized', 'invoice.paid'])
  expect(await eventsOf(payment.id)).toEqual(['payment.created', 'payment.succeeded'])
  expect((await asks()).headers.get('Idempotent-Replayed')).toBe('true')
  await Promise.all([chargesRun(), cronRuns()])
  await world.until(day(20))
  expect(await gateway.taken()).toMatchObject({ succeeded_count: 1, received: { usd: 9900 } })
  expect(await gateway.confirmations()).toHaveLength(1)
  await expectSoundBooks(world)
})

/** At 09:00 of each day: tries, collection, the next try, overdue status, access; and what was told since the day before. */
const failing: readonly (readonly [number, readonly unknown[], readonly string[]])[] = [
  [0, [1, 'retrying', day(3), 'current', 'grace'], ['payment_failed']],
  [1, [1, 'retrying', day(3), 'current', 'grace'], []],
  [2, [1, 'retrying', day(3), 'current', 'grace'], []],
  [3, [2, 'retrying', day(5), 'current', 'grace'], ['payment_reminder', 'payment_failed']],
  [4, [2, 'retrying', day(5), 'current', 'grace'], []],
  [5, [3, 'retrying', day(7), 'current', 'grace'], ['payment_failed']],
  [6, [3, 'retrying', day(7), 'current', 'grace'], []],
  [7, [4, 'retrying', day(10), 'warning', 'grace'], ['overdue_warning', 'payment_failed']],
  [8, [4, 'retrying', day(10), 'warning', 'grace'], []],
  [9, [4, 'retrying', day(10), 'warning', 'grace'], []],
  [10, [5, 'exhausted', null, 'blocked', 'blocked'], ['payment_failed', 'access_blocked']],
  [11, [5, 'exhausted', null, 'blocked', 'blocked'], []],
  [25, [5, 'exhausted', null, 'blocked', 'blocked'], []],
]

test('S5 FR-060 FR-065 a card that fails is tried on days 3, 5, 7 and 10, with a notice each; then access ends', async () => {
  const world = await selling()
  const { client, jane, gateway } = world
  const { latest_invoice: invoice, payment } = await jane.subscribes('pro')
  let told = 0
  for (const [n, stands, tells] of failing) {
    await world.until(day(n))
    expect([n, await standing(world)]).toEqual([n, stands])
    const all = await jane.wasTold()
    expect([n, all.slice(told)]).toEqual([n, tells])
    told = all.length
  }
  const tries = await jane.attempts()
  expect(tries.map(({ reason, due_at, outcome }) => [reason, due_at, outcome])).toEqual([
    ['first', START, 'declined'],
    ...[3, 5, 7, 10].map((n) => ['retry', day(n), 'declined']),
  ])
  const failures = (await toldTo(jane.id)).filter(({ kind }) => kind === 'payment_failed')
  const nextTries = [3, 5, 7, 10].map((n) => Date.parse(day(n)))
  expect(failures.map(({ facts }) => facts.nextAttemptAt)).toEqual([...nextTries, null])
  expect(failures[0]?.facts).toMatchObject({ amount: '9900', invoices: ['JANE-0001'], method: { last4: '0341' } })
  expect(
    (await jane.payments()).map(({ id, status }) => [id, status]),
    'one payable',
  ).toEqual([[payment.id, 'failed']])
  const keys = (await gateway.confirmations()).map(({ idempotency_key }) => idempotency_key)
  expect(keys, 'a key of its own for each try, on one payment of the gateway').toEqual(tries.map(({ id }) => id))
  expect((await gateway.taken()).received).toEqual({})
  await world.plan('more')
  expectProblem(await jane.asksToSubscribe('more'), 409, 'account_overdue')
  expect(body(await client.get(`/v1/accounts?overdue_status=blocked`)).data).toMatchObject([{ id: jane.id }])
  const changes = await sql(
    `select data -> 'overdue' ->> 'step' as step from events
     where type = 'account.overdue_changed' and data ->> 'id' = $1 order by id`,
    jane.id,
  )
  expect(changes.map(({ step }) => step)).toEqual(['past_due', 'reminder', 'warning', 'blocked'])
  expect((await eventsOf(invoice.id)).filter((type) => type === 'invoice.paid')).toEqual([])
  await expectSoundBooks(world)
})

test('S5 FR-087 a new card pays at once: PAID, a receipt, access is back, and the next months are charged to it', async () => {
  const world = await selling()
  const { jane, gateway } = world
  const sub = await jane.buys('pro')
  const { latest_invoice: invoice, payment } = sub.made
  await world.until(day(12))
  expect((await sub.shown()).access).toBe('blocked')
  const before = await jane.wasTold()
  await jane.changesCard('pm_card_visa')
  expect(await jane.invoices()).toMatchObject([{ status: 'paid', paid: 9900, collection: { state: 'idle' } }])
  expect(await standing(world)).toEqual([6, 'idle', null, 'current', 'granted'])
  expect((await jane.wasTold()).slice(before.length)).toEqual(['payment_receipt', 'access_restored'])
  expect((await jane.attempts()).at(-1)).toMatchObject({ reason: 'new_method', outcome: 'succeeded' })
  expect((await eventsOf(invoice.id)).at(-1)).toBe('invoice.paid')
  expect((await eventsOf(payment.id)).at(-1)).toBe('payment.succeeded')
  expect((await eventsOf(sub.id)).at(-1)).toBe('subscription.access_changed')
  expect(await gateway.taken()).toMatchObject({ succeeded_count: 1, received: { usd: 9900 } })
  await world.until(later(START, '2 months'))
  expect((await jane.invoices()).map(({ status }) => status)).toEqual(['paid', 'paid', 'paid'])
  expect(await gateway.taken()).toMatchObject({ succeeded_count: 3, received: { usd: 29_700 } })
  await expectSoundBooks(world)
})

test.each([
  [1, 3],
  [2, 5],
  [3, 7],
  [4, 10],
])('S5 FR-060 declined %i times it is paid on day %i, and tried no more', async (times, paidOn) => {
  const world = await selling('pm_card_visa')
  const { jane, gateway } = world
  await gateway.declines('insufficient_funds', times)
  const { latest_invoice: invoice } = await jane.subscribes('pro')
  await world.until(day(paidOn).replace('T09:00', 'T08:59'))
  expect((await jane.invoices())[0]).toMatchObject({ status: 'open', balance: 9900 })
  await world.until(day(paidOn))
  expect(await standing(world)).toEqual([times + 1, 'idle', null, 'current', 'granted'])
  expect((await jane.invoices())[0]).toMatchObject({ id: invoice.id, status: 'paid', paid: 9900 })
  const told: readonly Json[] = await jane.wasTold()
  expect(told.filter((kind) => kind === 'payment_failed')).toHaveLength(times)
  expect(told.slice(-2)).toEqual(
    paidOn >= 7 ? ['payment_receipt', 'access_restored'] : [expect.any(String), 'payment_receipt'],
  )
  await world.until(day(28))
  expect(await jane.attempts()).toHaveLength(times + 1)
  expect(await gateway.taken()).toMatchObject({ succeeded_count: 1, received: { usd: 9900 } })
  await expectSoundBooks(world)
})
