import { expect, test } from 'vitest'
import { forInvoices, methodWords } from '../../../src/notifications/domain/phrases.ts'

test.each([
  [0, ''],
  [1, 'for invoice A'],
  [2, 'for invoices A and B'],
  [3, 'for invoices A, B and C'],
  [4, 'for invoices A, B, C and D'],
  [5, 'for invoices A, B, C, D and 1 more'],
  [7, 'for invoices A, B, C, D and 3 more'],
])('%d invoices', (count, text) => {
  expect(forInvoices('ABCDEFG'.slice(0, count).split(''))).toBe(text)
})

test.each<[string | null, string | null, string]>([
  ['visa', '4242', 'Visa ending in 4242'],
  ['amex', '0005', 'American Express ending in 0005'],
  [null, '6789', 'payment method ending in 6789'],
  ['unheard_of', null, 'payment method'],
  ['visa', null, 'Visa'],
])('%s, %s', (brand, last4, text) => {
  expect(methodWords({ brand, last4 })).toBe(text)
})
