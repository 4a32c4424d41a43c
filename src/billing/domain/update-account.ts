import type { Account } from '../../accounts/domain/account.ts'
import { changeAccount } from '../../accounts/domain/create.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { ok, type Result } from '../../kernel/result.ts'
import { collectOtherwise } from './collect.ts'
import type { CommandOf } from './command.ts'
import { type Context, tellAccount, type Work } from './work.ts'

/** What is said of an account. How it is collected counts for what it owes already too. */
export function updateAccount(
  work: Work,
  { patch }: CommandOf<'update_account'>,
  context: Context,
): Result<Work, Rejection> {
  const changed = changeAccount(work.account, patch)
  if (!changed.ok) return changed
  const members = Object.keys(changed.value) as (keyof Account)[]
  if (members.every((member) => isEqual(changed.value[member], work.account[member]))) return ok(work)
  const told = tellAccount(work, 'account.updated', changed.value, context)
  return ok(changed.value.collection === work.account.collection ? told : collectOtherwise(told, context))
}

/** Members of an object have no order. */
function isEqual(one: unknown, other: unknown): boolean {
  const text = (value: unknown) =>
    JSON.stringify(value !== null && typeof value === 'object' ? Object.entries(value).toSorted() : value)
  return text(one) === text(other)
}
