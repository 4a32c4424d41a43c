import type { Id } from '../kernel/id.ts'
import type { Fragment } from '../platform/db/fragment.ts'
import { isPendingNumber } from './domain/finalise.ts'
import type { Invoice } from './domain/invoice.ts'

type Numbered = {
  readonly organizationId: Id<'organization'>
  readonly accountId: Id<'account'>
  readonly number: string
}

/** What stands for the number until the statement gives it; undefined where it is given already, or not yet. */
export function pendingNumberOf(document: Invoice | { readonly number: string }): string | undefined {
  return 'number' in document && isPendingNumber(document.number) ? document.number : undefined
}

/**
 * Numbers of the organization's series are given by the commit's own statement, to the winners only and in their order,
 * so that the series has neither gap nor repeat: `late` maps each placeholder to its number.
 */
export function seriesFragments(invoices: readonly Numbered[], creditNotes: readonly Numbered[]): readonly Fragment[] {
  const rowsOf = (documents: readonly Numbered[], note: boolean) =>
    documents.flatMap(({ organizationId, accountId, number }, position) =>
      isPendingNumber(number)
        ? [{ organization_id: organizationId, account_id: accountId, placeholder: number, position, note }]
        : [],
    )
  const rows = [...rowsOf(invoices, false), ...rowsOf(creditNotes, true)]
  return [
    {
      // Two pages of several organizations take the counters in the same order.
      name: 'locked_series',
      rows,
      statement: (parameter) =>
        `select s.organization_id from invoice_series s
         where s.organization_id in (select r.organization_id from ${source(parameter)})
         order by s.organization_id for update`,
    },
    {
      name: 'series',
      rows,
      statement: (parameter) =>
        `update invoice_series s
         set next_number = s.next_number + c.invoices, next_credit_note = s.next_credit_note + c.notes
         from (select r.organization_id, count(*) filter (where not r.note) as invoices, count(*) filter (where r.note) as notes
               from ${source(parameter)} group by 1) c
         join locked_series l on l.organization_id = c.organization_id
         where s.organization_id = c.organization_id
         returning s.organization_id, s.prefix, s.next_number - c.invoices as first, s.next_credit_note - c.notes as first_note`,
    },
    {
      name: 'late',
      rows,
      statement: (parameter) =>
        `select placeholder, prefix || lpad(number::text, greatest(6, length(number::text)), '0') as value from (
           select r.placeholder, s.prefix || case when r.note then '-CN-' else '-' end as prefix,
             case when r.note then s.first_note else s.first end
               + row_number() over (partition by r.organization_id, r.note order by r.position) - 1 as number
           from ${source(parameter)} join series s on s.organization_id = r.organization_id) numbered`,
    },
  ]
}

function source(parameter: string): string {
  return `json_to_recordset(${parameter}::json)
     as r(organization_id uuid, account_id uuid, placeholder text, position integer, note boolean)
   join winners w on w.id = r.account_id`
}
