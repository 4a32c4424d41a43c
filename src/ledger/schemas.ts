import { z } from '@hono/zod-openapi'
import { encodeId, type Id, type IdKind } from '../kernel/id.ts'
import { toIso } from '../kernel/instant.ts'
import { amountSchema, timeSchema } from '../platform/http/wire.ts'
import { ledgerAccounts, ledgerKinds } from './domain/posting.ts'
import type { ledgerEntries } from './tables.ts'

export const ledgerEntrySchema = z
  .object({
    id: z.string(),
    account: z.string(),
    kind: z.enum(ledgerKinds),
    document: z.string().openapi({ description: 'The invoice, payment, credit … that moved the money.' }),
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
    account: encodeId('account', row.accountId),
    kind: row.kind,
    document: documentToWire(row),
    ledger_account: row.ledgerAccount,
    currency: row.currency,
    debit: row.amount > 0n ? Number(row.amount) : 0,
    credit: row.amount < 0n ? Number(-row.amount) : 0,
    at: toIso(row.at),
  }
}

/** Whose id a transaction of each kind carries. */
const documentOf = {
  invoice: 'invoice',
  void: 'invoice',
  uncollectible: 'invoice',
  payment: 'payment',
  refund: 'refund',
  refund_granted: 'refund',
  refund_failed: 'refund',
  refund_resolved: 'refund',
  dispute_opened: 'dispute',
  dispute_won: 'dispute',
  dispute_lost: 'dispute',
  small_balance: 'invoice',
  credit_note: 'credit_note',
  credit_note_void: 'credit_note',
  credit_grant: 'credit',
  credit_expired: 'credit',
  credit_void: 'credit',
  credit_applied: 'credit_application',
  credit_released: 'credit_application',
} as const satisfies Record<(typeof ledgerKinds)[number], IdKind>

function documentToWire({ kind, documentId }: typeof ledgerEntries.$inferSelect): string {
  const prefix: IdKind = documentOf[kind]
  return encodeId(prefix, documentId as Id<typeof prefix>)
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
