import { describe, expect, test } from 'vitest'
import type { Currency } from '../../../src/kernel/currency.ts'
import { encodeId } from '../../../src/kernel/id.ts'
import type { Zone } from '../../../src/kernel/zone.ts'
import { noticeKinds } from '../../../src/notifications/domain/notice.ts'
import { wordsOf } from '../../../src/notifications/domain/words.ts'
import { at, id } from '../../support/given.ts'
import { about, givenNotice, over, told } from './given.ts'

const toChange = 'With the link below you can add a card or change the one on file. Once you do, we will try again.'
const toPay = 'You can pay with the link below. If you have paid in the meantime, there is nothing left to do.'
const again = 'We will try to collect it again on 6 Feb 2026.'
const access = 'Your access continues as usual; without the payment it would be put on hold on 17 Feb 2026.'
const { link } = about

describe('FR-065 a failed payment', () => {
  test('is told with its card, the next try, when access ends, and the link to update the card', () => {
    expect(told('payment_failed', { decline: 'insufficient_funds' })).toEqual({
      subject: 'Your payment to Acme did not go through',
      greeting: 'Hello Jane,',
      paragraphs: [
        'We could not collect your payment of $19.99 for invoice JANE-0001 with your Visa ending in 4242.' +
          ' There was not enough money available at that moment.',
        `${again} ${access}`,
        toChange,
      ],
      action: { label: 'Update your card', link },
      closing: 'Kind regards,\nAcme',
    })
  })

  test('says so when it is not tried again, and nothing of a hold that is over or not in sight', () => {
    expect(told('payment_failed', { ...over, method: null }).paragraphs).toEqual([
      'We could not collect your payment of $19.99 for invoice JANE-0001.',
      'We have not planned another try.',
      toChange,
    ])
  })
})

describe('FR-084 FR-090 each step is told in friendly words', () => {
  test('a reminder', () => {
    expect(told('payment_reminder')).toEqual({
      subject: 'A friendly reminder: your payment of $19.99 to Acme',
      greeting: 'Hello Jane,',
      paragraphs: [
        'We have not received your payment of $19.99 for invoice JANE-0001 yet. It was due on 3 Feb 2026.' +
          ' It may simply have slipped through.',
        `${again} ${access}`,
        toPay,
      ],
      action: { label: 'Pay now', link },
      closing: 'Kind regards,\nAcme',
    })
  })

  test('a warning', () => {
    expect(told('overdue_warning')).toMatchObject({
      subject: 'Your payment of $19.99 to Acme is still open',
      paragraphs: [
        'We are still waiting for your payment of $19.99 for invoice JANE-0001. It was due on 3 Feb 2026.',
        `${again} ${access} As soon as it is paid, new subscriptions can be started again too.`,
        toPay,
      ],
      action: { label: 'Pay now', link },
    })
  })

  test('the hold', () => {
    expect(told('access_blocked')).toMatchObject({
      subject: 'Your access to Acme is on hold',
      paragraphs: [
        'We have not received your payment of $19.99 for invoice JANE-0001. It was due on 3 Feb 2026.' +
          ' Until it is paid, your access to Acme is on hold.',
        `${again} As soon as it is paid, your access comes back by itself.`,
        toPay,
      ],
      action: { label: 'Pay now', link },
    })
  })

  test('the welcome back, where nothing else is open', () => {
    expect(told('access_restored', { ...over, amount: '0', invoices: [], dueAt: null })).toMatchObject({
      subject: 'Welcome back to Acme',
      paragraphs: [
        'Thank you! You have full access to Acme again.',
        'Everything is settled, and there is nothing you need to do. It is good to have you back.',
      ],
      action: null,
    })
  })

  test('the welcome back, where something else is', () => {
    expect(told('access_restored', { ...over, dueAt: at('2026-03-04') }).paragraphs[1]).toBe(
      'We are still looking forward to your payment of $19.99 for invoice JANE-0001. It is due on 3 Mar 2026.' +
        ' It is good to have you back.',
    )
  })

  test('the end', () => {
    expect(told('subscription_ended_unpaid', over)).toMatchObject({
      subject: 'Your subscription with Acme has ended',
      paragraphs: [
        'We have not received your payment of $19.99 for invoice JANE-0001, so your subscription with Acme has ended' +
          ' and will not renew.',
        'What is open can still be paid, and after that you are welcome to subscribe again at any time.',
        toPay,
      ],
      action: { label: 'Pay now', link },
    })
  })
})

test('a payment that the bank asks about is told with the link to confirm it', () => {
  expect(told('payment_action_required')).toMatchObject({
    subject: 'Please confirm your payment to Acme',
    paragraphs: [
      'Your bank asks you to confirm your payment of $19.99 for invoice JANE-0001 with your Visa ending in 4242.' +
        ' Nothing has been charged yet.',
      access,
      'Follow the link below, and your bank will show you what to do.',
    ],
    action: { label: 'Confirm the payment', link },
  })
})

test('who has no payment method is asked for one', () => {
  expect(told('payment_method_missing', { method: null }, { createdAt: at('2026-01-28') })).toMatchObject({
    subject: 'Please add a payment method for Acme',
    paragraphs: [
      'We would like to collect your payment of $19.99 for invoice JANE-0001, but have no payment method on file.' +
        ' It is due on 3 Feb 2026.',
      access,
      'Add a card with the link below, and we will take care of the rest.',
    ],
    action: { label: 'Add a card', link },
  })
})

describe('FR-064 a receipt', () => {
  const paymentId = id('payment', 12)

  test('has the number, the amount, the day and the method', () => {
    expect(told('payment_receipt', over, { paymentId })).toMatchObject({
      subject: 'Your receipt from Acme: $19.99 for invoice JANE-0001',
      paragraphs: [
        'Thank you! On 5 Feb 2026 we received your payment of $19.99 for invoice JANE-0001 with your Visa ending in 4242.' +
          ` Its reference is ${encodeId('payment', paymentId)}.`,
        'This mail is your receipt; there is nothing you need to do.',
      ],
      action: null,
    })
  })

  test('of money that came in past the gateway has no method', () => {
    const { subject, paragraphs } = told('payment_receipt', { ...over, method: null, invoices: [] })
    expect(subject).toBe('Your receipt from Acme: $19.99')
    expect(paragraphs[0]).toBe('Thank you! On 5 Feb 2026 we received your payment of $19.99.')
  })
})

test('several invoices are told as one payment, due since the oldest of them, which the link is for', () => {
  const invoices = ['JANE-0001', 'JANE-0002']
  const { paragraphs } = told('payment_reminder', { amount: '3998', invoices })
  expect(paragraphs[0]).toBe(
    'We have not received your payment of $39.98 for invoices JANE-0001 and JANE-0002 yet.' +
      ' The oldest invoice was due on 3 Feb 2026. It may simply have slipped through.',
  )
  expect(paragraphs.at(-1)).toBe(`The link below leads to invoice JANE-0001, the oldest one. ${toPay}`)
  expect(told('overdue_warning', { invoices }, { invoiceId: null }).paragraphs.at(-1)).toBe(toChange)
})

test('what leads to no one invoice asks for the card', () => {
  const words = told('overdue_warning', {}, { invoiceId: null })
  expect(words.action?.label).toBe('Update your card')
  expect(words.paragraphs.at(-1)).toBe(toChange)
})

test('without a link the customer is asked for nothing', () => {
  const words = wordsOf(givenNotice('payment_failed'), { ...about, link: null })
  expect(words.action).toBeNull()
  expect(words.paragraphs).not.toContain(toChange)
})

test('dates are days of the account’s zone, and a due day is the one that ends at its instant', () => {
  const zone = 'America/New_York' as Zone
  const dates = {
    ...{ dueAt: at('2026-02-04T05:00:00Z'), nextAttemptAt: at('2026-02-06T04:59:59Z') },
    blockedAt: at('2026-02-17T05:00:00Z'),
  }
  const { paragraphs } = wordsOf(givenNotice('payment_reminder', dates), { ...about, zone })
  expect(paragraphs[0]).toContain('due on 3 Feb 2026.')
  expect(paragraphs[1]).toContain('again on 5 Feb 2026.')
  expect(paragraphs[1]).toContain('on hold on 17 Feb 2026.')
})

test.each([
  ['USD', '199900', '$1,999.00'],
  ['EUR', '1999', '€19.99'],
  ['JPY', '1999', '¥1,999'],
  ['KWD', '1999', 'KWD 1.999'],
  ['HUF', '1999', 'HUF 19.99'],
])('FR-104 an amount of %s has the decimals of its minor unit', (code, amount, text) => {
  const { paragraphs } = told('payment_reminder', { currency: code as Currency, amount })
  expect(paragraphs[0]?.replace(/\s/g, ' ')).toContain(`your payment of ${text} for`)
})

test.each(noticeKinds)(
  'FR-090 %s has one greeting, no line breaks in its sentences, and no mark of what is not there',
  (kind) => {
    const whole = told(kind, { to: { name: 'Jane\r\nDoe', email: 'jane@startup.example' } })
    const bare = told(kind, { ...over, dueAt: null, method: null, invoices: [] })
    for (const { subject, greeting, paragraphs } of [whole, bare]) {
      const texts = [subject, greeting, ...paragraphs]
      expect(
        texts.filter((text) => !/^\S.*\S$/.test(text) || /undefined|null|NaN|\s\s|\s[.,]|\.\.|\[/.test(text)),
      ).toEqual([])
    }
    expect(whole.greeting).toBe('Hello Jane Doe,')
  },
)

test('a seller’s name is one line of the subject, whatever it is', () => {
  const words = wordsOf(givenNotice('access_restored'), { ...about, seller: ' Acme\r\nBcc: all@startup.example\u0007' })
  expect(words.subject).toBe('Welcome back to Acme Bcc: all@startup.example')
})
