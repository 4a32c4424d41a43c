import { z } from '@hono/zod-openapi'
import { encodeId, type Id } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { amountSchema, timeSchema } from '../platform/http/wire.ts'
import { ledgerAccounts } from './domain/posting.ts'
import type { ledgerEntries } from './tables.ts'

export const ledgerEntrySchema = z
  .object({
    id: z.string(),
    document: z.string().openapi({ description: 'The invoice or payment that moved the money.' }),
    ledger_account: z.enum(ledgerAccounts),
    currency: z.string(),
    debit: amountSchema,
    credit: amountSchema,
    at: timeSchema,
  })
  .openapi('LedgerEntry')

export function entryToWire(row: typeof ledgerEntries.$inferSelect): z.output<typeof ledgerEntrySchema> {
  return {
    id: encodeId('ledger_entry', row.id),
    document:
      row.kind === 'invoice'
        ? encodeId('invoice', row.documentId as Id<'invoice'>)
        : encodeId('payment', row.documentId as Id<'payment'>),
    ledger_account: row.ledgerAccount,
    currency: row.currency,
    debit: row.amount > 0n ? Number(row.amount) : 0,
    credit: row.amount < 0n ? Number(-row.amount) : 0,
    at: toIso(row.at),
  }
}

export const trialBalanceSchema = z
  .object({
    currencies: z.array(
      z.object({
        currency: z.string(),
        debits: amountSchema,
        credits: amountSchema,
        balanced: z.boolean(),
        accounts: z.array(
          z.object({
            ledger_account: z.enum(ledgerAccounts),
            debits: amountSchema,
            credits: amountSchema,
            balance: amountSchema,
          }),
        ),
      }),
    ),
  })
  .openapi('TrialBalance')

type Sums = {
  readonly currency: string
  readonly ledgerAccount: (typeof ledgerAccounts)[number]
  readonly debits: string
  readonly credits: string
}

export function trialBalanceToWire(rows: readonly Sums[]): z.output<typeof trialBalanceSchema> {
  const byCurrency = Map.groupBy(rows, ({ currency }) => currency)
  return {
    currencies: [...byCurrency].map(([currency, sums]) => {
      const debits = sums.reduce((sum, row) => sum + BigInt(row.debits), 0n)
      const credits = sums.reduce((sum, row) => sum + BigInt(row.credits), 0n)
      return {
        currency,
        debits: Number(debits),
        credits: Number(credits),
        balanced: debits === credits,
        accounts: sums.map((row) => ({
          ledger_account: row.ledgerAccount,
          debits: Number(row.debits),
          credits: Number(row.credits),
          balance: Number(BigInt(row.debits) - BigInt(row.credits)),
        })),
      }
    }),
  }
}
