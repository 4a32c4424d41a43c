import { expect, test } from 'vitest'
import { body, type Json } from '../support/client.ts'
import { expectProblem } from '../support/problem.ts'
import { sellingTo } from '../support/selling.ts'

test('FR-089 how an account came to be overdue is kept: every step and hold, with who and when', async () => {
  const world = await sellingTo({ card: null, collection: 'invoice', payment_terms_days: 0 })
  const { client, jane, until, day } = world
  const history = `/v1/accounts/${jane.id}/overdue_history`
  const hold = `/v1/accounts/${jane.id}/dispute_hold`
  expect(body(await client.get(history)).data).toEqual([])
  const { latest_invoice: invoice } = await jane.subscribes('pro')
  await until(day(4))
  body(await client.post(hold, { reason: 'Never ordered' }))
  await until(day(6))
  body(await client.delete(hold))
  await until(day(17))
  body(await jane.paysByHand(invoice))
  const { data, has_more } = body(await client.get(`${history}?limit=100`))
  const told = data
    .toReversed()
    .map(({ type, at, actor, overdue, before }: Json) => [
      type.replace('account.', ''),
      at,
      actor.replace(/^key_.*/, 'key'),
      before?.step,
      overdue.step,
    ])
  const midnight = (n: number) => day(n).replace('T09', 'T00')
  expect([has_more, told]).toEqual([
    false,
    [
      ['overdue_changed', midnight(1), 'test_clock', 'none', 'past_due'],
      ['overdue_changed', midnight(3), 'test_clock', 'past_due', 'reminder'],
      ['dispute_hold_placed', day(4), 'key', undefined, 'reminder'],
      ['dispute_hold_released', day(6), 'key', undefined, 'reminder'],
      // Two days of it did not count.
      ['overdue_changed', midnight(9), 'test_clock', 'reminder', 'warning'],
      ['overdue_changed', midnight(16), 'test_clock', 'warning', 'blocked'],
      ['overdue_changed', day(17), 'key', 'blocked', 'none'],
    ],
  ])
  expect(data.at(-3).dispute_hold).toEqual({ since: day(4), reason: 'Never ordered' })
  const first = body(await client.get(`${history}?limit=3`))
  const rest = body(await client.get(`${history}?limit=100&cursor=${encodeURIComponent(first.next_cursor)}`))
  expect([...first.data, ...rest.data]).toEqual(data)
  expectProblem(await client.get(history.replace(jane.id, invoice.account.replace(/.$/, '0'))), 404, 'not_found')
})
