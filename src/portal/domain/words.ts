import type { PaymentMethod } from '../../accounts/domain/payment-method.ts'
import type { Currency } from '../../kernel/currency.ts'
import { formatMoney, money } from '../../kernel/money.ts'
import { declineWords } from '../../notifications/domain/decline-words.ts'
import { methodWords } from '../../notifications/domain/phrases.ts'
import type { CardState, PayState } from './page-state.ts'

/** All that the pages say is here, in English. */
export const language = 'en'

/** What happened, in a word and in a sentence. note: neither good nor bad. */
export type Notice = { readonly tone: 'good' | 'bad' | 'note'; readonly heading: string; readonly words: string }

/** The invoice, in words. */
export type Sold = { readonly seller: string; readonly number: string; readonly paid: string }

export const payWords = {
  heading: (number: string) => `Invoice ${number}`,
  title: (number: string, seller: string) => `Invoice ${number} from ${seller}`,
  due: 'Amount due',
  dueOn: (day: string) => `Due on ${day}`,
  lines: 'What it is for',
  description: 'Description',
  amount: 'Amount',
  moreLines: (count: number) => `${count} more items`,
  discount: 'Discount',
  tax: 'Tax',
  total: 'Total',
  paid: 'Paid',
  credited: 'Credit',
  writtenOff: 'Written off',
  payWith: 'Pay with',
  pay: (amount: string) => `Pay ${amount}`,
  confirm: 'Continue to your bank',
  reload: 'Check again',
  otherCard: 'Use another card',
  addCard: 'Add a card',
  noMethod: (seller: string) => `${seller} has no card of yours on file. Add one to pay this invoice.`,
} as const

export const cardWords = {
  heading: 'Your payment method',
  title: (seller: string) => `Your payment method for ${seller}`,
  use: (seller: string) => `${seller} charges your invoices to it.`,
  none: (seller: string) => `${seller} has no card of yours on file.`,
  update: 'Update card',
  add: 'Add a card',
  next: 'You enter the card on the secure page of our payment provider and come back here.',
} as const

/** At the foot of every page. */
export const trust = 'Your card details stay with our payment provider. We only see the last four digits.'

type Telling<K extends string> = Readonly<Record<K, (sold: Sold) => Notice | null>>

const payNotices = {
  plain: () => null,
  declined: () => bad('The payment did not go through', 'Try again, or use another card.'),
  failed: ({ seller }) =>
    bad('The payment could not be made', `Nothing was charged. If it stays like this, please tell ${seller}.`),
  under_way: () =>
    note('Your bank is confirming the payment', 'A card takes a moment, a bank debit some days. No need to pay again.'),
  authentication_required: () =>
    note('Your bank asks you to confirm the payment', 'Nothing has been charged yet. You come back here afterwards.'),
  paid: ({ seller, number, paid }) =>
    good('Paid, thank you', `${seller} received ${paid} for invoice ${number}. There is nothing left to do.`),
  settled: ({ number }) => good('Nothing to pay', `Invoice ${number} is settled.`),
  void: ({ number }) => note('Nothing to pay', `Invoice ${number} was cancelled.`),
  uncollectible: ({ seller, number }) =>
    note('This invoice is closed', `Invoice ${number} cannot be paid here any more. Please write to ${seller}.`),
} as const satisfies Telling<PayState['kind']>

/** Null: nothing happened yet. */
export function payNotice(state: PayState, sold: Sold): Notice | null {
  return withDecline(payNotices[state.kind](sold), state.kind === 'declined' ? state.code : null)
}

const cardNotices = {
  plain: () => null,
  saved: () => good('Your new card is saved', 'It is used for your next payment.'),
  charging: () => good('Your new card is saved', 'Your open invoices are being charged to it now.'),
  cancelled: () => note('Nothing was changed', 'No new card was saved.'),
  failed: () => bad('The card could not be saved', 'Try again, or use another card.'),
} as const satisfies Readonly<Record<CardState['kind'], () => Notice | null>>

/** Null: nothing happened yet. */
export function cardNotice(state: CardState): Notice | null {
  return withDecline(cardNotices[state.kind](), state.kind === 'failed' ? state.code : null)
}

function withDecline(notice: Notice | null, code: string | null): Notice | null {
  return notice === null || code === null ? notice : { ...notice, words: `${declineWords(code)} ${notice.words}` }
}

const good = noticeOf('good')
const bad = noticeOf('bad')
const note = noticeOf('note')

function noticeOf(tone: Notice['tone']): (heading: string, words: string) => Notice {
  return (heading, words) => ({ tone, heading, words })
}

export function amountInWords(amount: bigint, currency: Currency): string {
  return formatMoney(money(amount, currency), language)
}

export type ShownMethod = Pick<PaymentMethod, 'kind' | 'brand' | 'last4' | 'expiryMonth' | 'expiryYear'>

/** "Visa ending in 4242, expires 12/2030" */
export function methodInWords({ kind, brand, last4, expiryMonth, expiryYear }: ShownMethod): string {
  const name = brand === null ? (kinds.get(kind) ?? 'Payment method') : null
  const named = name === null ? methodWords({ brand, last4 }) : last4 === null ? name : `${name} ending in ${last4}`
  if (expiryMonth === null || expiryYear === null) return named
  return `${named}, expires ${`${expiryMonth}`.padStart(2, '0')}/${expiryYear}`
}

/** The gateway's kinds that have no brand. */
const kinds: ReadonlyMap<string, string> = new Map([
  ['card', 'Card'],
  ['sepa_debit', 'Bank account'],
  ['us_bank_account', 'Bank account'],
])

export type Problem = {
  readonly status: 400 | 404 | 410 | 422 | 500 | 503
  readonly title: string
  readonly words: string
}

/** Instead of a page. What is wrong with a link is not told: it would only help who makes them up. */
export const problems = {
  expired: {
    status: 410,
    title: 'This link has expired',
    words: 'For your safety a link works for some days only. Please ask the company that sent it for a new one.',
  },
  invalid: {
    status: 404,
    title: 'This link does not work',
    words: 'Perhaps it was cut off on its way. Open it from the mail once more, or ask the company for a new one.',
  },
  unknown_method: {
    status: 422,
    title: 'This payment method is not on file',
    words: 'Nothing was charged. Please open the link again and choose one of yours.',
  },
  tried_too_often: {
    status: 422,
    title: 'This card was tried too often',
    words: 'Nothing was charged. Please open the link again and use another card, or come back in some weeks.',
  },
  too_small: {
    status: 422,
    title: 'This amount is too small to be charged',
    words: 'Nothing was charged. Please ask the company that sent the link how to pay it.',
  },
  no_form: {
    status: 400,
    title: 'This could not be read',
    words: 'Nothing was charged. Please open the link again, and press the button on the page.',
  },
  not_found: {
    status: 404,
    title: 'This page does not exist',
    words: 'Open the link from the mail once more, or ask the company that sent it for a new one.',
  },
  too_busy: {
    status: 503,
    title: 'There is a lot going on',
    words: 'Please load this page again in a minute. You will not pay twice.',
  },
  error: {
    status: 500,
    title: 'Something went wrong',
    words: 'Please load this page again in a few minutes. You will not pay twice.',
  },
} as const satisfies Record<string, Problem>
/** For whoever asks about it. */
export const reference = (id: string) => `Reference: ${id}`
