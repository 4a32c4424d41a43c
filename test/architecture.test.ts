import { expect, test } from 'vitest'
import { type Rule, rules } from './architecture/rules.ts'
import { readSources } from './architecture/source.ts'

const src = readSources(['src/**/*.ts'])
const everything = readSources(['{src,dev,test,bench}/**/*.ts'])

/** Of the style, not of the import law: these hold for the tests and the local stack too. */
const everywhere: readonly string[] = [
  'a file has 300 lines at most',
  'folders and files are kebab-case',
]

test('the sources are found', () => {
  expect(src.length).toBeGreaterThan(50)
})

const named: readonly (readonly [string, Rule])[] = Object.entries(rules)

test.each(named)('%s', (name, rule) => {
  expect(rule(everywhere.includes(name) ? everything : src), name).toEqual([])
})
