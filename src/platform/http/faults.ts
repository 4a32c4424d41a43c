import type { Fault } from './problem.ts'

type Issue = {
  readonly code: string
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly keys?: readonly string[]
}

/** How a body looks that may hold what no table can; any other is spared the walk. */
const suspicious = /\\u0000|\\u[dD][89a-fA-F]|__proto__/

export function mayBeUnstorable(json: string): boolean {
  return suspicious.test(json)
}

/** What the schema found, and what no table can keep: one fault a member. */
export function faultsIn(input: unknown, issues: readonly Issue[]): readonly Fault[] {
  const found = issues.flatMap((issue) => faultsOf(issue, input))
  const named = new Set(found.map(({ pointer }) => pointer))
  return [...found, ...unstorableIn(input).filter(({ pointer }) => !named.has(pointer))]
}

/** An unknown member is named by itself, and a missing one is said to be missing. */
function faultsOf(issue: Issue, input: unknown): readonly Fault[] {
  if (issue.code === 'unrecognized_keys') {
    return (issue.keys ?? []).map((key) => ({
      pointer: pointerOf([...issue.path, key]),
      detail: 'is not a known member',
    }))
  }
  const isMissing = issue.path.length > 0 && valueAt(input, issue.path) === undefined
  return [{ pointer: pointerOf(issue.path), detail: isMissing ? 'is required' : issue.message }]
}

/**
 * Text that JSON can say and Postgres cannot keep: a NUL, half of a surrogate pair. And the name `__proto__`, which
 * would be dropped without a word.
 */
function unstorableIn(input: unknown): readonly Fault[] {
  const faults: Fault[] = []
  // No recursion: the sender decides how deep it goes.
  const left: [value: unknown, path: Path][] = [[input, null]]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [value, path] = next
    const wrong = typeof value === 'string' ? wrongWith(value) : null
    if (wrong !== null) faults.push({ pointer: pointerOf(partsOf(path)), detail: wrong })
    if (typeof value !== 'object' || value === null) continue
    for (const [name, member] of Object.entries(value)) {
      const wrongName = name === '__proto__' ? 'is not a name that a member can have' : wrongWith(name)
      if (wrongName === null) left.push([member, { name, above: path }])
      else faults.push({ pointer: pointerOf([...partsOf(path), name]), detail: wrongName })
    }
  }
  return faults
}

export function wrongWith(text: string): string | null {
  if (text.includes('\0')) return 'must not contain the character U+0000'
  return text.isWellFormed() ? null : 'must not contain half of a surrogate pair'
}

/** From the member up to the root. */
type Path = { readonly name: string; readonly above: Path } | null

function partsOf(path: Path): readonly string[] {
  const parts: string[] = []
  for (let at = path; at !== null; at = at.above) parts.unshift(at.name)
  return parts
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) => (value as Record<PropertyKey, unknown> | null | undefined)?.[part],
    input,
  )
}

/** RFC 6901. */
export function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
