import { expect, test } from 'vitest'
import { at } from '../../support/given.ts'
import { givenCustomer } from '../../support/given-selling.ts'
import { beginning, type History, lived, refusal } from './history.ts'
import {
  changes,
  creditLeft,
  credits,
  documents,
  final,
  gateway,
  grants,
  owed,
  subscribes,
  takesNoteBack,
  voids,
  writes,
} from './words.ts'

const START = '2026-06-01'
const LATER = '2026-06-16'
const owing = () => lived(beginning({ account: givenCustomer({ collection: 'invoice' }) }), [START, subscribes()])
const paid = () => lived(beginning(), [START, subscribes()], [START, gateway('succeeded')])
const noteOf = ({ creditNotes }: History) => [...creditNotes.values()].at(-1)
const now = changes({ planCode: 'team', invoicing: 'now' })

test('the credit that a credit note gives says which note it is of, and why', () => {
  const noted = lived(paid(), [LATER, credits(0)])
  expect([...noted.credits.values()]).toMatchObject([
    { source: 'credit_note', sourceId: noteOf(noted)?.id, reason: 'Wrong', amount: 4900n, expiresAt: null },
  ])
})

test('a credit note that is taken back takes its own credit with it, and no other', () => {
  const noted = lived(paid(), [START, grants(700n)], [START, credits(0)])
  const back = lived(noted, [LATER, takesNoteBack])
  expect(creditLeft(back)).toBe(700n)
  expect([...back.credits.values()]).toMatchObject([
    { remaining: 700n, end: null },
    { remaining: 0n, voided: 4900n, end: 'voided', endedAt: at(LATER) },
  ])
  expect(noteOf(back)).toMatchObject({ status: 'void', voidedAt: at(LATER), version: 2 })
  expect(back.decisions.at(-1)?.ledger).toMatchObject([{ kind: 'credit_note_void', document: noteOf(back)?.id }])
})

test('a credit note that only reduced what is owed leaves all credit alone when it is taken back', () => {
  const back = lived(owing(), [START, grants(700n)], [START, credits(0)], [LATER, takesNoteBack])
  expect([creditLeft(back), owed(back)]).toEqual([700n, 4900n])
})

test('what was taken back may be credited again', () => {
  const again = lived(owing(), [START, credits(0)], [START, takesNoteBack], [LATER, credits(0)])
  expect([noteOf(again)?.number, noteOf(again)?.total, owed(again)]).toEqual(['JANE-CN-0002', 4900n, 0n])
})

test('of what a change gave back no more is credited, until that is void', () => {
  const changed = lived(owing(), [LATER, now])
  expect(refusal(changed, LATER, credits(0, { parts: [[0, 2451n]] }))).toMatchObject({ code: 'credit_note_too_large' })
  expect(noteOf(lived(changed, [LATER, credits(0, { parts: [[0, 2450n]] })]))).toMatchObject({ total: 2450n })
  expect(noteOf(lived(changed, [LATER, voids(1)], [LATER, credits(0)]))).toMatchObject({ total: 4900n })
})

test('each invoice is credited by notes of its own', () => {
  const both = lived(owing(), [START, writes([['1', '300']])], [LATER, credits(0)], [LATER, credits(1)])
  expect([...both.creditNotes.values()].map(({ invoiceId, total }) => [invoiceId, total])).toEqual([
    [final(both, 0).id, 4900n],
    [final(both, 1).id, 300n],
  ])
  expect(documents(both)).toEqual(['paid subscription: +4900', 'paid one_off: +300'])
})

test('a credit note is not held up by the payment of another invoice', () => {
  const declined = lived(beginning(), [START, subscribes()], [START, gateway('declined')])
  const both = lived(declined, [START, subscribes({ planCode: 'team' })], [LATER, credits(0)])
  expect(documents(both)).toEqual(['paid subscription: +4900', 'open subscription: +9900'])
  expect(refusal(both, LATER, credits(1))).toMatchObject({ code: 'payment_under_way' })
})
