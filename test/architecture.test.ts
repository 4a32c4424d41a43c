import { describe, expect, test } from 'vitest'
import { readSources } from '../dev/source.ts'
import { breaches } from './architecture/breaches.ts'
import { type Rule, rules } from './architecture/rules.ts'

type RuleName = keyof typeof rules

const src = readSources(['src/**/*.{ts,tsx}'])
const everything = readSources(['{src,dev,bench,test}/**/*.{ts,tsx}'])

/** Style, not import law: these hold for the tests and the local stack too. */
const everywhere: readonly RuleName[] = ['a file has 300 lines at most', 'folders and files are kebab-case']

const names = Object.keys(rules) as readonly RuleName[]

test('the sources are found', () => {
  expect(src.length).toBeGreaterThan(50)
})

describe('the house', () => {
  test.each(names)('%s', (name) => {
    const rule: Rule = rules[name]
    expect(rule(everywhere.includes(name) ? everything : src), name).toEqual([])
  })
})

describe('a breach is found', () => {
  test.each(names)('%s', (name) => {
    const rule: Rule = rules[name]
    const { sources, found } = breaches[name]
    const files = Object.entries(sources).map(([path, text]) => ({ path, text }))
    const places = rule(files).map((breach) => breach.split(' ')[0])
    expect(places.toSorted()).toEqual([...found])
  })
})
