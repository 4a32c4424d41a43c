import { afterAll, expect, test } from 'vitest'
import { caller, platformIn, type Started } from './platform.ts'

/** The whole way: what happens at the gateway is sent to the Worker's own address, and applied. */
const platform = await platformIn('webhooks')

afterAll(platform.remove)

/** The emulator's controls, in the world of the sandbox. */
async function control({ stripe }: Started, route: string, body: unknown): Promise<unknown> {
  const headers = { Authorization: 'Bearer sk_test_acme', 'Content-Type': 'application/json' }
  const init = { method: 'POST', headers, body: JSON.stringify(body) }
  const response = await fetch(`${stripe}/_control/${route}`, init)
  if (!response.ok) throw new Error(await response.text())
  return response.json()
}

async function debited(call: ReturnType<typeof caller>, email: string): Promise<() => Promise<unknown>> {
  const account = await call('/accounts', { email, name: 'Jane' })
  await call(`/accounts/${account.id}/payment_methods`, { token: 'pm_usBankAccount_success' })
  await call('/subscriptions', { account: account.id, plan: 'pro' })
  const invoice = async () => (await call(`/invoices?account=${account.id}`)).data[0]
  expect(await invoice()).toMatchObject({ status: 'open', paid: 0 })
  return async () => (await invoice())?.status
}

test('FR-061 a debit that arrives days later pays its invoice, told by webhook alone, also after a restart', async () => {
  const first = await platform.start()
  const prices = [{ currency: 'USD', interval: 'month', unit_amount: '9900' }]
  await caller(first)('/plans', { code: 'pro', name: 'Pro', prices })
  const status = await debited(caller(first), 'jane@startup.example')
  await control(first, 'settle', {})
  await expect.poll(status).toBe('paid')

  await platform.end('SIGKILL')
  const second = await platform.start()
  const next = await debited(caller(second), 'john@startup.example')
  await control(second, 'webhooks/plan', { copies: 3, late_ms: 200 })
  await control(second, 'settle', {})
  await expect.poll(next).toBe('paid')
  const [gatewayAccount] = (await caller(second)('/gateway_accounts')).data
  expect(gatewayAccount?.webhook).toMatchObject({ configured: true, last_event_at: expect.stringMatching(/Z$/) })
}, 120_000)
