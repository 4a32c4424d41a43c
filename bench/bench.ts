/** One line of `--json`: what was measured, then whatever helps to read it. */
export type Result = {
  readonly bench: string
  readonly value: number
  readonly unit: string
  readonly [detail: string]: number | string | null | Readonly<Record<string, number | null>>
}

/** Each starts what it needs, measures, checks that what it measured is right, and throws where it is not. */
export type Bench = (ends: Ends) => Promise<readonly Result[]>

/** What must be stopped at the end, however it ends: last started, first stopped. */
export type Ends = { readonly push: (end: () => Promise<void>) => void }

export function round(value: number, digits = 0): number {
  return Number(value.toFixed(digits))
}

/** Progress; stdout belongs to the results. */
export function say(what: string): void {
  console.error(`· ${what}`)
}
