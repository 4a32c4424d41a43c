import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

export type SourceFile = { readonly path: string; readonly text: string }

export type Import = {
  readonly path: string
  readonly line: number
  readonly specifier: string
  /** A path of the repository for a relative import, else the specifier. */
  readonly target: string
}

export const root = join(import.meta.dirname, '..')

export function readSources(patterns: readonly string[]): readonly SourceFile[] {
  return globSync([...patterns], { cwd: root })
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

// `from` must follow nothing but a clause of names, so that no ordinary code between two quotes looks like an import.
const staticImport = /^[ \t]*(?:import|export)\b[\w$*{},\s]*?(?:\bfrom\b\s*|(?<=import)\s*)(['"])(.+?)\1/gm
const importCall = /\bimport\s*\(\s*(?:(['"])(.+?)\1)?/g

/** Type-only imports count too: what is named is depended on. A computed `import()` has the specifier "". */
export function importsOf(file: SourceFile): readonly Import[] {
  const code = withoutComments(file.text)
  return [staticImport, importCall].flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match) => {
      const specifier = match[2] ?? ''
      const relative = specifier.startsWith('.')
      const target = relative ? normalize(join(dirname(file.path), specifier)) : specifier
      return { path: file.path, line: lineAt(code, match.index), specifier, target }
    }),
  )
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

const token = /\/\/.*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g

/** Blanks comments and keeps every line where it was. */
export function withoutComments(text: string): string {
  return text.replace(token, (found) => (found.startsWith('/') ? blank(found) : found))
}

/** Template strings stay: code may hide in them. */
export function withoutCommentsAndStrings(text: string): string {
  return text.replace(token, (found) => (found.startsWith('`') ? found : blank(found)))
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ')
}
