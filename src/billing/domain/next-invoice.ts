import type { IdSource } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/instant.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { ok, type Result } from '../../kernel/result.ts'
import { decide } from './decide.ts'
import type { Decision } from './decision.ts'
import { nextSnapshot } from './fold.ts'
import { expectingPayment } from './fork.ts'
import type { Snapshot } from './snapshot.ts'
import { beginWork, nextBillingOf } from './work.ts'

/** Notices, seals and changes come before the next invoice, but never so many of them. */
const MAX_STEPS = 100

/** What falls due next that makes or changes an invoice; null where nothing ever does. */
export function nextInvoicing(snapshot: Snapshot, now: Instant, ids: IdSource): Result<Decision | null, Rejection> {
  let current = expectingPayment(snapshot)
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    const due = nextBillingOf(beginWork(current), current.settings)
    if (due === null) return ok(null)
    const decided = decide(current, { type: 'advance' }, due > now ? due : now, ids)
    if (!decided.ok || decided.value.invoices.some(isInvoiced)) return decided
    current = nextSnapshot(current, decided.value)
  }
  return ok(null)
}

/** Made or written on; one that is only tried again bills nothing. */
function isInvoiced({ before }: Decision['invoices'][number]): boolean {
  return before === null || before.status === 'draft'
}
