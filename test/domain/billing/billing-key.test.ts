import { describe, expect, test } from 'vitest'
import { unclaimed } from '../../../src/billing/domain/billing-key.ts'
import { beginWork } from '../../../src/billing/domain/work.ts'
import type { Invoice } from '../../../src/invoices/domain/invoice.ts'
import { givenDraft, givenInvoice, givenLine, id } from '../../support/given.ts'
import { beginning } from './history.ts'

const own = id('subscription', 7)
const other = id('subscription', 8)

/** The n-th invoice, which claims these keys for a subscription. */
const claiming = (n: number, keys: readonly (string | null)[], about: Partial<Invoice> = {}, of = own): Invoice => {
  const lines = keys.map((billingKey, index) => givenLine(10 * n + index, { billingKey, subscriptionId: of }))
  const whole = about.status === 'draft' ? givenDraft([], { lines }) : givenInvoice([], { lines })
  return { ...whole, ...about, id: id('invoice', 80 + n) } as Invoice
}
const keyAfter = (invoices: readonly Invoice[], except: Invoice['id'] | null = null) =>
  unclaimed(beginWork({ ...beginning().snapshot, invoices }), 'proration:5', { subscriptionId: own, except })

describe('a key that nothing else claims', () => {
  test.each<readonly [string, readonly Invoice[], string]>([
    ['is itself where nothing is billed', [], 'proration:5'],
    ['is itself beside other keys', [claiming(1, ['base:5', 'proration:55', 'x#proration:5', null])], 'proration:5'],
    ['is the second', [claiming(1, ['base:5', 'proration:5'])], 'proration:5#2'],
    ['follows the last', [claiming(1, ['proration:5#9']), claiming(2, ['proration:5'])], 'proration:5#10'],
    ['follows the last of one invoice', [claiming(1, ['proration:5#2', 'proration:5#12'])], 'proration:5#13'],
    ['counts drafts', [claiming(1, ['proration:5'], { status: 'draft' })], 'proration:5#2'],
    ['counts nothing void', [claiming(1, ['proration:5'], { status: 'void' })], 'proration:5'],
    ['counts nothing deleted', [claiming(1, ['proration:5'], { status: 'deleted' })], 'proration:5'],
    ['counts no other subscription', [claiming(1, ['proration:5'], {}, other)], 'proration:5'],
  ])('%s', (_, invoices, key) => {
    expect(keyAfter(invoices)).toBe(key)
  })

  test('stays what it was for a draft that is made anew', () => {
    const [draft, before] = [claiming(2, ['proration:5#2'], { status: 'draft' }), claiming(1, ['proration:5'])]
    expect(keyAfter([before, draft], draft.id)).toBe('proration:5#2')
    expect(keyAfter([draft], draft.id)).toBe('proration:5')
  })
})
