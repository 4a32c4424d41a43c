import { type Fragment, insertsInto } from '../db/fragment.ts'
import { events } from './tables.ts'

export type EventRow = typeof events.$inferInsert & { readonly late?: string | undefined }

const options = { omit: ['xid'], late: ['data'] }
const ofAccounts = insertsInto(events, 'account', options)
const ofOrganization = insertsInto(events, 'organization', options)

/** The events' part of the commit. Rows with an account follow its guards. */
export function eventFragments(rows: readonly EventRow[]): readonly Fragment[] {
  const scoped = ofAccounts(rows.filter((row) => row.accountId))
  const unscoped = ofOrganization(rows.filter((row) => !row.accountId))
  return [scoped, { ...unscoped, name: 'new_organization_events' }]
}
