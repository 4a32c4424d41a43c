import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSources, root, type SourceFile, withoutComments } from './source.ts'

export const documentPath = join(root, 'docs/requirements.md')

/** Rewrites the last column of each requirement's row from the titles of the tests. */
export function withProofs(document: string, tests: readonly SourceFile[]): string {
  const proofs = findProofs(tests)
  return document.replace(/^\| (FR-\d{3}) \| (.*) \| .* \|$/gm, (_, number: string, requirement: string) => {
    const paths = proofs.get(number) ?? []
    return `| ${number} | ${requirement} | ${paths.map((path) => `\`${path}\``).join(', ') || '—'} |`
  })
}

/** The files that name a requirement in a test's title, in order. */
export function findProofs(tests: readonly SourceFile[]): ReadonlyMap<string, readonly string[]> {
  const proofs = new Map<string, string[]>()
  for (const { path, text } of tests) {
    const numbers = titlesIn(text).flatMap((title) => title.match(/FR-\d+/g) ?? [])
    for (const number of new Set(numbers)) proofs.set(number, [...(proofs.get(number) ?? []), path])
  }
  return proofs
}

export function readTests(): readonly SourceFile[] {
  return readSources(['test/**/*.test.ts'])
}

// A title is the string that a call begins with, also after `.each(…)`; what is skipped proves nothing.
const call = /(\.(?:skip|todo|fails)\s*)?\(\s*(['"`])((?:\\.|(?!\2)[^\\])*)\2/g

function titlesIn(text: string): readonly string[] {
  return [...withoutComments(text).matchAll(call)].flatMap(([, unproved, , title]) =>
    unproved === undefined && title !== undefined ? [title] : [],
  )
}

if (import.meta.main) writeFileSync(documentPath, withProofs(readFileSync(documentPath, 'utf8'), readTests()))
