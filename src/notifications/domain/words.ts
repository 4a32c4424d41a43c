import { encodeId } from '../../kernel/id.ts'
import { type Instant, plusMs } from '../../kernel/instant.ts'
import { formatDay, type Zone } from '../../kernel/zone.ts'
import { declineWords } from './decline-words.ts'
import { type LinkKind, linkTargetOf } from './link.ts'
import type { Notice, NoticeKind } from './notice.ts'
import { amountWords, forInvoices, inARow, inOneLine, methodWords, paymentWords } from './phrases.ts'

export type Words = {
  readonly subject: string
  readonly greeting: string
  readonly paragraphs: readonly string[]
  readonly action: { readonly label: string; readonly link: string } | null
  readonly closing: string
}

export type About = {
  /** Whose customer it is. */
  readonly seller: string
  /** What leads to the notice's `linkTargetOf`. Without it the customer is asked for nothing. */
  readonly link: string | null
  /** The account's: dates are its local days. */
  readonly zone: Zone
}

/**
 * What a customer reads: what happened, what happens next and when, and what to do. Plain words, without blame and
 * without threats.
 */
export function wordsOf(notice: Notice, { seller, link, zone }: About): Words {
  const told: Told = { notice, seller: inOneLine(seller), day: (at) => formatDay(at, zone) }
  const { subject, paragraphs } = tellings[notice.kind](told)
  const target = linkTargetOf(notice)
  const ask = target === null || link === null ? null : { ...askOf(notice, target.kind), link }
  return {
    subject,
    greeting: `Hello ${inOneLine(notice.facts.to.name)},`,
    paragraphs: [...paragraphs, ask?.words ?? ''].filter((text) => text !== ''),
    action: ask && { label: ask.label, link: ask.link },
    closing: `Kind regards,\n${told.seller}`,
  }
}

type Told = { readonly notice: Notice; readonly seller: string; readonly day: (at: Instant) => string }
type Telling = (told: Told) => Pick<Words, 'subject' | 'paragraphs'>

const tellings = {
  payment_failed: (told) => ({
    subject: `Your payment to ${told.seller} did not go through`,
    paragraphs: [inARow(`We could not collect ${payment(told)}${withMethod(told)}.`, reason(told)), ahead(told)],
  }),
  payment_action_required: (told) => ({
    subject: `Please confirm your payment to ${told.seller}`,
    paragraphs: [
      `Your bank asks you to confirm ${payment(told)}${withMethod(told)}. Nothing has been charged yet.`,
      accessEnd(told),
    ],
  }),
  payment_method_missing: (told) => ({
    subject: `Please add a payment method for ${told.seller}`,
    paragraphs: [
      inARow(`We would like to collect ${payment(told)}, but have no payment method on file.`, due(told)),
      accessEnd(told),
    ],
  }),
  payment_reminder: (told) => ({
    subject: `A friendly reminder: your payment of ${amountWords(told.notice.facts)} to ${told.seller}`,
    paragraphs: [
      inARow(`We have not received ${payment(told)} yet.`, due(told), 'It may simply have slipped through.'),
      ahead(told),
    ],
  }),
  overdue_warning: (told) => ({
    subject: `Your payment of ${amountWords(told.notice.facts)} to ${told.seller} is still open`,
    paragraphs: [
      inARow(`We are still waiting for ${payment(told)}.`, due(told)),
      inARow(ahead(told), 'As soon as it is paid, new subscriptions can be started again too.'),
    ],
  }),
  access_blocked: (told) => ({
    subject: `Your access to ${told.seller} is on hold`,
    paragraphs: [
      inARow(
        `We have not received ${payment(told)}.`,
        due(told),
        `Until it is paid, your access to ${told.seller} is on hold.`,
      ),
      inARow(nextTry(told), 'As soon as it is paid, your access comes back by itself.'),
    ],
  }),
  access_restored: (told) => ({
    subject: `Welcome back to ${told.seller}`,
    paragraphs: [
      `Thank you! You have full access to ${told.seller} again.`,
      inARow(stillOpen(told), 'It is good to have you back.'),
    ],
  }),
  subscription_ended_unpaid: (told) => ({
    subject: `Your subscription with ${told.seller} has ended`,
    paragraphs: [
      `We have not received ${payment(told)}, so your subscription with ${told.seller} has ended and will not renew.`,
      'What is open can still be paid, and after that you are welcome to subscribe again at any time.',
    ],
  }),
  payment_receipt: (told) => ({
    subject: receiptSubject(told),
    paragraphs: [
      inARow(
        `Thank you! On ${told.day(told.notice.createdAt)} we received ${payment(told)}${withMethod(told)}.`,
        reference(told),
      ),
      'This mail is your receipt; there is nothing you need to do.',
    ],
  }),
} as const satisfies Record<NoticeKind, Telling>

type Ask = { readonly label: string; readonly words: string }

const asks = {
  pay: {
    label: 'Pay now',
    words: 'You can pay with the link below. If you have paid in the meantime, there is nothing left to do.',
  },
  card: {
    label: 'Update your card',
    words: 'With the link below you can add a card or change the one on file. Once you do, we will try again.',
  },
} as const satisfies Record<LinkKind, Ask>

const ownAsks: Readonly<Partial<Record<NoticeKind, Readonly<Partial<Record<LinkKind, Ask>>>>>> = {
  payment_action_required: {
    pay: { label: 'Confirm the payment', words: 'Follow the link below, and your bank will show you what to do.' },
  },
  payment_method_missing: {
    card: { label: 'Add a card', words: 'Add a card with the link below, and we will take care of the rest.' },
  },
}

/** A link pays one invoice: of several it says which. */
function askOf({ kind, facts: { invoices } }: Notice, link: LinkKind): Ask {
  const ask = ownAsks[kind]?.[link] ?? asks[link]
  const [first, ...others] = invoices
  if (link === 'card' || others.length === 0) return ask
  return { ...ask, words: `The link below leads to invoice ${first}, the oldest one. ${ask.words}` }
}

/** What comes by itself. */
function ahead(told: Told): string {
  return inARow(nextTry(told), accessEnd(told))
}

function nextTry({ notice: { kind, facts }, day }: Told): string {
  if (facts.nextAttemptAt !== null) return `We will try to collect it again on ${day(facts.nextAttemptAt)}.`
  return kind === 'payment_failed' ? 'We have not planned another try.' : ''
}

function accessEnd({ notice: { facts }, day }: Told): string {
  const { blockedAt } = facts
  if (blockedAt === null) return ''
  return `Your access continues as usual; without the payment it would be put on hold on ${day(blockedAt)}.`
}

/** Access comes back with what made it end; something else may be open still. */
function stillOpen(told: Told): string {
  if (told.notice.facts.invoices.length === 0) return 'Everything is settled, and there is nothing you need to do.'
  return inARow(`We are still looking forward to ${payment(told)}.`, due(told))
}

function payment({ notice }: Told): string {
  return paymentWords(notice.facts)
}

function withMethod({ notice }: Told): string {
  const { method } = notice.facts
  return method === null ? '' : ` with your ${methodWords(method)}`
}

function reason({ notice }: Told): string {
  const { decline } = notice.facts
  return decline === null ? '' : declineWords(decline)
}

/** The due date is the local day whose end `dueAt` is (semantics.md, Paying). */
function due({ notice: { facts, createdAt }, day }: Told): string {
  const { dueAt, invoices } = facts
  if (dueAt === null) return ''
  const what = invoices.length > 1 ? 'The oldest invoice' : 'It'
  return `${what} ${dueAt > createdAt ? 'is' : 'was'} due on ${day(plusMs(dueAt, -1))}.`
}

function receiptSubject({ notice, seller }: Told): string {
  const { facts } = notice
  return inARow(`Your receipt from ${seller}: ${amountWords(facts)}`, forInvoices(facts.invoices))
}

/** By which the seller finds it. */
function reference({ notice: { paymentId } }: Told): string {
  return paymentId === null ? '' : `Its reference is ${encodeId('payment', paymentId)}.`
}
