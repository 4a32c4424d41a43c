import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PaymentMethod } from '../../../src/accounts/domain/payment-method.ts'
import { type Collection, idle } from '../../../src/invoices/domain/invoice.ts'
import { DAY_MS, type Instant, plusMs } from '../../../src/kernel/instant.ts'
import type { Zone } from '../../../src/kernel/zone.ts'
import {
  afterFailure,
  afterPart,
  begun,
  type Collecting,
  lastRetryAt,
  methodToTry,
  restedAt,
  suspended,
} from '../../../src/payments/domain/collection.ts'
import type { Attempt } from '../../../src/payments/domain/payment.ts'
import { at, givenMethod, id, UTC } from '../../support/given.ts'
import { givenAttempt, givenDecline } from '../../support/given-payments.ts'

const FAILED = at('2026-06-01T10:00:00Z')
const card = (n: number): PaymentMethod => givenMethod({ id: id('payment_method', 30 + n), gatewayMethod: `pm_${n}` })
const [first, second, third] = [card(1), card(2), card(3)] as const
const withCard = (method: PaymentMethod, about: Partial<Attempt> = {}): Partial<Attempt> => ({
  paymentMethodId: method.id,
  ...about,
})

function collecting(about: Partial<Collecting> & { readonly fallbacks?: boolean } = {}): Collecting {
  const { fallbacks = false, ...rest } = about
  const attempts = about.attempts ?? [givenDecline(1, 'insufficient_funds', withCard(first, { dueAt: FAILED }))]
  return {
    ...{ collection: idle, attempts, tries: attempts, methods: [first], zone: UTC, isBlocked: false },
    retries: { days: [3, 5, 7, 10], fallbacks },
    ...rest,
  }
}

/** What is left after a failure, where no other method is tried at once. */
function waiting(about: Parameters<typeof collecting>[0], now: Instant): Collection {
  const next = afterFailure(collecting(about), now)
  if (next.kind !== 'wait') throw new Error(`another method is tried: ${next.method.id}`)
  return next.collection
}

/** Every instant at which it is tried again, each of them declined. */
function retriesOf(zone: Zone, failedAt: Instant): readonly string[] {
  const tried: string[] = []
  let collection = waiting({ zone }, failedAt)
  for (let next = collection.nextAttemptAt; next !== null; next = collection.nextAttemptAt) {
    tried.push(new Date(next).toISOString())
    collection = waiting({ zone, collection: begun(collection) }, next)
  }
  expect(collection).toMatchObject({ state: 'exhausted', failedAt, nextAttemptAt: null })
  return tried
}

describe('FR-060 what failed is tried again', () => {
  test.each<readonly [zone: string, failed: string, tries: readonly string[]]>([
    ['UTC', '2026-06-01T10:00:00Z', ['04T10', '06T10', '08T10', '11T10'].map((day) => `2026-06-${day}:00:00.000Z`)],
    // The clocks go forward on 8 March and back on 1 November: at the same local time all the same.
    [
      'America/New_York',
      '2026-03-03T15:00:00Z',
      ['06T15', '08T14', '10T14', '13T14'].map((day) => `2026-03-${day}:00:00.000Z`),
    ],
    [
      'America/New_York',
      '2026-10-27T14:00:00Z',
      ['10-30T14', '11-01T15', '11-03T15', '11-06T15'].map((day) => `2026-${day}:00:00.000Z`),
    ],
    // 02:15 does not exist on the 4th of October in Lord Howe, where the clocks go half an hour forward.
    [
      'Australia/Lord_Howe',
      '2026-09-30T15:45:00Z',
      ['10-03T15:45', '10-05T15:15', '10-07T15:15', '10-10T15:15'].map((day) => `2026-${day}:00.000Z`),
    ],
  ])('in %s from %s on local days 3, 5, 7 and 10', (zone, failed, tries) => {
    expect(retriesOf(zone as Zone, at(failed))).toEqual(tries)
  })

  test('from the first failure on, however late an outcome comes; what is missed is not made up for', () => {
    const collection = { ...idle, failedAt: FAILED }
    const next = (now: string) => waiting({ collection }, at(now)).nextAttemptAt
    expect(next('2026-06-04T10:00:00Z')).toBe(at('2026-06-06T10:00:00Z'))
    expect(next('2026-06-04T09:59:59Z')).toBe(at('2026-06-04T10:00:00Z'))
    expect(next('2026-06-09')).toBe(at('2026-06-11T10:00:00Z'))
    expect(next('2026-06-11T10:00:00Z')).toBeNull()
  })

  test('in any zone the days ascend, and the last of them exhausts', () => {
    const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Pacific/Apia', 'Asia/Kathmandu')
    fc.assert(
      fc.property(zones, fc.integer({ min: 0, max: 366 * 24 * 60 }), (zone, minutes) => {
        const failedAt = plusMs(at('2026-01-01'), minutes * 60_000)
        const tries = retriesOf(zone as Zone, failedAt).map((one) => Date.parse(one))
        expect(tries).toEqual(tries.toSorted((left, right) => left - right))
        const days = tries.map((one) => Math.round((one - failedAt) / DAY_MS))
        expect(days).toEqual([3, 5, 7, 10])
      }),
    )
  })

  test('by the organization’s days, and not at all where it has none', () => {
    const retries = { days: [1, 2], fallbacks: false }
    expect(waiting({ retries }, FAILED).nextAttemptAt).toBe(at('2026-06-02T10:00:00Z'))
    const none = waiting({ retries: { days: [], fallbacks: false } }, FAILED)
    expect(none).toMatchObject({ state: 'suspended', nextAttemptAt: null })
  })

  test('once while the account is blocked', () => {
    expect(waiting({ isBlocked: true }, FAILED)).toEqual({ ...idle, state: 'suspended', failedAt: FAILED })
  })

  test('has its last try told beforehand while it is retried', () => {
    const schedule = { retries: { days: [3, 5, 10] }, zone: UTC }
    const retrying = { ...idle, state: 'retrying', failedAt: FAILED, nextAttemptAt: FAILED } as const
    expect(lastRetryAt(retrying, schedule)).toBe(at('2026-06-11T10:00:00Z'))
    expect(lastRetryAt({ ...retrying, state: 'suspended' }, schedule)).toBeNull()
    expect(lastRetryAt(idle, schedule)).toBeNull()
    expect(lastRetryAt(retrying, { ...schedule, retries: { days: [] } })).toBeNull()
    expect(begun(retrying)).toEqual({ ...idle, failedAt: FAILED })
  })
})

describe('FR-060 a decline that trying again does not help', () => {
  test.each([
    ['lost_card', 'suspended'],
    ['expired_card', 'suspended'],
    ['insufficient_funds', 'retrying'],
  ])('%s: %s, without exhausting anything', (code, state) => {
    const attempts = [givenDecline(1, code, withCard(first))]
    expect(waiting({ attempts }, FAILED)).toMatchObject({ state, failedAt: FAILED })
  })

  test('rules out its method only, and only until that is tried again', () => {
    const lost = givenDecline(1, 'lost_card', withCard(first))
    const soft = givenDecline(2, 'insufficient_funds', withCard(first))
    const asked = { ...collecting({ attempts: [lost], methods: [first, second] }), fallbacks: false }
    expect(methodToTry(asked, FAILED)).toBeNull()
    expect(methodToTry({ ...asked, methods: [second, first] }, FAILED)).toBe(second)
    expect(methodToTry({ ...asked, attempts: [lost, soft] }, FAILED)).toBe(first)
    expect(methodToTry({ ...asked, attempts: [soft, lost] }, FAILED)).toBeNull()
    const underWay = givenAttempt(3, withCard(first))
    expect(methodToTry({ ...asked, attempts: [lost, underWay] }, FAILED)).toBeNull()
  })

  test('with a new method goes on with what is left', () => {
    const collection = suspended({ ...idle, failedAt: FAILED })
    const soft = [givenDecline(1, 'lost_card', withCard(first)), givenDecline(2, 'do_not_honor', withCard(second))]
    const now = at('2026-06-06T12:00:00Z')
    const resumed = waiting({ collection: begun(collection), attempts: soft, methods: [second, first] }, now)
    expect(resumed).toMatchObject({ state: 'retrying', failedAt: FAILED, nextAttemptAt: at('2026-06-08T10:00:00Z') })
  })

  test('a method that is gone, and one that was rejected by our own fault', () => {
    expect(waiting({ methods: [] }, FAILED).state).toBe('suspended')
    const rejected = [givenAttempt(1, { ...withCard(first), outcome: 'rejected', endedAt: FAILED })]
    expect(waiting({ attempts: rejected }, FAILED).state).toBe('retrying')
  })
})

describe('FR-060 FR-011 other methods of the account', () => {
  const methods = [first, second, third]
  const tried = (...tries: readonly (readonly [PaymentMethod, Attempt['reason']])[]) =>
    tries.map(([method, reason], n) => givenDecline(n, 'insufficient_funds', withCard(method, { reason })))
  const next = (attempts: readonly Attempt[], fallbacks = true) =>
    afterFailure(collecting({ attempts, methods, fallbacks }), FAILED)

  test('are tried at once, the newest first, each once a round', () => {
    expect(next(tried([first, 'first']))).toMatchObject({ kind: 'fallback', method: second })
    expect(next(tried([first, 'first'], [second, 'fallback']))).toMatchObject({ kind: 'fallback', method: third })
    const all = tried([first, 'first'], [second, 'fallback'], [third, 'fallback'])
    expect(next(all)).toMatchObject({ kind: 'wait', collection: { state: 'retrying' } })
    expect(next([...all, ...tried([first, 'retry'])])).toMatchObject({ kind: 'fallback', method: second })
    expect(next(tried([second, 'new_method']))).toMatchObject({ kind: 'fallback', method: first })
  })

  test('are not tried where the organization does not want it, or somebody chose the method', () => {
    expect(next(tried([first, 'first']), false).kind).toBe('wait')
    expect(next(tried([first, 'customer'])).kind).toBe('wait')
    expect(next(tried([first, 'request'])).kind).toBe('wait')
  })

  test('are left out where they were ruled out, and carry what the default cannot', () => {
    const lost = givenDecline(1, 'lost_card', withCard(second, { reason: 'fallback' }))
    expect(next([...tried([first, 'first']), lost, ...tried([first, 'retry'])])).toMatchObject({
      ...{ kind: 'fallback', method: third },
    })
    const both = collecting({ attempts: [givenDecline(1, 'lost_card', withCard(first))], methods, fallbacks: true })
    expect(methodToTry(both, FAILED)).toBe(second)
  })

  test('are tried for a blocked account too, before that is the end', () => {
    const blocked = collecting({ attempts: tried([first, 'first']), methods, fallbacks: true, isBlocked: true })
    expect(afterFailure(blocked, FAILED)).toMatchObject({ kind: 'fallback', method: second })
  })
})

describe('FR-060 a card is tried 15 times in 30 days at most', () => {
  const days = (count: number, of = first) =>
    Array.from({ length: count }, (_, n) =>
      givenDecline(n, 'insufficient_funds', withCard(of, { dueAt: plusMs(FAILED, n * DAY_MS) })),
    )
  const method = (tries: readonly Attempt[], now: Instant) =>
    methodToTry(collecting({ attempts: tries.slice(-1), tries }), now)

  test('for all that the account owes together', () => {
    expect(method(days(14), plusMs(FAILED, 14 * DAY_MS))).toBe(first)
    expect(method(days(15), plusMs(FAILED, 15 * DAY_MS))).toBeNull()
    expect(method(days(15, second), plusMs(FAILED, 15 * DAY_MS))).toBe(first)
  })

  test('and again when the first of them is 30 days ago', () => {
    expect(method(days(15), plusMs(FAILED, 30 * DAY_MS - 1))).toBeNull()
    expect(method(days(15), plusMs(FAILED, 30 * DAY_MS))).toBe(first)
  })

  test('then it keeps its place in the schedule, and is tried when it may be again', () => {
    const tries = days(15)
    expect(waiting({ attempts: tries, tries }, plusMs(FAILED, 3 * DAY_MS)).state).toBe('retrying')
    expect(restedAt(collecting({ attempts: tries, tries }), FAILED)).toBe(
      plusMs(tries[0]?.dueAt ?? FAILED, 30 * DAY_MS),
    )
  })
})

describe('what is exhausted', () => {
  const exhausted: Collection = { ...idle, state: 'exhausted', failedAt: FAILED }

  test('stays it while it is tried, fails, or waits for the customer', () => {
    expect(begun(exhausted)).toEqual(exhausted)
    expect(suspended(exhausted)).toEqual(exhausted)
    expect(waiting({ collection: exhausted }, plusMs(FAILED, DAY_MS))).toEqual(exhausted)
    expect(afterPart(collecting({ collection: exhausted }), FAILED)).toEqual(exhausted)
  })
})

describe('FR-070 what a part leaves open', () => {
  const part = (about: Parameters<typeof collecting>[0], now: string) => afterPart(collecting(about), at(now))
  const failed = { ...idle, failedAt: FAILED }

  test('goes on where the schedule stands', () => {
    expect(part({ collection: failed }, '2026-06-05')).toMatchObject({
      ...{ state: 'retrying', failedAt: FAILED, nextAttemptAt: at('2026-06-06T10:00:00Z') },
    })
  })

  test('is not tried where nothing had failed, and waits where nothing is left to try', () => {
    expect(part({ collection: idle }, '2026-06-05')).toEqual(idle)
    expect(part({ collection: failed }, '2026-06-12').state).toBe('suspended')
    expect(part({ collection: failed, methods: [] }, '2026-06-05').state).toBe('suspended')
    const scheduled = { ...failed, state: 'retrying', nextAttemptAt: FAILED } as const
    expect(part({ collection: scheduled }, '2026-06-05')).toBe(scheduled)
  })
})
