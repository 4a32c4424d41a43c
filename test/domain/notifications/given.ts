import type { Notice, NoticeFacts, NoticeKind } from '../../../src/notifications/domain/notice.ts'
import { type About, wordsOf } from '../../../src/notifications/domain/words.ts'
import { at, id, USD, UTC } from '../../support/given.ts'

/** Jane owes 1999 since the end of 3 February; her card is tried again on the 6th, and her access ends on the 17th. */
export const facts: NoticeFacts = {
  ...{ to: { name: 'Jane', email: 'jane@startup.example' }, currency: USD, amount: '1999', invoices: ['JANE-0001'] },
  ...{ dueAt: at('2026-02-04'), nextAttemptAt: at('2026-02-06T10:00:00Z'), blockedAt: at('2026-02-17') },
  ...{ method: { brand: 'visa', last4: '4242' }, decline: null },
}

/** Nothing comes by itself any more. */
export const over = { nextAttemptAt: null, blockedAt: null } as const

export function givenNotice(kind: NoticeKind, told: Partial<NoticeFacts> = {}, about: Partial<Notice> = {}): Notice {
  return {
    ...{ organizationId: id('organization', 1), id: id('notification', 9), accountId: id('account', 2), kind },
    ...{ invoiceId: id('invoice', 8), paymentId: null, facts: { ...facts, ...told }, createdAt: at('2026-02-05') },
    ...about,
  }
}

export const about: About = { seller: 'Acme', link: 'https://pay.example/pay/token', zone: UTC }

/** As a customer of Acme's reads it. */
export function told(kind: NoticeKind, facts: Partial<NoticeFacts> = {}, notice: Partial<Notice> = {}) {
  return wordsOf(givenNotice(kind, facts, notice), about)
}
