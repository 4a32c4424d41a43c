import { expect, test } from 'vitest'
import { nextStepAt, stepAt } from '../../../src/dunning/domain/overdue.ts'
import { idle } from '../../../src/invoices/domain/invoice.ts'
import { at, givenInvoice, id } from '../../support/given.ts'
import { standing } from './standings.ts'

const debt = (n: number, dueAt: string, state: 'idle' | 'exhausted' = 'idle') =>
  givenInvoice([4900n], {
    id: id('invoice', n),
    dueAt: at(dueAt),
    collection: { ...idle, state, failedAt: state === 'idle' ? null : at(dueAt) },
  })

const old = debt(1, '2026-06-02')
const young = debt(2, '2026-06-20')
const only = (...ids: readonly number[]) => new Set(ids.map((n) => id('invoice', n)))

test('FR-091 what is being paid brings nobody further, however long its bank takes', () => {
  const paying = standing([old], { underWay: only(1) })
  expect(stepAt(paying, at('2026-08-01'))).toBe('none')
  expect(nextStepAt(paying)).toBeNull()
})

test('FR-087 to try is not to pay: an account stays where it is until the money is there', () => {
  const blocked = { status: 'blocked', step: 'blocked', since: at('2026-06-12') } as const
  const trying = standing([debt(1, '2026-06-02', 'exhausted')], { overdue: blocked, underWay: only(1) })
  expect(stepAt(trying, at('2026-06-13'))).toBe('blocked')
  expect(stepAt({ ...trying, debts: [], underWay: new Set() }, at('2026-06-13'))).toBe('none')
})

test('FR-087 what blocked it is paid: what is being paid beside keeps nobody blocked who is not past due by it', () => {
  const blocked = { status: 'blocked', step: 'blocked', since: at('2026-06-12') } as const
  const paying = standing([young], { overdue: blocked, underWay: only(2) })
  expect(stepAt(paying, at('2026-06-13'))).toBe('none')
  expect(stepAt(standing([young, old], { overdue: blocked, underWay: only(1, 2) }), at('2026-06-13'))).toBe('warning')
})

test('what else is owed counts on', () => {
  const both = standing([old, young], { underWay: only(1) })
  expect(stepAt(both, at('2026-06-23'))).toBe('reminder')
  expect(nextStepAt(both)).toBe(at('2026-06-20'))
})

test('a terminal action waits for a debt that blocks by itself', () => {
  const blocked = { status: 'blocked', step: 'blocked', since: at('2026-05-01') } as const
  const both = standing([old, young], { overdue: blocked, underWay: only(1) })
  const next = nextStepAt(both)
  expect(next).toBe(at('2026-07-03'))
  expect([stepAt(both, at('2026-07-02')), next && stepAt(both, next)]).toEqual(['blocked', 'ended'])
  const failed = standing([debt(1, '2026-06-02', 'exhausted')], { overdue: blocked })
  expect(nextStepAt(failed)).toBe(at('2026-06-02'))
})
