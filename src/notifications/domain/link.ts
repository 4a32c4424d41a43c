import type { Id } from '../../kernel/id.ts'
import type { Notice, NoticeKind } from './notice.ts'

/** Where a notice leads to: the page of an invoice that is to be paid, or the one where an account's card is changed. */
export type LinkTarget = { readonly organizationId: Id<'organization'> } & (
  | { readonly kind: 'pay'; readonly id: Id<'invoice'> }
  | { readonly kind: 'card'; readonly id: Id<'account'> }
)
export type LinkKind = LinkTarget['kind']

const links = {
  payment_failed: 'card',
  payment_action_required: 'pay',
  payment_method_missing: 'card',
  payment_reminder: 'pay',
  overdue_warning: 'pay',
  access_blocked: 'pay',
  access_restored: null,
  subscription_ended_unpaid: 'pay',
  payment_receipt: null,
} as const satisfies Record<NoticeKind, LinkKind | null>

export function linkKindOf(kind: NoticeKind): LinkKind | null {
  return links[kind]
}

/** Null where there is nothing to do. What is about no one invoice leads to the card, which pays for all that are open. */
export function linkTargetOf({ kind, organizationId, accountId, invoiceId }: Notice): LinkTarget | null {
  const link = linkKindOf(kind)
  if (link === null) return null
  if (link === 'card' || invoiceId === null) return { kind: 'card', organizationId, id: accountId }
  return { kind: 'pay', organizationId, id: invoiceId }
}
