import { daysHeld, heldUntil } from '../../dunning/domain/overdue.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { addLocalDays } from '../../kernel/zone.ts'
import { collectAll, isUntried } from './collect.ts'
import type { CommandOf } from './command.ts'
import { type Context, openIn, tell, tellAccount, type Work } from './work.ts'

/** The customer disputes what is owed: days do not count and nothing is retried until that is settled. */
export function placeHold(work: Work, { reason }: CommandOf<'place_hold'>, context: Context): Result<Work, Rejection> {
  const { disputeHold } = work.account
  if (disputeHold !== null) return err(onHold(disputeHold.reason))
  const held = { ...work.account, disputeHold: { since: context.now, reason } }
  return ok(tellAccount(work, 'account.dispute_hold_placed', held, context))
}

/** Everything goes on where it stood: its days moved by the days of the hold. */
export function releaseHold(work: Work, _: CommandOf<'release_hold'>, context: Context): Result<Work, Rejection> {
  const { disputeHold, overdue, timezone } = work.account
  if (disputeHold === null) return err(notOnHold)
  const hold = { since: disputeHold.since, until: context.now }
  const since =
    overdue.since === null ? null : addLocalDays(overdue.since, daysHeld(hold, overdue.since, timezone), timezone)
  const released = { ...work.account, disputeHold: null, overdue: { ...overdue, since } }
  const told = tellAccount(work, 'account.dispute_hold_released', released, context)
  const moved = openIn(told)
    .map((debt) => ({ debt, after: heldUntil(debt, hold, timezone) }))
    .filter(({ debt, after }) => JSON.stringify(after.collection) !== JSON.stringify(debt.collection))
    .reduce((next, { after }) => tell(next, 'invoice', 'invoice.updated', after, context.now), told)
  return ok(collectAll(moved, context, (debt) => isUntried(moved, debt)))
}

function onHold(reason: string): Rejection {
  return {
    code: 'command_not_possible',
    detail: `The account is on a dispute hold already: ${reason}`,
    hint: 'Release it with DELETE /v1/accounts/{id}/dispute_hold before you place another.',
  }
}

const notOnHold: Rejection = {
  code: 'command_not_possible',
  detail: 'The account is not on a dispute hold.',
  hint: 'Place one with POST /v1/accounts/{id}/dispute_hold.',
}
