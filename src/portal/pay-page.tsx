import { balanceOf, type FinalInvoice } from '../invoices/domain/invoice.ts'
import { encodeId, type Id } from '../kernel/id.ts'
import { plusMs } from '../kernel/instant.ts'
import { formatDay, type Zone } from '../kernel/zone.ts'
import type { PayState } from './domain/page-state.ts'
import { amountInWords, methodInWords, payNotice, payWords, type ShownMethod } from './domain/words.ts'
import { InvoiceLines } from './invoice-lines.tsx'
import { layout } from './layout.tsx'

export type PayPage = {
  readonly seller: string
  /** This page's path, and that of the page where the customer's card is changed. */
  readonly url: string
  readonly cardUrl: string
  readonly state: PayState
  readonly invoice: FinalInvoice
  /** In which the invoice is due at the end of a day. */
  readonly zone: Zone
  readonly methods: readonly (ShownMethod & { readonly id: Id<'payment_method'> })[]
  /** Which of them is chosen at first; null: none. */
  readonly chosen: Id<'payment_method'> | null
}

/** Its form sends `method`, a `pm_…`, to the page's own path. */
export function payPage(page: PayPage): string {
  const { seller, url, state, invoice } = page
  const { number, currency, settlement } = invoice
  return layout({
    title: payWords.title(number, seller),
    seller,
    notice: payNotice(state, { seller, number, paid: amountInWords(settlement.paid, currency) }),
    wayOn: state.kind === 'under_way' && <a href={url}>{payWords.reload}</a>,
    children: (
      <>
        <h1>{payWords.heading(number)}</h1>
        <Figure {...page} />
        {wants[state.kind] === 'money' && <Paying {...page} />}
        <InvoiceLines {...invoice} />
      </>
    ),
  })
}

/** money: it can be paid here and now · patience: it is owed, and the money on its way · nothing: it is over. */
const wants = {
  plain: 'money',
  declined: 'money',
  failed: 'money',
  authentication_required: 'money',
  under_way: 'patience',
  paid: 'nothing',
  settled: 'nothing',
  void: 'nothing',
  uncollectible: 'nothing',
} as const satisfies Record<PayState['kind'], string>

function Figure({ state, invoice, zone }: PayPage) {
  const { currency, total, dueAt } = invoice
  const isOver = wants[state.kind] === 'nothing'
  return (
    <>
      <p class="quiet label">{isOver ? payWords.total : payWords.due}</p>
      <p class="amount">{amountInWords(isOver ? total : balanceOf(invoice), currency)}</p>
      {/* The end of a day is the beginning of the next. */}
      {!isOver && <p class="quiet">{payWords.dueOn(formatDay(plusMs(dueAt, -1), zone))}</p>}
    </>
  )
}

function Paying(page: PayPage) {
  const { seller, url, cardUrl, methods } = page
  if (methods.length === 0) {
    return (
      <div class="action">
        <p>{payWords.noMethod(seller)}</p>
        <a class="button" href={cardUrl}>
          {payWords.addCard}
        </a>
      </div>
    )
  }
  return (
    <form class="action" method="post" action={url}>
      <Methods {...page} />
      <button type="submit">{buttonWords(page)}</button>
      <p class="below">
        <a href={cardUrl}>{payWords.otherCard}</a>
      </p>
    </form>
  )
}

function buttonWords({ state, invoice }: PayPage): string {
  if (state.kind === 'authentication_required') return payWords.confirm
  return payWords.pay(amountInWords(balanceOf(invoice), invoice.currency))
}

function Methods({ methods, chosen }: PayPage) {
  return (
    <fieldset>
      <legend>{payWords.payWith}</legend>
      {methods.map((method) => (
        <label>
          <input
            type="radio"
            name="method"
            value={encodeId('payment_method', method.id)}
            checked={method.id === chosen}
            required
          />
          {methodInWords(method)}
        </label>
      ))}
    </fieldset>
  )
}
