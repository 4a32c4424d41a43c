import { expect, test } from 'vitest'
import { body, organization } from '../support/client.ts'
import { expectProblem, pointsAt } from '../support/problem.ts'
import { storesNothing } from '../support/rows.ts'

test('FR-079 usage is waited for an hour after its period, unless the organization says otherwise', async () => {
  const client = await organization()
  expect(body(await client.get('/v1/settings')).usage).toEqual({ grace_minutes: 60 })
  for (const grace_minutes of [0, 1440]) {
    const changed = body(await client.patch('/v1/settings', { usage: { grace_minutes } }))
    expect(changed.usage).toEqual({ grace_minutes })
    expect(body(await client.patch('/v1/settings', { default_currency: 'EUR' })).usage).toEqual({ grace_minutes })
    expect(body(await client.get('/v1/settings')).usage).toEqual({ grace_minutes })
  }
})

test.each([-1, 1441, 0.5, '60', null])('FR-128 a grace of %j minutes is refused', async (grace_minutes) => {
  const client = await organization()
  const refused = await storesNothing(() => client.patch('/v1/settings', { usage: { grace_minutes } }))
  expectProblem(refused, 422, 'invalid_request', pointsAt('/usage/grace_minutes'))
})
