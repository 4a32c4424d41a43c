/** What a look at the gateway's books came to. */
export type Reconciled = {
  /** Entries that were read. */
  readonly entries: number
  /** Of these, those that are as we say, and those that name nothing of ours. */
  readonly matched: number
  readonly notOurs: number
  /** Differences that are new, and that are no more. */
  readonly found: number
  readonly vanished: number
}

export const nothingDone: Reconciled = { entries: 0, matched: 0, notOurs: 0, found: 0, vanished: 0 }

export function sumOf(all: readonly Reconciled[]): Reconciled {
  const sum = (of: keyof Reconciled) => all.reduce((total, one) => total + one[of], 0)
  return {
    entries: sum('entries'),
    matched: sum('matched'),
    notOurs: sum('notOurs'),
    found: sum('found'),
    vanished: sum('vanished'),
  }
}
