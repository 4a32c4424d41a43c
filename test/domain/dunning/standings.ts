import type { Overdue } from '../../../src/accounts/domain/account.ts'
import { type Standing, statusOf, stepAt } from '../../../src/dunning/domain/overdue.ts'
import { type Collection, type FinalInvoice, idle } from '../../../src/invoices/domain/invoice.ts'
import type { Instant } from '../../../src/kernel/instant.ts'
import { addDaysToDate, type LocalDate, startOfLocalDay, type Zone } from '../../../src/kernel/zone.ts'
import { defaultSettings } from '../../../src/organizations/domain/organization.ts'
import { givenInvoice, UTC } from '../../support/given.ts'

/** How an account stands in the tests of dunning. */

export const { dunning: policy } = defaultSettings
export const clear: Overdue = { status: 'current', step: 'none', since: null }

/** An open invoice that is due on a local date. */
export function dueOn(date: string, zone: Zone = UTC, collection: Partial<Collection> = {}): FinalInvoice {
  const dueAt = startOfLocalDay(addDaysToDate(date as LocalDate, 1), zone)
  return givenInvoice([4900n], { dueAt, collection: { ...idle, ...collection } })
}

export function standing(debts: readonly FinalInvoice[], about: Partial<Standing> = {}): Standing {
  return { overdue: clear, debts, underWay: new Set(), policy, zone: UTC, heldSince: null, ...about }
}

/** What a decision at that time would leave. */
export function stepped(before: Standing, now: Instant): Standing {
  const step = stepAt(before, now)
  const { overdue } = before
  const status = statusOf[step]
  const since = status === overdue.status ? overdue.since : now
  return step === overdue.step ? before : { ...before, overdue: { status, step, since } }
}
