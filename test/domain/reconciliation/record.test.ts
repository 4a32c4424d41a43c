import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_MS, plusMs } from '../../../src/kernel/instant.ts'
import { assign, close, type Difference, decisions } from '../../../src/reconciliation/domain/difference.ts'
import type { Finding } from '../../../src/reconciliation/domain/finding.ts'
import { record } from '../../../src/reconciliation/domain/record.ts'
import { at, id, idsOf, USD } from '../../support/given.ts'

const NOW = at('2026-03-02')
const about = { organizationId: id('organization', 1), gatewayAccountId: id('gateway_account', 4) }

function finding(n: number, given: Partial<Finding> = {}): Finding {
  const amounts = { expected: 4900n, actual: 4901n, currency: USD }
  return { kind: 'amount', gatewayObject: `txn_${n}`, object: `pay_${n}`, ...amounts, detail: 'They differ.', ...given }
}

function known(n: number, given: Partial<Difference> = {}): Difference {
  return {
    ...{ ...about, ...finding(n), id: id('difference', n), version: 3, foundAt: at('2026-03-01'), owner: 'jane' },
    ...{ status: 'open', resolution: null, note: null, closedAt: null },
    ...given,
  }
}

const closedAs = (n: number, resolution: Difference['resolution']) =>
  known(n, { status: 'closed', resolution, closedAt: at('2026-03-01') })

const recorded = (findings: readonly Finding[], differences: readonly Difference[]) =>
  record(findings, differences, about, NOW, idsOf(1))

describe('FR-071 what is found', () => {
  test('is open from then on, and nobody’s', () => {
    expect(recorded([finding(1)], [])).toEqual({
      vanished: [],
      found: [
        {
          ...{ ...about, ...finding(1), id: idsOf(1)('difference'), version: 1, foundAt: NOW, owner: null },
          ...{ status: 'open', resolution: null, note: null, closedAt: null },
        },
      ],
    })
  })

  test('again while it is open is the same', () => {
    expect(recorded([finding(1)], [known(1)])).toEqual({ found: [], vanished: [] })
    // With other amounts too: whoever looks into it sees how it stands at the gateway.
    expect(recorded([finding(1, { actual: 5n })], [known(1)])).toEqual({ found: [], vanished: [] })
  })

  test('of another kind is another one', () => {
    const done = recorded([finding(1, { kind: 'currency' })], [known(1)])
    expect(done).toMatchObject({ found: [{ kind: 'currency' }], vanished: [{ kind: 'amount' }] })
  })

  test.each([
    ['accepted', 0],
    ['not_ours', 0],
    ['corrected', 1],
    ['vanished', 1],
  ] as const)('again after it was closed as %s makes %i new', (resolution, count) => {
    expect(recorded([finding(1)], [closedAs(1, resolution)]).found).toHaveLength(count)
  })

  test.each([
    ['expected', { expected: 1n }],
    ['actual', { actual: 1n }],
    ['currency', { currency: null }],
  ] as const)('with another %s than what was accepted is new', (_, given) => {
    expect(recorded([finding(1, given)], [closedAs(1, 'accepted')]).found).toHaveLength(1)
  })
})

describe('FR-071 what is not found any more', () => {
  test('has vanished', () => {
    const { owner, foundAt } = known(1)
    expect(recorded([finding(2)], [known(1), known(2)])).toEqual({
      found: [],
      vanished: [
        {
          ...known(1),
          version: 4,
          status: 'closed',
          resolution: 'vanished',
          note: null,
          closedAt: NOW,
          owner,
          foundAt,
        },
      ],
    })
  })

  test.each(['vanished', ...decisions] as const)('was closed as %s before and stays as it is', (resolution) => {
    expect(recorded([], [closedAs(1, resolution)])).toEqual({ found: [], vanished: [] })
  })
})

test('FR-071 a second look at the same changes nothing', () => {
  const some = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 6 })
  const resolutions = fc.constantFrom(null, 'accepted', 'not_ours', 'corrected', 'vanished')
  const before = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 9 }), resolutions), { selector: ([n]) => n })
  fc.assert(
    fc.property(some, before, (numbers, stored) => {
      const findings = numbers.map((n) => finding(n))
      const differences = stored.map(([n, resolution]) => (resolution === null ? known(n) : closedAs(n, resolution)))
      const { found, vanished } = recorded(findings, differences)
      const changed = new Map(vanished.map((difference) => [difference.id, difference]))
      const after = [...differences.map((difference) => changed.get(difference.id) ?? difference), ...found]
      expect(recorded(findings, after)).toEqual({ found: [], vanished: [] })
      const open = after.filter(({ status }) => status === 'open')
      expect(new Set(open.map(({ gatewayObject }) => gatewayObject)).size).toBe(open.length)
    }),
  )
})

describe('FR-071 whoever looks into a difference', () => {
  test('takes it, hands it on, and gives it back', () => {
    const taken = assign(known(1, { owner: null }), 'jane')
    expect(taken).toEqual({ ok: true, value: known(1, { owner: 'jane', version: 4 }) })
    expect(assign(known(1), null)).toMatchObject({ ok: true, value: { owner: null, status: 'open' } })
  })

  test.each(decisions)('closes it as %s', (resolution) => {
    const later = plusMs(NOW, DAY_MS)
    expect(close(known(1), { resolution, note: 'Mended by hand.' }, later)).toEqual({
      ok: true,
      value: known(1, { version: 4, status: 'closed', resolution, note: 'Mended by hand.', closedAt: later }),
    })
  })

  test('does nothing more to one that is closed', () => {
    const refusal = {
      ok: false,
      error: { code: 'command_not_possible', detail: expect.stringMatching(/^diff_\w+ is closed: vanished\.$/) },
    }
    const closed = closedAs(1, 'vanished')
    expect(close(closed, { resolution: 'accepted', note: null }, NOW)).toMatchObject(refusal)
    expect(assign(closed, 'jane')).toMatchObject(refusal)
  })
})
