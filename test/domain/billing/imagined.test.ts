import { describe, expect, test } from 'vitest'
import { forkOf } from '../../../src/billing/domain/fork.ts'
import { nextInvoicing } from '../../../src/billing/domain/next-invoice.ts'
import {
  type ScriptedUsage,
  scriptedUsage,
  scriptRefused,
  usageOfOther,
} from '../../../src/billing/domain/scripted-usage.ts'
import { totalsOf } from '../../../src/billing/domain/simulate.ts'
import {
  commandTimeRefused,
  type Horizon,
  horizonRefused,
  MAX_STEPS,
  tooManySteps,
} from '../../../src/billing/domain/simulation-limits.ts'
import { verifyInvoice } from '../../../src/billing/domain/verify-invoice.ts'
import type { FinalInvoice } from '../../../src/invoices/domain/invoice.ts'
import { DAY_MS, plusMs } from '../../../src/kernel/instant.ts'
import type { Settings } from '../../../src/organizations/domain/organization.ts'
import type { Metric } from '../../../src/plans/domain/metric.ts'
import type { UsageAsked, UsageOf } from '../../../src/subscriptions/domain/usage-billable.ts'
import { at, EUR, givenDraft, givenInvoice, givenLine, id, idsOf } from '../../support/given.ts'
import { amountOff, givenDiscount } from '../../support/given-discount.ts'
import { givenCustomer, givenRules } from '../../support/given-selling.ts'
import { beginning, type History, lived } from './history.ts'
import { loaded } from './loaded.ts'
import { advance, cancels, changes, documents, pauses, subscribes, subscription } from './words.ts'

const START = '2026-01-31'

describe('the next invoice', () => {
  const next = (history: History, now: string) => nextInvoicing(loaded(history, advance), at(now), idsOf(7))
  const sold = (about = {}) =>
    lived(beginning({ account: givenCustomer({ collection: 'invoice' }) }), [START, subscribes(about)])
  const made = (history: History, now: string) => {
    const found = next(history, now)
    if (!found.ok || found.value === null) throw new Error('nothing is invoiced')
    return found.value.invoices.map(({ after }) => ({ issuedAt: after.issuedAt, lines: after.lines.length }))
  }

  test('is made at the instant when it falls due, however long before it is asked for', () => {
    expect(made(sold(), '2026-02-01')).toEqual([{ issuedAt: at('2026-02-28'), lines: 1 }])
  })

  test('is made now where it is due already', () => {
    expect(made(sold(), '2026-03-05')[0]).toEqual({ issuedAt: at('2026-03-05'), lines: 1 })
  })

  test('comes after what makes none: a notice, and a trial that goes on to a paid month', () => {
    const trial = sold({ trialDays: 14 })
    expect([documents(trial), made(trial, '2026-02-01')]).toEqual([[], [{ issuedAt: at('2026-02-14'), lines: 1 }]])
  })

  test('is, where nobody ends a pause, what its 90 days’ end leaves unused', () => {
    const paused = lived(sold(), ['2026-02-10', pauses()])
    expect(made(paused, '2026-02-11').at(-1)).toEqual({ issuedAt: at('2026-05-11'), lines: 1 })
  })

  test('is what a change of today makes, at the end of its day', () => {
    const changed = lived(sold(), ['2026-02-10T09:00:00Z', changes({ planCode: 'team' })])
    expect(made(changed, '2026-02-10T10:00:00Z')).toEqual([{ issuedAt: at('2026-02-10T09:00:00Z'), lines: 2 }])
  })

  test.each([
    ['nothing was sold', () => beginning()],
    ['all ends with its period', () => lived(sold(), ['2026-02-10', cancels({ when: 'period_end' })])],
  ])('is none where %s', (_, history) => {
    expect(next(history(), '2026-02-11')).toEqual({ ok: true, value: null })
  })
})

describe('an invoice verified', () => {
  const vat = { name: 'VAT', country: 'DE', region: null, percent: '19' }
  const line = givenLine(1, { tax: 931n, taxes: [{ ...vat, amount: 931n }] })
  const right = givenInvoice([], { lines: [line], taxes: [{ ...vat, taxable: 4900n, amount: 931n }] })
  const wrong = (amount: bigint): Partial<FinalInvoice> => ({
    ...{ total: 4900n + amount, tax: amount, taxes: [{ ...vat, taxable: 4900n, amount }] },
    lines: [{ ...line, tax: amount, taxes: [{ ...vat, amount }] }],
  })
  const differences = (about: Partial<FinalInvoice>, engine: Settings['tax']['engine']) =>
    verifyInvoice(
      { ...right, ...about },
      { versions: new Map(), credited: new Map() },
      givenRules({ tax: { engine, rates: [] } }),
    ).map(({ pointer }) => pointer)

  test.each([
    ['right', 'rates', {}, []],
    ['of another subtotal', 'rates', { subtotal: 4901n }, ['/subtotal', '/total']],
    ['of a tax that is not what its rate comes to', 'rates', wrong(930n), ['/lines/0/taxes', '/taxes']],
    ['of a tax that an engine elsewhere told', 'external', wrong(930n), []],
    ['of a tax that was told before there was an engine', 'none', wrong(930n), []],
  ] as const)('that is %s, by %s', (_, engine, about, expected) => {
    expect(differences(about, engine)).toEqual(expected)
  })
})

describe('a fork', () => {
  const snapshot = () => {
    const two = lived(beginning(), [START, subscribes()], [START, subscribes({ planCode: 'team' })])
    const [own, other] = [subscription(two, 0).id, subscription(two, 1).id]
    const draft = (n: number, ...of: readonly (typeof own | null)[]) =>
      givenDraft([], {
        ...{ id: id('invoice', n), subscriptionId: null },
        lines: of.map((subscriptionId, index) => givenLine(10 * n + index, { subscriptionId })),
      })
    const shared = draft(70, other, own)
    const discounts = [null, own, other].map((subscriptionId, n) => givenDiscount(n, amountOff(1n), { subscriptionId }))
    const read = loaded(two, advance)
    return { own, shared, read: { ...read, invoices: [...read.invoices, shared, draft(71, null)], discounts } }
  }

  test('has of the account this subscription alone, with what was billed for it and the coupons of both', () => {
    const { own, shared, read } = snapshot()
    const fork = forkOf(read, own)
    expect(fork.subscriptions.map((one) => one.id)).toEqual([own])
    expect(fork.invoices).toEqual([read.invoices[0], shared])
    expect(fork.discounts.map(({ subscriptionId }) => subscriptionId)).toEqual([null, own])
    expect(fork).toMatchObject({ account: read.account, settings: read.settings, payments: read.payments })
  })

  test('of none has the coupons of the account alone, and nothing that was written by hand', () => {
    const fork = forkOf(snapshot().read, null)
    expect([fork.subscriptions, fork.invoices]).toEqual([[], []])
    expect(fork.discounts.map(({ subscriptionId }) => subscriptionId)).toEqual([null])
  })
})

describe('what a script says is used', () => {
  const metric = (code: string, about: Partial<Metric>) =>
    ({
      ...{ organizationId: id('organization', 1), id: id('metric', 1), version: 1, code, name: code },
      ...{ aggregation: 'sum', field: null, metadata: {}, createdAt: at(START), ...about },
    }) as Metric
  const metrics = new Map(
    [
      metric('calls', {}),
      metric('seats', { aggregation: 'latest' }),
      metric('bytes', { field: 'size' }),
      metric('logins', { aggregation: 'count' }),
    ].map((one) => [one.code, one]),
  )
  const used = (code: string, when: string, quantity: string, properties = {}): ScriptedUsage => ({
    ...{ metric: code, at: at(when), quantity, properties },
  })
  const of = { start: at('2026-02-01'), end: at('2026-03-01') }
  const asks = (code: string, filters = {}) =>
    ({ metric: code, filters, period: of, of, subscriptionId: id('subscription', 7) }) as unknown as UsageAsked
  const really: UsageOf = ({ subscriptionId }) => ({ quantity: subscriptionId })

  test('counts where all properties asked for are so, and in its order within an instant', () => {
    const script = [
      used('calls', '2026-02-05', '5', { region: 'eu', tier: 'a' }),
      used('calls', '2026-02-06', '7', { region: 'eu', tier: 'b' }),
      used('calls', '2026-02-07', '9', { region: 'us', tier: 'a' }),
      ...[...Array(11).keys()].map((n) => used('seats', '2026-02-05', String(n))),
    ]
    const usage = scriptedUsage(script, metrics, really)
    const calls = (filters: Record<string, string>) => usage(asks('calls', filters)).quantity
    expect([calls({}), calls({ region: 'eu' }), calls({ region: 'eu', tier: 'a' })]).toEqual(['21', '12', '5'])
    expect(usage(asks('seats')).quantity).toBe('10')
  })

  test('leaves what it does not name as it really was, of whom that was', () => {
    const usage = scriptedUsage([used('gone', '2026-02-05', '1')], metrics, really)
    expect(['calls', 'gone'].map((code) => usage(asks(code)).quantity)).toEqual(
      [7, 7].map((n) => id('subscription', n)),
    )
    expect(usageOfOther(id('subscription', 8), usage)(asks('calls')).quantity).toBe(id('subscription', 8))
  })

  test.each([
    [
      used('gone', '2026-02-05', '1'),
      { code: 'not_found', detail: 'There is no metric gone.', pointer: '/usage/1/metric' },
      /^List them with GET \/v1\/metrics; .* its code/,
    ],
    [
      used('calls', '2026-02-05', 'many'),
      {
        code: 'invalid_request',
        pointer: '/usage/1/quantity',
        detail: expect.stringMatching(/^Metric calls is the sum of `quantity`, which/),
      },
      /^Give a quantity/,
    ],
    [
      used('bytes', '2026-02-05', '1', { sizes: '3' }),
      {
        code: 'invalid_request',
        pointer: '/usage/1/properties',
        detail: expect.stringMatching(/^Metric bytes is the sum of `size`, which/),
      },
      /^Put `size` into its `properties`/,
    ],
  ])('cannot be %j', (event, expected, hint) => {
    const fine = [used('bytes', '2026-02-05', '1', { size: '3' }), event, used('gone', '2026-02-05', '1')]
    expect(scriptRefused(fine, metrics, '/usage')).toMatchObject({ ...expected, hint: expect.stringMatching(hint) })
  })

  test('may be anything that can be measured', () => {
    const script = [used('calls', START, '1'), used('logins', START, 'x'), used('bytes', START, 'x', { size: '2' })]
    expect(scriptRefused(script, metrics, '/usage')).toBeNull()
  })
})

describe('what can be simulated', () => {
  const from = at(START)
  const longest: Horizon = { from, until: plusMs(from, 3660 * DAY_MS) }

  test('begins before it ends, and ends within ten years', () => {
    expect(horizonRefused({ from, until: plusMs(from, 1) })).toBeNull()
    expect(horizonRefused(longest)).toBeNull()
    expect(horizonRefused({ from, until: from })).toEqual({
      code: 'invalid_request',
      detail: 'A simulation from 2026-01-31T00:00:00Z cannot end at 2026-01-31T00:00:00Z.',
      hint: 'Choose an `until` after 2026-01-31T00:00:00Z.',
      pointer: '/until',
    })
    expect(horizonRefused({ from, until: plusMs(longest.until, 1) })).toMatchObject({
      code: 'limit_reached',
      detail: expect.stringMatching(/^From 2026-01-31T00:00:00Z to 2036-\S+ there are more than 10 years\.$/),
      hint: expect.stringMatching(/^Choose an earlier `until`/),
      pointer: '/until',
    })
  })

  test('has its commands within it', () => {
    const refused = (when: number) =>
      commandTimeRefused(plusMs(from, when), { from, until: plusMs(from, 10) }, '/commands/3/at')
    expect([refused(0), refused(10)]).toEqual([null, null])
    expect([refused(-1), refused(11)]).toMatchObject([
      {
        ...{ code: 'invalid_request', pointer: '/commands/3/at', hint: 'Move it, or change `from` and `until`.' },
        detail: expect.stringMatching(/^The command at 2026-01-30T23:59:59\S+ lies outside .* 2026-01-31T\S+ to 2026/),
      },
      { code: 'invalid_request' },
    ])
  })

  test('takes so many steps', () => {
    expect(tooManySteps(from)).toEqual({
      code: 'limit_reached',
      detail: `At 2026-01-31T00:00:00Z there have been ${MAX_STEPS} steps, which is the most of one scenario.`,
      hint: 'Choose an earlier `until`, fewer commands, or a plan with longer intervals.',
      pointer: '/until',
    })
  })
})

test('what invoices come to is summed by their currency: no void ones, and drafts apart', () => {
  const taxed = givenInvoice([], { lines: [givenLine(1, { tax: 931n })], currency: EUR })
  const settled = { paid: 0n, creditsApplied: 300n, creditNotes: 0n, writtenOff: 0n }
  expect(
    totalsOf([
      givenInvoice([4900n], { settlement: settled }),
      givenInvoice([700n], { status: 'void' }),
      givenInvoice([100n], { status: 'uncollectible' }),
      givenDraft([50n, 7n]),
      { ...taxed, total: 5831n, tax: 931n },
      givenInvoice([-1000n], { currency: EUR, status: 'paid', settlement: { ...settled, creditsApplied: -1000n } }),
    ]),
  ).toEqual([
    { currency: 'USD', invoiced: 5000n, tax: 0n, credits: 300n, drafted: 57n },
    { currency: 'EUR', invoiced: 4831n, tax: 931n, credits: -1000n, drafted: 0n },
  ])
})
