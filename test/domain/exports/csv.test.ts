import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Cell, csvHeader, csvRecord, csvRow } from '../../../src/exports/domain/csv.ts'
import { recordsOf } from '../../support/csv.ts'

describe('FR-056 a cell of CSV', () => {
  test.each<[string, Cell, string]>([
    ['nothing', null, ''],
    ['text', 'Jane', 'Jane'],
    ['an amount', -2450, '-2450'],
    ['the largest amount', Number.MAX_SAFE_INTEGER, '9007199254740991'],
    ['a decimal', { decimal: '-0.000000000001' }, '-0.000000000001'],
    ['a comma', 'Doe, Jane', '"Doe, Jane"'],
    ['quotes', 'Jane "J" Doe', '"Jane ""J"" Doe"'],
    ['a line break', 'one\ntwo', '"one\ntwo"'],
    ['other scripts', 'Ünïcode 株式会社 🙂', 'Ünïcode 株式会社 🙂'],
    ['leading and trailing spaces', ' a ', ' a '],
    ['a formula', '=1+1', "'=1+1"],
    ['a formula with quotes', '=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'],
    ['a plus', '+1 555', "'+1 555"],
    ['a minus', '-1+1', "'-1+1"],
    ['an at', '@SUM(A1)', "'@SUM(A1)"],
    ['a tab', '\t=1', "'\t=1"],
    ['a carriage return', '\r=1', '"\'\r=1"'],
    ['a sign inside', 'a=b+c-d@e', 'a=b+c-d@e'],
  ])('of %s', (_, cell, expected) => {
    expect(csvRecord([cell])).toBe(`${expected}\r\n`)
  })

  test('reads back as it was, but for the apostrophe, whatever it holds', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...'=+-@\t\r\n",\'a é🙂') }))
    const records = fc.array(fc.array(text, { minLength: 1, maxLength: 4 }), { maxLength: 4 })
    fc.assert(
      fc.property(records, (written) => {
        const read = recordsOf(written.map(csvRecord).join(''))
        expect(read).toEqual(
          written.map((cells) => cells.map((cell) => (/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell))),
        )
      }),
    )
  })
})

test('FR-056 rows are in the order of their header', () => {
  const columns = { id: (n: number) => `acct_${n}`, amount: (n: number) => n * 100 }
  expect(csvHeader(columns) + csvRow(columns, 7)).toBe('id,amount\r\nacct_7,700\r\n')
})
