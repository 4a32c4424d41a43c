import { invalidRequest } from './errors.ts'
import type { Behaviour, Decline, TestMethod, TestMethodName } from './test-methods.ts'

// Test accounts of https://docs.stripe.com/payments/ach-direct-debit and …/sepa-debit: a number is as good as its token.

const exceedsLimit: Decline = { code: 'charge_exceeds_source_limit' }
const insufficientFunds: Decline = { code: 'insufficient_funds' }
const failed: Decline = { code: 'payment_intent_payment_attempt_failed' }

export const testDebits = {
  pm_usBankAccount_success: bank('6789'),
  pm_usBankAccount_accountClosed: bank('1113', { decline: { code: 'account_closed' } }),
  pm_usBankAccount_noAccount: bank('1116', { decline: { code: 'no_account' } }),
  pm_usBankAccount_insufficientFunds: bank('2227', { decline: insufficientFunds }),
  pm_usBankAccount_debitNotAuthorized: bank('3335', { decline: { code: 'debit_not_authorized' } }),
  pm_usBankAccount_weeklyLimitExceeded: bank('7771', { decline: exceedsLimit }),
  pm_usBankAccount_processing: bank('0009', { forever: true }),
  pm_usBankAccount_dispute: bank('5559', {}, 'debit'),
  pm_success_de: sepa('3000'),
  pm_successDelayed_de: sepa('3003'),
  pm_failed_de: sepa('3001', { decline: failed }),
  pm_failedDelayed_de: sepa('3004', { decline: failed }),
  pm_disputed_de: sepa('3002', {}, 'debit'),
  pm_exceedsWeeklyVolumeLimit_de: sepa('3434', { decline: exceedsLimit }),
  pm_insufficientFunds_de: sepa('2227', { decline: insufficientFunds }),
} as const satisfies Record<string, TestMethod>

type Delay = NonNullable<Behaviour['delayed']>

function bank(last4: string, delayed: Delay = {}, dispute?: 'debit'): TestMethod {
  return { look: { type: 'us_bank_account', last4 }, behaviour: { delayed, ...(dispute && { dispute }) } }
}

function sepa(last4: string, delayed: Delay = {}, dispute?: 'debit'): TestMethod {
  return { look: { type: 'sepa_debit', last4 }, behaviour: { delayed, ...(dispute && { dispute }) } }
}

const testNumbers: Readonly<Record<string, TestMethodName>> = {
  '000123456789': 'pm_usBankAccount_success',
  '000111111113': 'pm_usBankAccount_accountClosed',
  '000111111116': 'pm_usBankAccount_noAccount',
  '000222222227': 'pm_usBankAccount_insufficientFunds',
  '000333333335': 'pm_usBankAccount_debitNotAuthorized',
  '000777777771': 'pm_usBankAccount_weeklyLimitExceeded',
  '000000000009': 'pm_usBankAccount_processing',
  '000555555559': 'pm_usBankAccount_dispute',
  DE89370400440532013000: 'pm_success_de',
  DE08370400440532013003: 'pm_successDelayed_de',
  DE62370400440532013001: 'pm_failed_de',
  DE78370400440532013004: 'pm_failedDelayed_de',
  DE35370400440532013002: 'pm_disputed_de',
  DE65370400440000343434: 'pm_exceedsWeeklyVolumeLimit_de',
  DE65370400440002222227: 'pm_insufficientFunds_de',
}

/** The test method behind an account number or IBAN; throws the 400 of a number that is none of the test numbers. */
export function debitOfNumber(number: string, param: string): TestMethodName {
  const name = testNumbers[number.replaceAll(' ', '').toUpperCase()]
  if (name) return name
  throw invalidRequest('The emulator knows the test accounts of docs.stripe.com only.', {
    param,
    code: 'account_number_invalid',
  })
}
