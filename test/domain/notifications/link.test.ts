import { expect, test } from 'vitest'
import { linkKindOf, linkTargetOf } from '../../../src/notifications/domain/link.ts'
import { type NoticeKind, noticeKinds } from '../../../src/notifications/domain/notice.ts'
import { id } from '../../support/given.ts'
import { givenNotice } from './given.ts'

const organizationId = id('organization', 1)
const toInvoice = { kind: 'pay', organizationId, id: id('invoice', 8) }
const toCard = { kind: 'card', organizationId, id: id('account', 2) }

test.each<[NoticeKind, object | null]>([
  ['payment_failed', toCard],
  ['payment_action_required', toInvoice],
  ['payment_method_missing', toCard],
  ['payment_reminder', toInvoice],
  ['overdue_warning', toInvoice],
  ['access_blocked', toInvoice],
  ['access_restored', null],
  ['subscription_ended_unpaid', toInvoice],
  ['payment_receipt', null],
])('%s leads to what the customer can do about it', (kind, target) => {
  expect(linkTargetOf(givenNotice(kind))).toEqual(target)
})

test('what is about no one invoice leads to the card, and what leads nowhere still does not', () => {
  for (const kind of noticeKinds) {
    expect(linkTargetOf(givenNotice(kind, {}, { invoiceId: null }))).toEqual(linkKindOf(kind) === null ? null : toCard)
  }
})
