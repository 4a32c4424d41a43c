import type { Id } from '../../kernel/id.ts'
import { all } from './book.ts'
import type { Work } from './work.ts'

/**
 * A key that claims what nothing else of the subscription does: itself, or with the number after the last one that is in
 * use. What is void claims nothing, nor does the draft that is made anew.
 */
export function unclaimed(
  { invoices }: Work,
  key: string,
  { subscriptionId, except }: { readonly subscriptionId: Id<'subscription'>; readonly except: Id<'invoice'> | null },
): string {
  const used = all(invoices).flatMap(({ id, status, lines }) =>
    id === except || status === 'void' || status === 'deleted'
      ? []
      : lines.flatMap((line) => (line.subscriptionId === subscriptionId ? numberIn(line.billingKey, key) : [])),
  )
  return used.length === 0 ? key : `${key}#${Math.max(...used) + 1}`
}

/** Of a correction or a supplement, the key of what is corrected or added to. */
export function keyBehind(billingKey: string): string {
  return billingKey.replace(/^(correction:[^:]+:|supplemental:\d+:\d+:)+/, '')
}

function numberIn(billingKey: string | null, key: string): readonly number[] {
  if (billingKey === key) return [1]
  return billingKey?.startsWith(`${key}#`) ? [Number(billingKey.slice(key.length + 1))] : []
}
