import { describe, expect, test } from 'vitest'
import { bucketOf, invoicePrefixFor } from '../../../src/accounts/domain/account.ts'
import {
  type AccountPatch,
  changeAccount,
  createAccount,
  type NewAccount,
} from '../../../src/accounts/domain/create.ts'
import type { Id } from '../../../src/kernel/id.ts'
import type { Zone } from '../../../src/kernel/zone.ts'
import { at, EUR, givenAccount, id, USD, UTC } from '../../support/given.ts'

const NOW = at('2026-01-31')
const berlin = 'Europe/Berlin' as Zone
const tokyo = 'Asia/Tokyo' as Zone
const address = { line1: '1 High Street', line2: null, city: 'Berlin', region: null, postalCode: '10115' }
const jane = id('account', 2)

const given = (about: Partial<NewAccount> = {}): NewAccount => {
  const { organizationId, clockId, email, name, currency, taxExempt, externalKey } = givenAccount()
  const { collection, paymentTermsDays, metadata } = givenAccount()
  return {
    ...{ organizationId, clockId, email, name, currency, taxExempt, externalKey, collection, paymentTermsDays },
    ...{ metadata, country: null, timezone: null, address: null, ...about },
  }
}

describe('a new account', () => {
  const made = (about: Partial<NewAccount>, country: string | null = 'JP', timezone: Zone | null = tokyo) =>
    createAccount(given(about), { id: jane, location: { country, timezone }, prefixAttempt: 0 }, NOW)

  test('has nothing behind it and nothing ahead', () => {
    expect(made({ metadata: { team: 'a' } })).toMatchObject({
      ...{ id: jane, version: 1, bucket: bucketOf(jane), invoicePrefix: 'JANE', createdAt: NOW },
      ...{ invoiceSequence: 0, creditNoteSequence: 0, defaultPaymentMethodId: null, nextBillingAt: null },
      ...{ email: 'jane@startup.example', metadata: { team: 'a' } },
    })
  })

  test.each([
    ['guessed where nothing is given', {}, 'JP', tokyo, 'guessed'],
    ['given by its country', { country: 'DE' }, 'DE', tokyo, 'given'],
    ['given by an address, which confirms the guess', { address }, 'JP', tokyo, 'given'],
    ['of the zone that is given, whose country is still guessed', { timezone: berlin }, 'JP', berlin, 'guessed'],
  ] as const)('is %s', (_, about, country, timezone, locationSource) => {
    expect(made(about)).toMatchObject({ country, timezone, locationSource })
  })

  test('is in UTC where nothing is known of it', () => {
    expect(made({}, null, null)).toMatchObject({ country: null, timezone: UTC, locationSource: 'guessed' })
  })
})

describe('a changed account', () => {
  const changed = (patch: AccountPatch, about = {}) => changeAccount(givenAccount({ version: 4, ...about }), patch)

  test('has what is told and keeps the rest', () => {
    const result = changed({ name: 'Jane Doe', externalKey: null, email: undefined }, { externalKey: 'crm-1' })
    expect(result).toEqual({
      ok: true,
      value: { ...givenAccount(), version: 4, name: 'Jane Doe', externalKey: null },
    })
  })

  test.each([
    ['a country', { country: 'FR' }, 'given'],
    ['an address', { address }, 'given'],
    ['an address that is taken away', { address: null }, 'guessed'],
    ['a name', { name: 'Jo' }, 'guessed'],
  ] as const)('that was guessed, by %s: %s', (_, patch, locationSource) => {
    expect(changed(patch, { locationSource: 'guessed' })).toMatchObject({ value: { locationSource } })
  })

  test('stays given, whatever else is told', () => {
    expect(changed({ name: 'Jo' })).toMatchObject({ value: { locationSource: 'given' } })
  })

  test('never changes its currency, and may say the one it has', () => {
    expect(changed({ currency: USD })).toMatchObject({ ok: true, value: { currency: USD } })
    expect(changed({ currency: EUR })).toEqual({
      ok: false,
      error: {
        code: 'currency_mismatch',
        detail: "The account is in USD, and an account's currency never changes.",
        hint: 'Create another account in EUR.',
        pointer: '/currency',
      },
    })
  })
})

describe('the prefix of its invoices', () => {
  const of = '01945a3e-7c00-7a10-8b3c-d4e5f6071829' as Id<'account'>

  test.each([
    ['Jane Doe', 'JANE'],
    ['  jane', 'JANE'],
    ['Ångström GmbH', 'ANGSTROM'],
    ['Übermorgenland', 'UBERMORG'],
    ['3M', '3M'],
    ["L'Oréal S.A.", 'LOREAL'],
    ['株式会社', 'ACCT'],
    ['', 'ACCT'],
  ])('of %j is %s', (name, prefix) => {
    expect(invoicePrefixFor(name, of, 0)).toBe(prefix)
  })

  test('has ever more of its id, where another account has it already', () => {
    expect([1, 2].map((attempt) => invoicePrefixFor('Jane', of, attempt))).toEqual(['JANE8B3CD4E5', 'JANE8B3CD4E5F607'])
  })
})

test('accounts are spread by random bits of their ids, not by their numbers in a commit', () => {
  const ending = (text: string) => bucketOf(`01945a3e-7c00-7a10-8000-${text}` as Id<'account'>)
  expect([ending('000003ff0001'), ending('000003ff0002'), ending('000004000001'), ending('0000ffff0001')]).toEqual([
    ...[1023, 1023, 0, 1023],
  ])
})
