import type { FinalInvoice } from '../../invoices/domain/invoice.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { NoticeKind } from '../../notifications/domain/notice.ts'
import type { Attempt, Payment } from '../../payments/domain/payment.ts'
import type { Context, Work } from './work.ts'

type About = {
  /** Oldest first; the link leads to the first. */
  readonly invoices: readonly FinalInvoice[]
  readonly amount: bigint
  readonly payment?: Payment
  readonly attempt?: Attempt
  readonly nextAttemptAt?: Instant | null
  readonly blockedAt?: Instant | null
}

/** What the customer is told of this decision: written with it, in words when it is read. */
export function notify(work: Work, kind: NoticeKind, about: About, { now, ids }: Context): Work {
  const { invoices, amount, payment, attempt, nextAttemptAt = null, blockedAt = null } = about
  const { organizationId, id: accountId, name, email, currency } = work.account
  const [first] = invoices
  const methodId = attempt?.paymentMethodId ?? payment?.paymentMethodId
  const method = methodId == null ? undefined : work.methods.now.get(methodId)
  const notice = {
    ...{ organizationId, accountId, kind, id: ids('notification'), createdAt: now },
    invoiceId: first?.id ?? null,
    paymentId: payment?.id ?? null,
    facts: {
      ...{ to: { name, email }, currency, nextAttemptAt, blockedAt },
      amount: amount.toString(),
      invoices: invoices.map(({ number }) => number),
      dueAt: first?.dueAt ?? null,
      method: method === undefined ? null : { brand: method.brand, last4: method.last4 },
      decline: attempt?.decline?.code ?? null,
    },
  }
  return { ...work, notices: [...work.notices, notice] }
}
