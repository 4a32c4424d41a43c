import { expect, test } from 'vitest'
import { givenCustomer, offers } from '../../support/given-selling.ts'
import { beginning, lived, refusal } from './history.ts'
import { changes, creditLeft, documents, final, gateway, grants, subscribes, subscription } from './words.ts'

const START = '2026-06-01'
const LATER = '2026-06-16'
const bought = () => lived(beginning(), [START, subscribes()])
const paid = () => lived(bought(), [START, gateway('succeeded')])
const team = changes({ planCode: 'team', onlyIfPaid: true })
const isMade = { pendingChange: null, planId: offers.team.id }

test('a change if paid that credit pays for is made at once', () => {
  const made = lived(paid(), [START, grants(9000n)], [LATER, team])
  expect(subscription(made)).toMatchObject(isMade)
  expect([documents(made).at(-1), creditLeft(made)]).toEqual(['paid proration: -2450 +4950', 6500n])
})

test('a change if paid is not held up by what else is owed', () => {
  const owing = lived(bought(), [START, gateway('declined')], [START, grants(9000n)])
  expect(subscription(lived(owing, [LATER, team]))).toMatchObject(isMade)
})

test('a change if paid that is left open on terms is refused, and nothing of it is made', () => {
  const onTerms = lived(beginning({ account: givenCustomer({ collection: 'invoice' }) }), [START, subscribes()])
  expect(refusal(onTerms, LATER, team)).toMatchObject({ code: 'payment_method_missing' })
  expect(documents(onTerms)).toEqual(['open subscription: +4900'])
})

test('what the day changed before is charged by itself, and the change does not wait for that', () => {
  const day = lived(paid(), [LATER, changes({ planCode: 'team', quantity: 2 })])
  const made = lived(day, [LATER, changes({ planCode: 'team', quantity: 1, onlyIfPaid: true })])
  expect(documents(made).slice(1)).toEqual(['open proration: -2450 +9900', 'paid proration: -9900 +4950'])
  expect(subscription(made)).toMatchObject({ ...isMade, quantity: 1 })
  const open = [...made.charges.values()].filter(({ payment }) => payment.status === 'pending')
  expect(open.map(({ payment }) => payment.invoiceId)).toEqual([final(made, 1).id])
})

test('a change that was not paid says so on its invoice', () => {
  const declined = lived(paid(), [LATER, team], ['2026-06-16T01:00:00Z', gateway('declined')])
  expect(final(declined, 1).voided?.reason).toBe('The change was not paid')
})

test('a change that was paid begins the day anew for what comes after it', () => {
  const made = lived(paid(), [LATER, team], ['2026-06-16T01:00:00Z', gateway('succeeded')])
  const more = lived(made, ['2026-06-16T02:00:00Z', changes({ quantity: 2 })])
  expect(documents(more).slice(1)).toEqual(['paid proration: -2450 +4950', 'draft proration: -4950 +9900'])
  const back = lived(more, ['2026-06-16T03:00:00Z', changes({ quantity: 1 })])
  expect(documents(back).slice(1)).toEqual(['paid proration: -2450 +4950'])
})
