import { customType } from 'drizzle-orm/pg-core'
import { type Instant, instant, toIso } from '../../kernel/instant.ts'

/** timestamptz ⇄ Instant. Milliseconds: what JavaScript can hold, so that reading back gives the value written. */
export const instantColumn = customType<{ data: Instant; driverData: string }>({
  dataType: () => 'timestamp(3) with time zone',
  fromDriver: (text) => instant(Date.parse(text)),
  toDriver: toIso,
})

/** Postgres's 64-bit transaction id, written by its default only: it orders the event feed. */
export const transactionIdColumn = customType<{ data: string; driverData: string }>({ dataType: () => 'xid8' })
