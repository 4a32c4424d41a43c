import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { caller, platformIn, root, type Started } from './platform.ts'

/** The README's first command and its tour, to the letter, and what survives a kill. */
const platform = await platformIn('start')

afterAll(platform.remove)

test('the tour of the README runs as it is written', async () => {
  const started = await platform.start()
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const tour = readme.slice(readme.indexOf('## A tour'), readme.indexOf('## How it is built'))
  const commands = [...tour.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block).join('\n')
  const output = bash(`set -eo pipefail\n${commands}`, started)
  expect(output.match(/"number":"JANE-\d{4}","status":"paid"/g)).toHaveLength(12 + 1)
  expect(output).toContain('"description":"Pro × 5, 28 Feb – 31 Mar 2027"')
  expect(output).toContain('"debits":1188000,"credits":1188000,"balanced":true')
  expect(output).toContain(
    '"state":"retrying","failed_at":"2028-02-29T10:00:00Z","next_attempt_at":"2028-03-03T10:00:00Z"',
  )
  expect(output).toMatch(/"status":"blocked","step":"blocked"[\s\S]*"status":"current","step":"none"/)
  expect(output).toContain('{"pointer":"/nmae","detail":"is not a known member"}')
})

test('killed while a year passes, it goes on after the next start: nothing is lost, nothing doubled', async () => {
  const call = caller(await platform.start())
  const clock = await call('/test_clocks', { now: '2027-01-01T00:00:00Z' })
  await call('/plans', {
    code: 'weekly',
    name: 'Weekly',
    prices: [{ currency: 'USD', interval: 'week', unit_amount: '700' }],
  })
  const account = await call('/accounts', { email: 'k@x.example', name: 'Kill', test_clock: clock.id, timezone: 'UTC' })
  await call(`/accounts/${account.id}/payment_methods`, { token: 'pm_card_visa' })
  await call('/subscriptions', { account: account.id, plan: 'weekly' })
  const advancing = call(`/test_clocks/${clock.id}/advance`, { to: '2028-01-01T00:00:00Z' }).catch(() => null)
  const billed = async () => (await call(`/invoices?account=${account.id}&limit=100`)).data
  while ((await billed()).length < 5) await new Promise((resolve) => setTimeout(resolve, 20))
  await platform.end('SIGKILL')
  await advancing
  await platform.start()
  while ((await call(`/test_clocks/${clock.id}`)).status !== 'ready')
    await new Promise((resolve) => setTimeout(resolve, 200))
  const invoices = await billed()
  // 52 weeks after the first, and 2028-01-01 is no boundary: 53 in all.
  expect(invoices.map(({ number }) => number).sort()).toEqual(
    Array.from({ length: 53 }, (_, index) => `KILL-${String(index + 1).padStart(4, '0')}`),
  )
  expect(new Set(invoices.map(({ period }) => JSON.stringify(period))).size).toBe(53)
  const payments = (await call(`/payments?account=${account.id}&limit=100`)).data
  expect(payments.filter(({ status }) => status === 'succeeded').length).toBeGreaterThanOrEqual(51)
  expect(new Set(payments.map(({ invoice }) => invoice)).size).toBe(payments.length)
}, 120_000)

function bash(script: string, { api, key }: Started): string {
  return execFileSync('bash', ['-c', script], {
    cwd: platform.data,
    encoding: 'utf8',
    env: { ...process.env, API: api, KEY: key },
  })
}
