import type { IdSource } from '../../kernel/id.ts'
import type { Period } from '../../kernel/period.ts'
import { writtenLine } from './draft.ts'
import type { DraftInvoice, Line } from './invoice.ts'

/** A line as somebody wrote it. Decimal strings; the unit amount in minor units. */
export type NewLine = { readonly description: string; readonly quantity: string; readonly unitAmount: string }

/** What of a draft can be changed; undefined stays. */
export type DraftPatch = {
  readonly lines?: readonly NewLine[] | undefined
  readonly memo?: string | null | undefined
  readonly termsDays?: number | null | undefined
}

export function writtenLines(lines: readonly NewLine[], period: Period, ids: IdSource): readonly Line[] {
  return lines.map((line) => writtenLine({ ...line, period }, ids))
}

/** Only what somebody wrote by hand can be written anew; what the engine billed is the engine's. */
export function isWritten({ reason }: Pick<DraftInvoice, 'reason'>): boolean {
  return reason === 'one_off'
}
