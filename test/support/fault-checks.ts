import type { Id } from '../../src/kernel/id.ts'
import type { Json } from './client.ts'
import type { Lane } from './fault-lane.ts'
import { sql } from './sql.ts'

/** What has to be true of an account whose payments have all come to an end. Answers what is not. */
export async function violationsOf(lane: Lane, account: string, accountId: Id<'account'>): Promise<readonly string[]> {
  const [books, captures] = await Promise.all([readBooks(lane, accountId), capturesOf(lane, account)])
  return Object.entries(laws).flatMap(([law, breaches]) =>
    breaches({ ...books, captures }).map((breach) => `${law}: ${breach}`),
  )
}

type Books = {
  readonly invoices: readonly (Settled & { readonly id: string; readonly status: string })[]
  readonly payments: readonly {
    readonly id: string
    readonly invoice: string
    readonly status: string
    readonly amount: number
    readonly isManual: boolean
    readonly intent: string | null
    readonly open: number
    readonly attempts: number
    readonly receipts: number
    readonly told: number
    readonly surplus: number
  }[]
  readonly refunded: number
  readonly credit: number
  /** Sums of the ledger's accounts; a debit is positive. */
  readonly ledger: Readonly<Record<string, number>>
}

type Settled = Readonly<Record<'total' | 'paid' | 'applied' | 'noted' | 'written' | 'balance', number>>

/** What became of a payment at the gateway, by its own books. */
type Capture = {
  readonly intent: string
  readonly amount: number
  readonly refunded: number
  /** How often it was tried, with money or without. */
  readonly tries: number
  /** Of ours, by what we told it. */
  readonly payment: string
  /** Seconds, by its clock. */
  readonly created: number
}

/** What the gateway remembers of a key; an hour less, for what is on its way. */
const KEY_HOLDS_S = 23 * 3_600

type Law = (books: Books & { readonly captures: readonly Capture[] }) => readonly string[]

const laws = {
  'there is one invoice': ({ invoices }) => (invoices.length === 1 ? [] : [`${invoices.length} of them`]),
  'an invoice adds up': ({ invoices }) =>
    invoices
      .filter((one) => one.total !== one.paid + one.applied + one.noted + one.written + one.balance || one.balance < 0)
      .map((one) => JSON.stringify(one)),
  'an invoice is open as long as it owes': ({ invoices }) =>
    invoices.filter(({ status, balance }) => (status === 'open') !== balance > 0).map((one) => JSON.stringify(one)),
  'what was taken is one payment that succeeded': ({ payments, captures }) =>
    captures
      .filter(({ amount }) => amount > 0)
      .filter(({ intent, amount }) => {
        const own = payments.filter((payment) => payment.intent === intent)
        return own.length !== 1 || own[0]?.status !== 'succeeded' || own[0].amount !== amount
      })
      .map((one) => `${JSON.stringify(one)} of ${JSON.stringify(payments)}`),
  'a payment that succeeded was taken': ({ payments, captures }) =>
    payments
      .filter(
        ({ status, intent, isManual }) =>
          status === 'succeeded' && !isManual && !captures.some((one) => one.intent === intent && one.amount > 0),
      )
      .map((one) => JSON.stringify(one)),
  'an attempt is one try at the gateway': ({ payments, captures }) =>
    captures
      .filter(
        ({ intent, tries }) =>
          tries >
          sum(
            payments.filter((one) => one.intent === intent),
            ({ attempts }) => attempts,
          ),
      )
      .map((one) => JSON.stringify(one)),
  'a payment is made once at the gateway, as long as it remembers': ({ captures }) =>
    captures
      .filter((one) =>
        captures.some(
          (other) =>
            other.payment === one.payment &&
            other.intent !== one.intent &&
            Math.abs(other.created - one.created) < KEY_HOLDS_S,
        ),
      )
      .map((one) => JSON.stringify(one)),
  'never more is taken than is owed': ({ payments }) =>
    payments.filter(({ isManual, surplus }) => !isManual && surplus > 0).map((one) => JSON.stringify(one)),
  'what came in has paid, or is credit': ({ invoices, payments }) => {
    const paid = sum(invoices, ({ paid }) => paid)
    const received = payments.filter(({ status }) => status === 'succeeded')
    const used = sum(received, ({ amount, surplus }) => amount - surplus)
    return paid === used ? [] : [`${paid} paid of ${used}`]
  },
  'a payment is told once, with one receipt': ({ payments }) =>
    payments
      .filter(({ status, told, receipts }) => told !== (status === 'succeeded' ? 1 : 0) || told !== receipts)
      .map((one) => JSON.stringify(one)),
  'no try is open, and none waits for what is settled': ({ invoices, payments }) =>
    payments
      .filter(
        ({ open, status, invoice }) =>
          open > 0 || (status === 'pending' && invoices.find(({ id }) => id === invoice)?.status !== 'open'),
      )
      .map((one) => JSON.stringify(one)),
  'the ledger is balanced': ({ ledger }) => {
    const left = sum(Object.values(ledger), (amount) => amount)
    return left === 0 ? [] : [`${left}`]
  },
  'cash is what came in and did not go back': ({ ledger, payments, captures }) => {
    const manual = payments.filter(({ isManual }) => isManual)
    const cash = sum(captures, ({ amount, refunded }) => amount - refunded) + sum(manual, ({ amount }) => amount)
    return (ledger.cash ?? 0) === cash ? [] : [`${ledger.cash} in the ledger, ${cash} taken`]
  },
  'what is receivable is owed': ({ ledger, invoices }) => {
    const owed = sum(invoices, ({ balance }) => balance)
    return (ledger.receivable ?? 0) === owed ? [] : [`${ledger.receivable} in the ledger, ${owed} owed`]
  },
  'credit is what the customer has left': ({ ledger, credit }) =>
    -(ledger.credit ?? 0) === credit ? [] : [`${ledger.credit} in the ledger, ${credit} left`],
  'what went back was refunded': ({ captures, refunded }) => {
    const sent = sum(captures, (capture) => capture.refunded)
    return sent === refunded ? [] : [`${sent} sent, ${refunded} refunded`]
  },
} as const satisfies Record<string, Law>

function sum<T>(some: readonly T[], amount: (one: T) => number): number {
  return some.reduce((total, one) => total + amount(one), 0)
}

async function readBooks({ organizationId }: Lane, accountId: Id<'account'>): Promise<Books> {
  const [row] = await sql(
    `with of_account as (select $1::uuid as organization_id, $2::uuid as account_id)
     select
       (select coalesce(json_agg(json_build_object('id', i.id, 'status', i.status, 'total', i.total, 'paid', i.paid,
          'applied', i.credits_applied, 'noted', i.credit_notes, 'written', i.written_off, 'balance', i.balance)), '[]')
        from invoices i natural join of_account) as invoices,
       (select coalesce(json_agg(json_build_object('id', p.id, 'invoice', p.invoice_id, 'status', p.status,
          'amount', p.amount, 'isManual', p.manual is not null, 'intent', p.gateway_payment,
          'open', (select count(*) from payment_attempts a where a.organization_id = p.organization_id
            and a.payment_id = p.id and a.ended_at is null),
          'attempts', (select count(*) from payment_attempts a where a.organization_id = p.organization_id
            and a.payment_id = p.id),
          'receipts', (select count(*) from notifications n where n.organization_id = p.organization_id
            and n.payment_id = p.id and n.kind = 'payment_receipt'),
          'told', (select count(*) from events e where e.organization_id = p.organization_id
            and e.subject_id = p.id and e.type = 'payment.succeeded'),
          'surplus', (select coalesce(sum(c.amount), 0) from credits c where c.organization_id = p.organization_id
            and c.source = 'overpayment' and c.source_id = p.id)) order by p.id), '[]')
        from payments p natural join of_account) as payments,
       (select coalesce(sum(f.amount), 0) from refunds f natural join of_account where f.status = 'succeeded') as refunded,
       (select coalesce(sum(c.remaining), 0) from credits c natural join of_account) as credit,
       (select coalesce(json_object_agg(l.ledger_account, l.amount), '{}') from (
          select ledger_account, sum(amount) as amount from ledger_entries natural join of_account group by 1) l) as ledger`,
    organizationId,
    accountId,
  )
  return { ...(row as Books), refunded: Number(row?.refunded), credit: Number(row?.credit) }
}

/** More than a hundred of anything no history makes. */
async function capturesOf(lane: Lane, account: string): Promise<readonly Capture[]> {
  const [intents, refunds, charges] = await Promise.all(
    ['payment_intents', 'refunds', 'charges'].map((what) => lane.gateway('GET', `/v1/${what}?limit=100`)),
  )
  const own = intents.data.filter(({ metadata }: Json) => metadata.perennial_account === account)
  return own.map(({ id, amount_received: amount, created, metadata }: Json) => {
    const back = refunds.data.filter((one: Json) => one.payment_intent === id && one.status === 'succeeded')
    const tries = charges.data.filter((one: Json) => one.payment_intent === id).length
    const refunded = sum(back, (one: Json) => one.amount)
    return { intent: id, amount, refunded, tries, created, payment: metadata.perennial_payment }
  })
}

/** All that is written of an account's money, as one short text: the same, if nothing of it has changed. */
export async function booksOf({ organizationId }: Lane, accountId: Id<'account'>): Promise<string> {
  const tables = ['payments', 'invoices', 'ledger_entries', 'notifications', 'events', 'refunds']
  const rows = tables.map(
    (table) => `select coalesce(json_agg(t order by t.id)::text, '') as rows from ${table} t
      where t.organization_id = $1 and t.account_id = $2`,
  )
  const [row] = await sql(
    `select md5(string_agg(all_rows.rows, '|')) as books from (${rows.join(' union all ')}) all_rows`,
    organizationId,
    accountId,
  )
  return row?.books
}
