import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../dev/source.ts'

const packageJson: { readonly scripts: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
)
const documents = globSync(
  ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/**/*.md', '{src,dev,bench,test}/**/README.md'],
  { cwd: root },
).toSorted()

test('the documents are found', () => {
  expect(documents).toContain('CONTRIBUTING.md')
})

describe.each(documents)('%s', (document) => {
  const text = readFileSync(join(root, document), 'utf8')

  test('links to what is there', () => {
    expect(missingLinks(document, text)).toEqual([])
  })

  test('names paths that are there', () => {
    expect(missingPaths(text)).toEqual([])
  })

  test('names npm scripts that are there', () => {
    expect(missingScripts(text)).toEqual([])
  })
})

describe('what is missing is found', () => {
  test.each([
    ['[a](gone.md)', ['gone.md']],
    ['[a](../LICENSE) [b](requirements.md#plans) [c](https://example.com) [d](#here)', []],
    ['![a](gone.png "title") [b](</LICENSE>)', ['gone.png']],
    ['[a]: gone.md', ['gone.md']],
  ])('links: %s', (text, missing) => {
    expect(missingLinks('docs/a.md', text)).toEqual(missing)
  })

  test.each([
    ['`src/gone.ts` src/prose.ts', ['src/gone.ts']],
    ['`node dev/gone.ts --now` and `test/**/*.test.ts` and `docs/`', ['dev/gone.ts']],
    ['`src/<feature>/domain`, `src/*/gone.ts`', ['src/*/gone.ts']],
    ['```\nnode dev/requirements.ts, migrations/gone\n```', ['migrations/gone']],
  ])('paths: %s', (text, missing) => {
    expect(missingPaths(text)).toEqual(missing)
  })

  test('scripts', () => {
    expect(missingScripts('`npm run check`, npm run gone. `npm test`')).toEqual(['gone'])
  })
})

/** From the document's own folder; a leading slash is the repository's, as on GitHub. */
function missingLinks(document: string, text: string): readonly string[] {
  const links = [...text.matchAll(/\]\(<?([^)\s>]+)[^)]*\)|^\[[^\]]+\]:\s*(\S+)/gm)].map(
    (match) => match[1] ?? match[2] ?? '',
  )
  return links
    .filter((link) => !/^([a-z]+:|#)/.test(link))
    .filter((link) => {
      const path = decodeURIComponent(link.replace(/#.*/, ''))
      return !existsSync(join(root, path.startsWith('/') ? path : normalize(join(dirname(document), path))))
    })
}

/** In code, a word that begins with one of our folders is a path; `*` and `<feature>` stand for any name. */
function missingPaths(text: string): readonly string[] {
  const code = [...text.matchAll(/^```[^\n]*\n([\s\S]*?)^```|`([^`\n]+)`/gm)].map((match) => match[1] ?? match[2] ?? '')
  return code
    .flatMap((snippet) => snippet.split(/[\s"'()|,;]+/))
    .filter((word) => /^(src|dev|test|docs|migrations|bench|\.ci)\/./.test(word))
    .map((word) => word.replace(/[.:…]+$/, ''))
    .filter((path) => globSync(path.replace(/<[\w-]+>/g, '*'), { cwd: root }).length === 0)
}

function missingScripts(text: string): readonly string[] {
  const named = [...text.matchAll(/\bnpm run ([\w:-]+)|\bnpm (test|start)\b/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  )
  return named.filter((name) => !Object.hasOwn(packageJson.scripts, name))
}
