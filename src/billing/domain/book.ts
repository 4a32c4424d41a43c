/** `before` is null for what the decision makes. */
export type Changed<T> = { readonly before: T | null; readonly after: T }

/** Things as they were read and as they are now, while one decision changes them. */
export type Book<T extends Kept> = { readonly read: ReadonlyMap<string, T>; readonly now: ReadonlyMap<string, T> }

type Kept = { readonly id: string; readonly version: number }

export function bookOf<T extends Kept>(read: readonly T[]): Book<T> {
  const byId = new Map(read.map((value) => [value.id as string, value]))
  return { read: byId, now: byId }
}

/** All of them as they are now, those that were read first. */
export function all<T extends Kept>({ now }: Book<T>): readonly T[] {
  return [...now.values()]
}

/** A version counts commits: it is one more than when it was read, however often the decision changes the thing. */
export function versioned<T extends Kept>({ read }: Book<T>, value: T): T {
  const version = (read.get(value.id)?.version ?? 0) + 1
  return value.version === version ? value : { ...value, version }
}

export function put<T extends Kept>(book: Book<T>, value: T): Book<T> {
  return { read: book.read, now: new Map(book.now).set(value.id, versioned(book, value)) }
}

/** What a commit must write, each thing once. */
export function changesIn<T extends Kept>({ read, now }: Book<T>): readonly Changed<T>[] {
  if (read === now) return []
  return [...now.values()].flatMap((after) => {
    const before = read.get(after.id) ?? null
    return before === after ? [] : [{ before, after }]
  })
}
