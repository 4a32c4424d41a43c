import { beforeAll, describe, expect, test } from 'vitest'
import { answersElsewhere, submits, visits } from '../support/browser.ts'
import { body, type Json, request } from '../support/client.ts'
import { chargesRun } from '../support/worker.ts'
import { newWorld, type World } from '../support/world.ts'

let world: World

beforeAll(async () => {
  world = await newWorld('2026-01-01T00:00:00Z')
})

const billed = { 'A report': '4900' }

/** A customer with one open invoice, and the link that is mailed for it. */
async function owing(card: string | null = 'pm_card_chargeCustomerFail') {
  const jane = await world.account({ card })
  const invoice = await jane.isBilled(billed)
  const { url } = body(await world.client.post(`/v1/invoices/${invoice.id}/payment_link`, {}))
  const now = async () => body(await world.client.get(`/v1/invoices/${invoice.id}`))
  return { jane, invoice, url: url as string, now }
}

test('FR-059 back from the bank while the gateway is down, the page shows what is known', async () => {
  const { url } = await owing('pm_card_authenticationRequired')
  expect((await submits(url)).status).toBe(303)
  await world.gateway.down(true)
  const { status, page } = await visits(`${url}?payment_intent=pi_1`)
  await world.gateway.down(false)
  expect([status, page]).toEqual([200, expect.stringContaining('Your bank')])
})

test('FR-088 during a dispute hold a new card is saved, and nothing is charged to it', async () => {
  const { jane } = await owing()
  body(await world.client.post(`/v1/accounts/${jane.id}/dispute_hold`, { reason: 'It is looked into' }))
  const { url } = body(await world.client.post(`/v1/accounts/${jane.id}/payment_link`, {}))
  const back = await answersElsewhere((await submits(url)).leadsTo, { payment_method: 'pm_card_visa' })
  const { page } = await visits((await visits(back)).leadsTo ?? '')
  expect(page).toContain('It is used for your next payment')
  expect(await jane.owes()).toBe(4900)
})

describe('the page of an invoice', () => {
  test('FR-065 says what is owed and what went wrong, in plain words', async () => {
    const { invoice, url } = await owing()
    const { status, page } = await visits(url)
    expect(status).toBe(200)
    expect(page).toContain(`Invoice ${invoice.number}`)
    expect(page).toContain('$49.00')
    expect(page).toContain('A report')
    expect(page).toContain('did not go through')
    expect(page).not.toMatch(/<script/)
  })

  test('FR-066 takes the money with a click, once, and says thanks', async () => {
    const { url, jane, now } = await owing(null)
    body(await world.client.post(`/v1/accounts/${jane.id}/payment_methods`, { token: 'pm_card_visa', default: true }))
    expect(await now()).toMatchObject({ status: 'paid' })
    const again = await submits(url)
    expect(again).toMatchObject({ status: 303 })
    expect((await visits(url)).page).toContain('Paid, thank you')
    expect(await jane.payments()).toHaveLength(1)
  })

  test('FR-066 pays by the card that is chosen, and nobody else’s', async () => {
    const { url, jane, now } = await owing()
    const other = await world.account()
    const [foreign] = body(await world.client.get(`/v1/accounts/${other.id}/payment_methods`)).data
    expect(await submits(url, { method: foreign.id })).toMatchObject({ status: 422 })
    expect(await submits(url, { method: 'pm_nonsense' })).toMatchObject({ status: 422 })
    const added = { token: 'pm_card_mastercard', default: false }
    const { id } = body(await world.client.post(`/v1/accounts/${jane.id}/payment_methods`, added))
    expect((await now()).status).toBe('open')
    expect(await submits(url, { method: id })).toMatchObject({ status: 303 })
    expect(await now()).toMatchObject({ status: 'paid', paid: 4900 })
    const [payment] = await jane.payments()
    const attempts = body(await world.client.get(`/v1/payments/${payment.id}/attempts`)).data
    expect(attempts.map(({ reason, outcome }: { reason: string; outcome: string }) => [reason, outcome])).toEqual([
      ['customer', 'succeeded'],
      ['first', 'declined'],
    ])
  })

  test('FR-059 leads to the bank where it asks, and pays when the customer comes back', async () => {
    const { url, jane, now } = await owing('pm_card_authenticationRequired')
    expect((await jane.payments())[0]).toMatchObject({ status: 'pending', outcome: 'authentication_required' })
    expect((await visits(url)).page).toContain('asks you to confirm')
    const bank = (await submits(url)).leadsTo
    expect(bank).toMatch(/_authenticate/)
    // Who comes back to the page instead is led to the same bank again.
    expect((await submits(url)).leadsTo).toBe(bank)
    const back = await answersElsewhere(bank, { answer: 'yes' })
    expect((await visits(back)).page).toContain('Paid, thank you')
    expect(await now()).toMatchObject({ status: 'paid' })
    expect((await world.gateway.taken()).succeeded_count).toBe((await allTaken()).length)
  })

  test('FR-059 another card that is chosen meanwhile is charged, and the first one’s bank asks no more', async () => {
    const { url, jane, now } = await owing('pm_card_authenticationRequired')
    const bank = (await submits(url)).leadsTo
    expect(bank).toMatch(/_authenticate/)
    const link = body(await world.client.post(`/v1/accounts/${jane.id}/payment_link`, {})).url
    await visits(await answersElsewhere((await submits(link)).leadsTo, { payment_method: 'pm_card_visa' }))
    // Neither the first card nor the one that is the default now.
    const token = { token: 'pm_card_mastercard', default: false }
    const other = body(await world.client.post(`/v1/accounts/${jane.id}/payment_methods`, token))
    expect((await submits(url, { method: other.id })).leadsTo).not.toMatch(/_authenticate/)
    await chargesRun()
    expect(await now()).toMatchObject({ status: 'paid' })
    const taken = (await jane.payments()).filter(({ status }: Json) => status === 'succeeded')
    expect(taken).toMatchObject([{ amount: 4900, payment_method: other.id }])
  })

  test('FR-060 a card that was tried too often says so, and is not tried', async () => {
    const { url, jane } = await owing()
    for (let tries = 1; tries < 15; tries++) expect((await submits(url)).status).toBe(303)
    const { status, page } = await submits(url)
    expect([status, page]).toEqual([422, expect.stringContaining('This card was tried too often')])
    expect(await jane.attempts()).toHaveLength(15)
  })

  test('FR-059 a bank that is told no leaves the invoice open, and it can be tried again', async () => {
    const { url, now } = await owing('pm_card_authenticationRequired')
    const back = await answersElsewhere((await submits(url)).leadsTo, { answer: 'no' })
    expect((await visits(back)).page).toContain('did not go through')
    expect(await now()).toMatchObject({ status: 'open', balance: 4900 })
    const again = await answersElsewhere((await submits(url)).leadsTo, { answer: 'yes' })
    expect((await visits(again)).page).toContain('Paid, thank you')
  })
})

describe('the page of a card', () => {
  test('FR-065 takes a new card at the gateway, and what is owed is charged to it at once', async () => {
    const { jane, now } = await owing()
    const { url } = body(await world.client.post(`/v1/accounts/${jane.id}/payment_link`, {}))
    expect((await visits(url)).page).toContain('ending in')
    const checkout = (await submits(url)).leadsTo
    expect(checkout).toMatch(/_checkout/)
    const back = await answersElsewhere(checkout, { payment_method: 'pm_card_visa' })
    const saved = await visits(back)
    expect(saved).toMatchObject({ status: 303 })
    expect((await visits(saved.leadsTo ?? '')).page).toContain('Your new card is saved')
    expect(await now()).toMatchObject({ status: 'paid' })
    // Going back in the browser saves and charges nothing again.
    await visits(back)
    expect(body(await world.client.get(`/v1/accounts/${jane.id}/payment_methods`)).data).toHaveLength(2)
    expect(await jane.payments()).toHaveLength(1)
  })

  test('another account’s page at the gateway gives no card', async () => {
    const [one, two] = [await world.account({ card: null }), await world.account({ card: null })]
    const link = async (id: string) =>
      body(await world.client.post(`/v1/accounts/${id}/payment_link`, {})).url as string
    const back = await answersElsewhere((await submits(await link(one.id))).leadsTo, { payment_method: 'pm_card_visa' })
    const session = new URL(back).searchParams.get('session')
    const stolen = await visits(`${await link(two.id)}?session=${session}`)
    expect(stolen.leadsTo).toMatch(/failed/)
    expect(body(await world.client.get(`/v1/accounts/${two.id}/payment_methods`)).data).toEqual([])
  })
})

describe('a link', () => {
  test('that was bent, cut or is another’s is refused, and nothing is told of why', async () => {
    const { url } = await owing()
    const bent = url.slice(0, -1) + (url.endsWith('A') ? 'B' : 'A')
    for (const wrong of [bent, url.slice(0, -4), url.replace('/pay/', '/card/'), '/pay/x', '/card/..%2f']) {
      const { status, page } = await visits(wrong)
      expect([wrong, status]).toEqual([wrong, 404])
      expect(page).toContain('<h1>')
    }
  })

  test('is made of open invoices only', async () => {
    const jane = await world.account()
    const invoice = await jane.isBilled(billed)
    const reply = await world.client.post(`/v1/invoices/${invoice.id}/payment_link`, {})
    expect(reply).toMatchObject({ status: 409, body: { code: 'invoice_not_open' } })
  })
})

async function allTaken(): Promise<readonly unknown[]> {
  return body(await world.client.get('/v1/payments?status=succeeded&limit=100')).data
}

describe('what no page of ours sends', () => {
  test.each([
    ['is no form', 'multipart/form-data; boundary=x', 'garbage'],
    ['says no boundary', 'multipart/form-data', 'garbage'],
    ['is far too large', 'application/x-www-form-urlencoded', `method=${'x'.repeat(20_000)}`],
  ])('and %s is a page that says so', async (_, type, sent) => {
    const { url } = await owing()
    const headers = { 'Content-Type': type }
    const reply = await request(new URL(url).pathname, { method: 'POST', headers, body: sent })
    expect([reply.status, reply.text]).toEqual([400, expect.stringContaining('Nothing was charged')])
  })
})
