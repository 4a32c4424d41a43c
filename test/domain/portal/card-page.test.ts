import { describe, expect, test } from 'vitest'
import type { CardState } from '../../../src/portal/domain/page-state.ts'
import { problems } from '../../../src/portal/domain/words.ts'
import { problemPage } from '../../../src/portal/problem-page.tsx'
import { card, debit, elements, textOf } from './pages.ts'

describe('the page of a card', () => {
  test('FR-138 shows the card as far as it is known, and asks for nothing', () => {
    const html = card()
    expect(elements(html, 'title')).toEqual(['<title>Your payment method for Acme Analytics</title>'])
    expect(textOf(html)).toContain('Acme Analytics charges your invoices to it. Visa ending in 4242, expires 12/2030')
    expect(elements(html, 'form')).toHaveLength(1)
    expect(html).toContain('<form class="action" method="post" action="/card/token">')
    expect(elements(html, 'input')).toEqual([])
    expect(elements(html, 'button').map(textOf)).toEqual(['Update card'])
  })

  test('shows a bank account just so', () => {
    expect(textOf(card({ method: debit }))).toContain('to it. Bank account ending in 6789')
  })

  test('asks for a card where there is none', () => {
    const html = card({ method: null })
    expect(textOf(html)).toContain('Acme Analytics has no card of yours on file.')
    expect(elements(html, 'button').map(textOf)).toEqual(['Add a card'])
  })

  const told: readonly (readonly [CardState, role: string, words: string])[] = [
    [{ kind: 'saved' }, 'status', 'Your new card is saved It is used for your next payment. Your payment method'],
    [{ kind: 'charging' }, 'status', 'Your new card is saved Your open invoices are being charged to it now.'],
    [{ kind: 'cancelled' }, 'status', 'Nothing was changed No new card was saved.'],
    [{ kind: 'failed', code: null }, 'alert', 'The card could not be saved Try again, or use another card.'],
    [{ kind: 'failed', code: 'expired_card' }, 'alert', 'The card could not be saved The card has expired. Try again,'],
    [
      { kind: 'failed', code: 'stolen_card' },
      'alert',
      'The card could not be saved Your bank declined the payment; it can tell you more. Try again,',
    ],
  ]

  test.each(told)('tells what happened: %o', (state, role, words) => {
    const html = card({ state })
    expect(elements(html, 'main').map(textOf)[0]).toMatch(new RegExp(`^${words}`))
    expect(html.match(/role="(\w+)"/)?.[1]).toBe(role)
  })

  test('has the name of the seller as text, never as markup', () => {
    const html = card({ seller: '<script>', method: { ...debit, kind: 'card', brand: null, last4: '<b>' } })
    expect(html).not.toContain('<script>')
    expect(html).toContain('<p class="method">Card ending in &lt;b&gt;</p>')
  })
})

describe('a page that is not there', () => {
  test.each([
    ['expired', 410, 'This link has expired', 'for a new one'],
    ['invalid', 404, 'This link does not work', 'for a new one'],
    ['unknown_method', 422, 'This payment method is not on file', 'Nothing was charged'],
    ['not_found', 404, 'This page does not exist', 'for a new one'],
    ['too_busy', 503, 'There is a lot going on', 'in a minute'],
    ['error', 500, 'Something went wrong', 'in a few minutes'],
  ] as const)('%s: %i, and what to do about it', (name, status, title, todo) => {
    const problem = problems[name]
    expect(problem.status).toBe(status)
    const html = problemPage(problem)
    expect(elements(html, 'title')).toEqual([`<title>${title}</title>`])
    expect(textOf(html)).toMatch(new RegExp(`^${title} Please .*${todo}|^${title} .*${todo}`))
    expect(textOf(html)).not.toContain('Reference')
  })

  test('says what to ask about where that helps', () => {
    expect(textOf(problemPage(problems.error, 'req_1'))).toMatch(/Reference: req_1$/)
  })

  test('names no seller: whose link it was is not known', () => {
    expect(elements(problemPage(problems.expired), 'header')).toEqual([])
  })
})
