import { describe, expect, test } from 'vitest'
import { body, type Json } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { sql } from '../support/sql.ts'
import { monthly, newWorld, type World, yearly } from '../support/world.ts'

const NOW = '2026-01-31T10:00:00Z'

const preview = async ({ client }: World, about: Json) =>
  body(await client.post('/v1/invoices/preview', about)).invoices as readonly Json[]

/** All but what only the real one can have: ids, and what happened after it was made. */
function derived({ id, subscription, status, paid, balance, written_off, lines, ...rest }: Json): Json {
  return { ...rest, lines: lines.map(({ id, subscription, ...line }: Json) => line) }
}

const written = () => sql('select count(*) from commits')

/** Whatever can make an invoice differ. */
const situations: readonly [name: string, account: Json, subscription: Json, settings: Json][] = [
  ['a plain one', {}, {}, {}],
  ['seats, in a zone', { timezone: 'America/New_York' }, { quantity: 7 }, {}],
  ['by invoice, without a card', { collection: 'invoice', card: null }, {}, {}],
  ['by the year', {}, { interval: 'year' }, {}],
  ['another currency, rounded by the gateway', { currency: 'KWD' }, {}, {}],
  [
    'taxed',
    { country: 'DE' },
    { quantity: 3 },
    { tax: { engine: 'rates', rates: [{ country: 'DE', name: 'VAT', percent: '19' }] } },
  ],
  ['awaiting its tax', {}, {}, { tax: { engine: 'external' } }],
  ['four missed periods', {}, { start: '2025-10-31T10:00:00Z' }, {}],
]

const prices = [monthly('USD', '1999.5'), yearly('USD', '19900'), monthly('KWD', '1239')]

describe('FR-055 a preview equals the real invoice, line for line:', () => {
  test.each(situations)('%s, when it is created and when it renews', async (_, about, asked, settings) => {
    const world = await newWorld(NOW)
    body(await world.client.patch('/v1/settings', settings))
    await world.plan('pro', { prices })
    const jane = await world.account(about)
    const request = { plan: 'pro', interval: 'month', ...asked }
    const before = await written()
    const promised = await preview(world, { new_subscription: { account: jane.id, ...request } })
    expect(await written()).toEqual(before)
    const made = await jane.subscribes('pro', request)
    const real = await jane.invoices()
    expect(promised.map(derived)).toEqual(real.map(derived))
    expect(promised.length).toBe(asked.start === undefined ? 1 : 4)
    const [next, ...others] = await preview(world, { subscription: made.id })
    expect(others).toEqual([])
    await world.until(made.current_period.end)
    expect(derived(next)).toEqual(derived((await jane.invoices()).at(-1)))
  })

  test('the first invoice after a trial, and after a start in the future', async () => {
    const world = await newWorld(NOW)
    await world.plan('pro')
    await world.plan('later')
    const jane = await world.account({ timezone: 'Europe/Berlin' })
    expect(await preview(world, { new_subscription: { account: jane.id, plan: 'pro', trial_days: 14 } })).toEqual([])
    const trial = await jane.subscribes('pro', { trial_days: 14 })
    const scheduled = await jane.subscribes('later', { start: '2026-02-20T00:00:00Z' })
    const promised = [
      await preview(world, { subscription: trial.id }),
      await preview(world, { subscription: scheduled.id }),
    ]
    await world.until('2026-02-25T00:00:00Z')
    const real = await jane.invoices()
    const lines = (invoices: readonly Json[]) => invoices.map((invoice) => derived(invoice).lines)
    expect(promised.map(([first]) => derived(first).lines)).toEqual(lines(real))
  })
})

describe('a preview', () => {
  test('of what ends makes no invoice', async () => {
    const world = await newWorld(NOW)
    await world.plan('pro')
    const jane = await world.account()
    const { id } = await jane.subscribes('pro')
    body(await world.client.post(`/v1/subscriptions/${id}/cancel`, {}))
    expect(await preview(world, { subscription: id })).toEqual([])
    body(await world.client.post(`/v1/subscriptions/${id}/cancel`, { when: 'now' }))
    expect(await preview(world, { subscription: id })).toEqual([])
  })

  test('has no number yet where the organization’s series gives it at the last moment', async () => {
    const world = await newWorld(NOW)
    body(await world.client.patch('/v1/settings', { numbering: { series: 'organization', prefix: 'INV' } }))
    await world.plan('pro')
    const jane = await world.account()
    const [promised] = await preview(world, { new_subscription: { account: jane.id, plan: 'pro' } })
    expect(promised).toMatchObject({ number: null, status: 'open', total: 4900 })
  })

  test('is refused for the same reasons as the command', async () => {
    const world = await newWorld(NOW)
    await world.plan('pro')
    await world.plan('old')
    body(await world.client.delete('/v1/plans/old'))
    const jane = await world.account()
    await jane.subscribes('pro')
    const ask = (about: Json) => world.client.post('/v1/invoices/preview', about)
    const of = (plan: string) => ({ new_subscription: { account: jane.id, plan } })
    expectProblem(await ask(of('pro')), 409, 'already_subscribed', pointsAt('/plan'))
    expectProblem(await ask(of('old')), 422, 'plan_archived', pointsAt('/plan'))
    expectProblem(await ask(of('none')), 404, 'not_found')
    expectProblem(await ask({}), 422, 'invalid_request')
    const nobody = { subscription: 'sub_01h455vb4pex5vsknk084sn02q' }
    expectProblem(await ask(nobody), 404, 'not_found')
  })
})
