import { existsSync } from 'node:fs'
import axe from 'axe-core'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { caller, platformIn, type Started } from './platform.ts'

/** The customer's pages as a customer sees them: a telephone's window, no script. Skipped where there is no Chromium. */
const executablePath = [
  process.env.CHROMIUM ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find((path) => existsSync(path))

const telephone = { width: 320, height: 640 }
const platform = await platformIn('pages')

let started: Started
let browser: Browser
let customer: BrowserContext

describe.skipIf(executablePath === undefined)('in a browser', () => {
  beforeAll(async () => {
    started = await platform.start()
    browser = await chromium.launch({ ...(executablePath !== undefined && { executablePath }), args: ['--no-sandbox'] })
    customer = await browser.newContext({ viewport: telephone, javaScriptEnabled: false })
    customer.setDefaultTimeout(10_000)
  })

  afterAll(async () => {
    await browser?.close()
    await platform.remove()
  })

  /** Someone who owes 49 dollars because that card did not work, and the link in their mail. */
  async function owing(card: string) {
    const call = caller(started)
    const { id } = await call('/accounts', { email: 'jane@startup.example', name: 'Jane' })
    await call(`/accounts/${id}/payment_methods`, { token: card })
    const lines = [{ description: 'A report with a title that is long enough to be broken', unit_amount: '4900' }]
    const invoice = await call('/invoices', { account: id, lines })
    const { url = '' } = await call(`/invoices/${invoice.id}/payment_link`, {})
    return { url, status: async () => (await call(`/invoices/${invoice.id}`)).status }
  }

  async function opens(url: string): Promise<Page> {
    const page = await customer.newPage()
    await page.goto(url)
    return page
  }

  /** By the keyboard alone, from wherever the page begins. */
  async function presses(page: Page, name: string): Promise<void> {
    const reached = page.locator('button:focus', { hasText: name })
    for (let tabs = 0; tabs < 20 && (await reached.count()) === 0; tabs++) await page.keyboard.press('Tab')
    expect(await reached.count(), `a button “${name}”`).toBe(1)
    const arrives = page.waitForEvent('framenavigated')
    await page.keyboard.press('Enter')
    await arrives
    await page.waitForLoadState()
  }

  test('FR-065 FR-091 another card is given, by the keyboard, and pays what is owed', async () => {
    const { url, status } = await owing('pm_card_chargeCustomerFail')
    const page = await opens(url)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('Invoice JANE')
    expect(await page.getByRole('main').textContent()).toContain('did not go through')
    await page.getByRole('link', { name: /card/ }).click()
    await presses(page, 'Update card')
    await page.getByRole('combobox').selectOption('pm_card_mastercard')
    await page.getByRole('button', { name: 'Save' }).click()
    expect(await page.getByRole('main').textContent()).toMatch(/are being charged to it now.*4444/)
    expect(await status()).toBe('paid')
    await page.goto(url)
    expect(await page.getByRole('main').textContent()).toContain('Paid, thank you')
    expect(await page.getByRole('button').count()).toBe(0)
  })

  test.each([
    ['confirms', 'yes', 'Paid, thank you', 'paid'],
    ['refuses', 'no', 'did not', 'open'],
  ])('FR-059 the bank asks, the customer %s', async (_, answer, says, expected) => {
    const { url, status } = await owing('pm_card_authenticationRequired')
    const page = await opens(url)
    await presses(page, 'Continue to your bank')
    expect(page.url()).toContain('_authenticate')
    await page.locator(`button[value=${answer}]`).click()
    expect(page.url()).toContain(new URL(url).pathname)
    expect(await page.getByRole('main').textContent()).toContain(says)
    expect(await status()).toBe(expected)
  })

  test('FR-066 the button pressed twice and the page loaded anew take the money once', async () => {
    const { url, status } = await owing('pm_card_authenticationRequired')
    const [one, other] = await Promise.all([opens(url), opens(url)])
    await Promise.all([presses(one, 'Continue to your bank'), presses(other, 'Continue to your bank')])
    // Who comes second while the first is on its way stays on the page, which says so.
    const atBank = [one, other].find((page) => page.url() !== url)
    await atBank?.locator('button[value=yes]').click()
    await other.reload()
    await other.goto(url)
    expect(await other.getByRole('main').textContent()).toContain('Paid, thank you')
    expect(await status()).toBe('paid')
  })

  test.each(['light', 'dark'] as const)('every page is for everyone, in %s', async (colorScheme) => {
    const { url } = await owing('pm_card_chargeCustomerFail')
    // Only the judge needs a script, which our policy would not let in.
    const judged = await browser.newContext({ viewport: telephone, colorScheme, bypassCSP: true })
    const page = await judged.newPage()
    const pay = await page.goto(url)
    expect(pay?.headers()['content-security-policy']).toContain("default-src 'none'")
    const card = new URL((await page.getByRole('link', { name: /card/ }).getAttribute('href')) ?? '', url).href
    for (const address of [url, card, `${card}?saved`, `${url.slice(0, -4)}AAAA`]) {
      await page.goto(address)
      await page.addScriptTag({ content: axe.source })
      const { violations } = (await page.evaluate('axe.run()')) as { violations: { id: string; help: string }[] }
      expect(
        violations.map(({ id, help }) => [id, help]),
        address,
      ).toEqual([])
      const width = await page.evaluate('document.documentElement.scrollWidth')
      expect(width, 'nothing is wider than a telephone').toBeLessThanOrEqual(telephone.width)
    }
    await judged.close()
  })
})
