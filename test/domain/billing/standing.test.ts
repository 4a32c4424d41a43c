import { describe, expect, test } from 'vitest'
import { at } from '../../support/given.ts'
import {
  accessIn,
  attachesCard,
  card,
  collectionOf,
  declining,
  dunning,
  eventsBy,
  holds,
  livesOn,
  noticesOf,
  onTerms,
  overdueOf,
  pays,
  records,
  releases,
  toldBy,
  tries,
  withCards,
} from './collecting.ts'
import { type Asked, lived, refusal } from './history.ts'
import {
  advance,
  documents,
  final,
  gateway,
  owed,
  subscribes,
  subscription,
  voids,
  writes,
  writesOff,
} from './words.ts'

const START = '2026-06-01T10:00:00Z'
/** 99900 on terms, due on the 1st of July, and no other invoice for a year. */
const owing = (about = {}) => lived(onTerms(about), [START, subscribes({ interval: 'year' })])
const warned = (about = {}) => livesOn(owing(about), '2026-07-08')
const blocked = (about = {}) => livesOn(owing(about), '2026-07-15')
const dunned = ['payment_reminder', 'overdue_warning', 'access_blocked', 'access_restored'] as const

describe('FR-083 FR-084 FR-091 who does not pay', () => {
  test('is reminded 3 days after the due date, warned after 7, blocked after 14', () => {
    const end = blocked()
    expect(final(end).dueAt).toBe(at('2026-07-02'))
    expect(noticesOf(end)).toEqual([
      '2026-07-04 payment_reminder',
      '2026-07-08 overdue_warning',
      '2026-07-15 access_blocked',
    ])
    expect(end.snapshot.account.overdue).toEqual({ status: 'blocked', step: 'blocked', since: at('2026-07-15') })
  })

  test('is told of what is past due alone, and of the day access ends', () => {
    const more = lived(owing(), ['2026-06-20', writes([['1', '500']])])
    const [reminder, warning, block] = livesOn(more, '2026-07-16').notices
    const about = { amount: '99900', invoices: ['JANE-0001'], dueAt: at('2026-07-02'), blockedAt: at('2026-07-15') }
    expect([reminder?.facts, warning?.facts]).toMatchObject([about, about])
    expect(block?.facts).toMatchObject({ ...about, blockedAt: null })
    expect(reminder).toMatchObject({ invoiceId: final(more).id, accountId: more.snapshot.account.id })
  })

  test('where nobody looked for long is told once, of where it has come to', () => {
    const late = lived(owing(), ['2026-07-09', advance])
    expect([noticesOf(late), overdueOf(late)]).toEqual([['2026-07-09 overdue_warning'], 'warning/warning'])
    expect(noticesOf(lived(late, ['2026-07-09', advance]))).toHaveLength(1)
  })

  test('FR-086 FR-089 has every step in the account’s history, and access with each subscription', () => {
    const two = lived(owing(), [START, subscribes({ planCode: 'team', interval: 'year' })])
    expect(toldBy(two, '2026-07-02', advance)).toEqual([
      ...['account.overdue_changed', 'subscription.access_changed', 'subscription.access_changed'],
    ])
    expect(accessIn(livesOn(two, '2026-07-10'))).toEqual(['grace', 'grace'])
    expect(accessIn(livesOn(two, '2026-07-15'))).toEqual(['blocked', 'blocked'])
    const steps = livesOn(two, '2026-07-15').events.filter(({ type }) => type === 'account.overdue_changed')
    expect(steps.map(({ after }) => ('overdue' in after ? after.overdue.step : null))).toEqual([
      ...['past_due', 'reminder', 'warning', 'blocked'],
    ])
    const [step] = eventsBy(two, '2026-07-02', advance)
    expect(step).toMatchObject({ before: { overdue: { step: 'none' } }, after: { overdue: { step: 'past_due' } } })
  })
})

describe('FR-087 who pays', () => {
  test('is CURRENT at once, welcomed back, and has access', () => {
    const paid = lived(blocked(), ['2026-07-20T09:00:00Z', records()])
    expect(paid.snapshot.account.overdue).toEqual({
      ...{ status: 'current', step: 'none', since: at('2026-07-20T09:00:00Z') },
    })
    expect([accessIn(paid), noticesOf(paid).slice(3)]).toEqual([
      ['granted'],
      ['2026-07-20 payment_receipt', '2026-07-20 access_restored'],
    ])
    expect(toldBy(blocked(), '2026-07-20', records())).toEqual([
      ...['payment.succeeded', 'invoice.paid', 'account.overdue_changed', 'subscription.access_changed'],
    ])
  })

  test.each<readonly [string, Asked]>([
    ['a void', voids(0, false)],
    ['giving it up', writesOff()],
  ])('as does %s', (_, asked) => {
    expect(overdueOf(lived(blocked(), ['2026-07-20', asked]))).toBe('current/none')
  })

  test('a part of what is past due goes back as far as the rest allows', () => {
    const more = lived(owing(), ['2026-06-08', writes([['1', '500']])])
    const both = livesOn(more, '2026-07-16')
    expect(overdueOf(both)).toBe('blocked/blocked')
    const one = lived(both, ['2026-07-16', records()])
    expect([overdueOf(one), accessIn(one), noticesOf(one, 'access_restored')]).toEqual([
      ...['warning/warning', ['grace']],
      [],
    ])
    const all = lived(one, ['2026-07-17', records(null, 1)])
    expect([overdueOf(all), accessIn(all), noticesOf(all, 'access_restored')]).toEqual([
      ...['current/none', ['granted']],
      ['2026-07-17 access_restored'],
    ])
  })

  test('after a reminder gets a receipt, and no welcome', () => {
    const paid = lived(livesOn(owing(), '2026-07-05'), ['2026-07-05', records()])
    expect(noticesOf(paid)).toEqual(['2026-07-04 payment_reminder', '2026-07-05 payment_receipt'])
  })
})

describe('FR-040 FR-085 a new subscription', () => {
  const team = subscribes({ planCode: 'team' })
  test('is refused while WARNING or BLOCKED, whether the run has been there or not', () => {
    for (const when of ['2026-07-08', '2026-07-15', '2026-08-20'])
      expect(refusal(owing(), when, team), when).toMatchObject({ code: 'account_overdue' })
    expect(refusal(warned(), '2026-07-08', team)?.detail).toContain('warning')
    expect(refusal(blocked(), '2026-07-15', team)?.detail).toContain('blocked')
  })

  test('is sold to who was only reminded, and to who has paid', () => {
    expect(lived(livesOn(owing(), '2026-07-07'), ['2026-07-07', team]).subscriptions.size).toBe(2)
    expect(lived(blocked(), ['2026-07-20', records()], ['2026-07-20', team]).subscriptions.size).toBe(2)
  })

  test('of who fails to pay another is in grace from its start', () => {
    const failing = lived(withCards(1), [START, subscribes()], [START, gateway('declined', 'lost_card')])
    expect(accessIn(lived(failing, ['2026-06-02', team]))).toEqual(['grace', 'grace'])
  })

  test('is sold while what is owed is disputed', () => {
    const held = lived(livesOn(owing(), '2026-07-05'), ['2026-07-05', holds])
    expect(lived(held, ['2026-08-30', team]).subscriptions.size).toBe(2)
  })
})

describe('FR-088 a dispute hold', () => {
  test('keeps it as it stands, and gives its days back', () => {
    const held = lived(livesOn(owing(), '2026-07-05'), ['2026-07-05T12:00:00Z', holds])
    expect([overdueOf(livesOn(held, '2026-09-01')), held.snapshot.account.nextBillingAt]).toEqual([
      ...['current/reminder', at('2027-06-01T10:00:00Z')],
    ])
    const released = lived(held, ['2026-07-15T09:00:00Z', releases])
    expect(released.snapshot.account).toMatchObject({ disputeHold: null, nextBillingAt: at('2026-07-18') })
    expect(noticesOf(livesOn(released, '2026-07-25'), ...dunned).slice(1)).toEqual([
      ...['2026-07-18 overdue_warning', '2026-07-25 access_blocked'],
    ])
  })

  test('from before the due date on counts from that', () => {
    const held = lived(owing(), ['2026-06-10', holds], ['2026-07-11', releases])
    expect(collectionOf(held).heldDays).toBe(9)
    expect(noticesOf(livesOn(held, '2026-07-13'), ...dunned)).toEqual(['2026-07-13 payment_reminder'])
  })

  test('keeps a failing card from being tried, and takes up its schedule where it stood', () => {
    const failing = lived(withCards(1), [START, subscribes({ interval: 'year' })], [START, gateway('declined')])
    const held = livesOn(lived(failing, ['2026-06-02T12:00:00Z', holds]), '2026-06-20', declining())
    expect(tries(held)).toHaveLength(1)
    const end = livesOn(lived(held, ['2026-06-22T12:00:00Z', releases]), '2026-07-20', declining())
    expect([...end.attempts.values()].slice(1).map(({ dueAt }) => dueAt)).toEqual(
      ['06-24', '06-26', '06-28', '07-01'].map((day) => at(`2026-${day}T10:00:00Z`)),
    )
    expect(noticesOf(end, ...dunned)).toEqual([
      '2026-06-24 payment_reminder',
      '2026-06-28 overdue_warning',
      '2026-07-01 access_blocked',
    ])
  })

  test('moves what comes after the block, too', () => {
    const held = lived(blocked(), ['2026-07-20', holds], ['2026-07-25', releases])
    expect(held.snapshot.account.overdue.since).toBe(at('2026-07-20'))
    expect(held.snapshot.account.nextBillingAt).toBe(at('2026-08-19'))
  })

  test('does not keep anyone from paying', () => {
    const held = lived(blocked(), ['2026-07-20', holds])
    const paid = lived(held, ['2026-07-22', records()], ['2026-07-30', releases])
    expect([overdueOf(paid), accessIn(paid)]).toEqual(['current/none', ['granted']])
    expect(paid.snapshot.account.overdue.since).toBe(at('2026-07-30'))
  })

  test('is placed once, and released once', () => {
    const held = lived(owing(), ['2026-06-10', holds])
    expect(refusal(held, '2026-06-10', holds)).toMatchObject({ code: 'command_not_possible' })
    expect(refusal(owing(), '2026-06-10', releases)).toMatchObject({ code: 'command_not_possible' })
    expect(toldBy(owing(), '2026-06-10', holds)).toEqual(['account.dispute_hold_placed'])
    expect(toldBy(held, '2026-06-11', releases)).toEqual(['account.dispute_hold_released'])
    const late = lived(livesOn(owing(), '2026-07-05'), ['2026-07-05', holds])
    expect(toldBy(late, '2026-07-06', releases)).toEqual(['account.dispute_hold_released', 'invoice.updated'])
  })
})

describe('thirty days after the block', () => {
  const ended = (terminalAction: 'cancel' | 'leave' | 'uncollectible') =>
    livesOn(owing(dunning({ terminalAction })), '2026-08-14')

  test('subscriptions are cancelled, and what is owed stays owed', () => {
    const end = ended('cancel')
    expect(subscription(end)).toMatchObject({ status: 'cancelled', endedAt: at('2026-08-14') })
    expect([overdueOf(end), documents(end), noticesOf(end).at(-1)]).toEqual([
      ...['blocked/ended', ['open subscription: +99900'], '2026-08-14 subscription_ended_unpaid'],
    ])
    expect(end.snapshot.account.nextBillingAt).toBeNull()
    const paid = lived(end, ['2026-09-01', records()])
    expect([overdueOf(paid), noticesOf(paid, ...dunned).at(-1)]).toEqual([
      ...['current/none', '2026-07-15 access_blocked'],
    ])
  })

  test('or nothing is done, and nobody is told', () => {
    const end = ended('leave')
    expect([subscription(end).status, overdueOf(end), noticesOf(end).at(-1)]).toEqual([
      ...['active', 'blocked/ended', '2026-07-15 access_blocked'],
    ])
    expect(documents(livesOn(end, '2027-06-02'))).toEqual(['open subscription: +99900', 'open renewal: +99900'])
    const paid = lived(end, ['2026-09-01', records()])
    expect([accessIn(paid), noticesOf(paid).at(-1)]).toEqual([['granted'], '2026-09-01 access_restored'])
  })

  test('or what is owed is given up with them, and the account owes nothing more', () => {
    const end = ended('uncollectible')
    expect([subscription(end).status, owed(end), overdueOf(end)]).toEqual(['cancelled', 0n, 'current/none'])
    expect([documents(end), noticesOf(end).at(-1)]).toEqual([
      ...[['uncollectible subscription: +99900'], '2026-08-14 subscription_ended_unpaid'],
    ])
    expect(toldBy(end, '2026-08-15', advance)).toEqual([])
  })

  test('what is being paid at that moment is not given up', () => {
    const settings = dunning({ terminalAction: 'uncollectible' })
    const start = withCards(1, settings, { collection: 'invoice' })
    const cards = lived(start, [START, subscribes({ interval: 'year' })])
    const paying = lived(livesOn(cards, '2026-08-10'), ['2026-08-10', pays(null, { methodId: card(1).id })])
    const end = livesOn(paying, '2026-08-14')
    expect([subscription(end).status, final(end).status, overdueOf(end)]).toEqual([
      ...['active', 'open', 'blocked/blocked'],
    ])
    expect(overdueOf(lived(end, ['2026-08-14', gateway('succeeded')]))).toBe('current/none')
    const failed = lived(end, ['2026-08-14', gateway('declined')])
    expect([subscription(failed).status, final(failed).status]).toEqual(['cancelled', 'uncollectible'])
  })

  test('what waited for the customer is given up with the rest, at once', () => {
    const settings = dunning({ terminalAction: 'uncollectible' })
    const start = lived(withCards(1, settings), [START, subscribes({ interval: 'year' })])
    const end = livesOn(lived(start, [START, gateway('authentication_required')]), '2026-08-30')
    expect([...end.payments.values()]).toMatchObject([{ status: 'failed', outcome: 'canceled' }])
    expect([overdueOf(end), toldBy(end, '2026-08-30', advance)]).toEqual(['current/none', []])
  })

  test('comes to a new block anew', () => {
    const paid = lived(ended('leave'), ['2026-08-20', records()])
    const again = livesOn(paid, '2027-09-01')
    expect(noticesOf(again, 'access_blocked')).toEqual(['2026-07-15 access_blocked', '2027-07-15 access_blocked'])
    expect(overdueOf(again)).toBe('blocked/ended')
  })
})

test('FR-065 a card that is added while blocked is charged, and clears it', () => {
  const failing = livesOn(lived(withCards(1), [START, subscribes({ interval: 'year' })]), '2026-06-12', declining())
  const added = lived(
    failing,
    ['2026-06-12T12:00:00Z', attachesCard(2)],
    ['2026-06-12T12:00:00Z', gateway('succeeded')],
  )
  expect([overdueOf(failing), overdueOf(added), accessIn(added)]).toEqual([
    ...['blocked/blocked', 'current/none', ['granted']],
  ])
})
