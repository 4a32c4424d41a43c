import { and, desc, eq, getTableColumns, lt } from 'drizzle-orm'
import { accounts } from '../accounts/tables.ts'
import { isPendingNumber } from '../invoices/domain/finalise.ts'
import type { Id } from '../kernel/id.ts'
import { organizations } from '../organizations/tables.ts'
import type { Database } from '../platform/db/client.ts'
import { type Fragment, insertsInto } from '../platform/db/fragment.ts'
import type { PageQuery } from '../platform/http/pagination.ts'
import type { Notice, NoticeKind } from './domain/notice.ts'
import { notifications } from './tables.ts'

type Organization = Id<'organization'>

/** The number of an invoice that becomes final with it may be told by the commit only. */
const newNotifications = insertsInto(notifications, 'account', { late: ['facts'] })

/** Part of the commit that a notice tells of. */
export function noticeRows(notices: readonly Notice[]): Fragment {
  return newNotifications(notices.map((notice) => ({ ...notice, late: notice.facts.invoices.find(isPendingNumber) })))
}

export function noticeFrom({
  organizationId,
  id,
  accountId,
  kind,
  invoiceId,
  paymentId,
  facts,
  createdAt,
}: typeof notifications.$inferSelect): Notice {
  return { organizationId, id, accountId, kind, invoiceId, paymentId, facts, createdAt }
}

export type NoticeFilter = {
  readonly account?: Id<'account'> | undefined
  readonly kind?: NoticeKind | undefined
  readonly invoice?: Id<'invoice'> | undefined
}

export function noticePage(database: Database, organizationId: Organization, filter: NoticeFilter, page: PageQuery) {
  const { account, kind, invoice } = filter
  return told(database)
    .where(
      and(
        eq(notifications.organizationId, organizationId),
        account === undefined ? undefined : eq(notifications.accountId, account),
        kind === undefined ? undefined : eq(notifications.kind, kind),
        invoice === undefined ? undefined : eq(notifications.invoiceId, invoice),
        page.cursor === undefined ? undefined : lt(notifications.id, page.cursor as Id<'notification'>),
      ),
    )
    .orderBy(desc(notifications.id))
    .limit(page.limit + 1)
}

export function noticeById(database: Database, organizationId: Organization, id: Id<'notification'>) {
  return told(database).where(and(eq(notifications.organizationId, organizationId), eq(notifications.id, id)))
}

/** With what its words are made of besides: whose customer it is, and the account's zone of today. */
function told(database: Database) {
  return database.orm
    .select({ ...getTableColumns(notifications), seller: organizations.name, zone: accounts.timezone })
    .from(notifications)
    .innerJoin(organizations, eq(organizations.id, notifications.organizationId))
    .innerJoin(
      accounts,
      and(eq(accounts.organizationId, notifications.organizationId), eq(accounts.id, notifications.accountId)),
    )
}
