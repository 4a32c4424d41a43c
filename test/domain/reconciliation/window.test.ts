import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DAY_MS, HOUR_MS, type Instant, plusMs } from '../../../src/kernel/instant.ts'
import { nothingDone, sumOf } from '../../../src/reconciliation/domain/run.ts'
import { limitsOf, notApplied, unanswered } from '../../../src/reconciliation/domain/unanswered.ts'
import {
  awaitedSince,
  halfOf,
  isDue,
  nextOf,
  type Window,
  windowOf,
} from '../../../src/reconciliation/domain/window.ts'
import { at, id, USD } from '../../support/given.ts'

const NOW = at('2026-03-10T12:00:00.500Z')
const END = at('2026-03-10T11:00:00Z')

test.each([
  ['never', null, '2026-03-03T12:00:00Z'],
  ['a day ago', '2026-03-09T11:00:00Z', '2026-03-08T11:00:00Z'],
  ['a month ago', '2026-02-10T11:00:00.999Z', '2026-02-09T11:00:00Z'],
  ['just now', '2026-03-10T11:00:00Z', '2026-03-09T11:00:00Z'],
])(
  'FR-071 what was reconciled %s is read with a day of overlap, to an hour ago, in whole seconds',
  (_, before, from) => {
    expect(windowOf(before === null ? null : at(before), NOW)).toEqual({ from: at(from), to: END })
  },
)

test('FR-071 a clock that goes back reads nothing', () => {
  expect(windowOf(plusMs(NOW, 3 * DAY_MS), NOW)).toEqual({ from: END, to: END })
})

test.each([
  ['2026-03-09T12:00:00.501Z', false],
  ['2026-03-09T12:00:00.500Z', true],
])('FR-071 what was reconciled to %s is due: %s', (before, due) => {
  expect(isDue(at(before), NOW)).toBe(due)
  expect(isDue(null, NOW)).toBe(true)
})

test('FR-071 pieces of a window tile it, whatever is in it, and none is read with too much in it', () => {
  const seconds = fc.array(fc.integer({ min: 0, max: 9_999 }), { maxLength: 40 })
  fc.assert(
    fc.property(seconds, fc.integer({ min: 1, max: 10_000 }), (when, length) => {
      const window: Window = { from: END, to: plusMs(END, length * 1000) }
      const most = 3
      const among = ({ from, to }: Window) => new Set(when.filter((second) => isIn(second, { from, to }))).size
      const read: Window[] = []
      let tries = 0
      for (let piece = window; piece.from < window.to; tries++) {
        if (among(piece) > most) piece = halfOf(piece)
        else {
          read.push(piece)
          piece = nextOf(piece, { end: window.to, room: among(piece) < 2 })
        }
      }
      expect(read[0]?.from).toBe(window.from)
      expect(read.at(-1)?.to).toBe(window.to)
      for (const [index, piece] of read.entries()) {
        expect(piece.to).toBeGreaterThan(piece.from)
        expect((piece.from - END) % 1000).toBe(0)
        expect(piece.from).toBe(index === 0 ? window.from : read[index - 1]?.to)
        expect(among(piece)).toBeLessThanOrEqual(most)
      }
      // What is empty is not crept through second by second.
      expect(tries).toBeLessThan(60 + 40 * 30)
    }),
  )
})

function isIn(second: number, { from, to }: Window): boolean {
  return END + second * 1000 >= from && END + second * 1000 < to
}

test.each([
  [true, '2026-03-10T11:03:00Z'],
  [false, '2026-03-10T11:02:00Z'],
])('FR-071 the next piece is as long, or twice, where there was room: %s', (room, to) => {
  const piece = { from: END, to: plusMs(END, 60_000) }
  const from = piece.to
  expect(nextOf(piece, { end: plusMs(END, HOUR_MS), room })).toEqual({ from, to: at(to) })
  expect(nextOf(piece, { end: plusMs(END, 61_000), room })).toEqual({ from, to: plusMs(END, 61_000) })
})

test('a second that holds too much is a bug', () => {
  expect(() => halfOf({ from: END, to: plusMs(END, 1000) })).toThrow('a second')
  expect(halfOf({ from: END, to: plusMs(END, 3000) })).toEqual({ from: END, to: plusMs(END, 1000) })
})

test('FR-071 what succeeded two days ago is awaited', () => {
  expect(awaitedSince(NOW)).toBe(plusMs(NOW, -48 * HOUR_MS))
})

test('FR-071 what was asked a day ago, and what was told three days ago, is due', () => {
  const limits: Readonly<Record<string, Instant>> = limitsOf(NOW)
  expect(limits).toEqual({ unanswered: plusMs(NOW, -24 * HOUR_MS), notApplied: plusMs(NOW, -72 * HOUR_MS) })
})

test.each([
  ['att', { attempt: id('attempt', 5) }],
  ['ref', { refund: id('refund', 5) }],
] as const)('FR-071 no answer goes by our id, which is the key at the gateway: %s', (prefix, id) => {
  const found = unanswered({ id, amount: 4900n, currency: USD })
  expect(found).toMatchObject({ kind: 'unanswered', expected: 4900n, actual: null, currency: 'USD' })
  expect(found.gatewayObject).toMatch(new RegExp(`^${prefix}_`))
  expect(found.object).toBe(found.gatewayObject)
  expect(found.detail).toBe(`${found.object} of 4900 USD in minor units has had no answer for a day.`)
})

test.each([
  ['What it is about is not here yet.', 'What it is about is not here yet.'],
  [null, 'No reason was kept.'],
])('FR-071 an event that was not applied says why: %s', (error, reason) => {
  const event = { eventId: 'evt_1', type: 'refund.created', objectId: 're_1', error }
  expect(notApplied(event)).toEqual({
    ...{ kind: 'not_applied', gatewayObject: 'evt_1', object: null, expected: null, actual: null, currency: null },
    detail: `The event refund.created of re_1 could not be applied for three days. ${reason}`,
  })
})

test('looks sum up', () => {
  const one = { entries: 1, matched: 2, notOurs: 3, found: 4, vanished: 5 }
  expect(sumOf([one, nothingDone, one])).toEqual({ entries: 2, matched: 4, notOurs: 6, found: 8, vanished: 10 })
})
