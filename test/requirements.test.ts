import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { documentPath, findProofs, readTests, withProofs } from '../dev/requirements.ts'

const document = readFileSync(documentPath, 'utf8')
const rows = [...document.matchAll(/^\| (FR-\d{3}) \| [^|]+ \| [^|]+ \|$/gm)].map(([, number]) => number)

test('the table has each of the 156 requirements once, in order', () => {
  expect(rows).toEqual(Array.from({ length: 156 }, (_, index) => `FR-${String(index + 1).padStart(3, '0')}`))
})

test('each row names the tests that prove it (if not: node dev/requirements.ts)', () => {
  expect(document).toBe(withProofs(document, readTests()))
})

test('each number in a title is a requirement', () => {
  expect([...findProofs(readTests()).keys()].filter((number) => !rows.includes(number))).toEqual([])
})

// Written in two parts, so that this file does not count as a proof.
const number = (digits: string) => `FR-${digits}`

test.each([
  ['a title', `test('${number('001')} an account', () => {})`],
  ['a title after a table', `test.each([\n  ['a'],\n])('%s ${number('001')}', () => {})`],
  ['a template', `describe(\n  \`${number('002')}, ${number('001')} accounts\`,\n  () => {})`],
])('%s is a proof', (_, text) => {
  expect(findProofs([{ path: 'test/a.test.ts', text }]).get(number('001'))).toEqual(['test/a.test.ts'])
})

test.each([
  ['a comment', `// test('${number('001')}')`],
  ['a skipped test', `test.skip('${number('001')}', () => {})`],
  ['a test yet to be written', `test.todo('${number('001')}')`],
  ['another string', `const text = '${number('001')}'`],
])('%s is none', (_, text) => {
  expect([...findProofs([{ path: 'test/a.test.ts', text }]).keys()]).toEqual([])
})

test('the column is written from the titles, and emptied', () => {
  const before = `| ${number('001')} | one | — |\n| ${number('002')} | two | \`test/gone.test.ts\` |\n`
  const tests = ['test/a.test.ts', 'test/b.test.ts'].map((path) => ({ path, text: `test('${number('001')}')` }))
  expect(withProofs(before, tests)).toBe(
    `| ${number('001')} | one | \`test/a.test.ts\`, \`test/b.test.ts\` |\n| ${number('002')} | two | — |\n`,
  )
})
