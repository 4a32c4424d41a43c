import type { PaymentMethod } from '../../accounts/domain/payment-method.ts'
import { encodeId, type Id } from '../../kernel/id.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { all, put } from './book.ts'
import { collectAll, isUntried } from './collect.ts'
import type { CommandOf } from './command.ts'
import { type Context, keep, methodsIn, tellAccount, type Work } from './work.ts'

/** A way to pay that the gateway has saved. One that is known already is not saved twice. */
export function attachMethod(
  work: Work,
  { method, asDefault }: CommandOf<'attach_method'>,
  context: Context,
): Result<Work, Rejection> {
  const { account } = work
  const known = methodsIn(work).find(({ gatewayMethod }) => gatewayMethod === method.gatewayMethod)
  if (known !== undefined) return ok(asDefault === true ? chargedBy(work, known, context) : work)
  const attached: PaymentMethod = {
    ...method,
    ...{ organizationId: account.organizationId, accountId: account.id, id: context.ids('payment_method') },
    ...{ version: 1, createdAt: context.now, renewedAfter: null, removedAt: null },
  }
  const isDefault = asDefault !== false || account.defaultPaymentMethodId === null
  const after = { ...account, defaultPaymentMethodId: isDefault ? attached.id : account.defaultPaymentMethodId }
  const kept = keep(work, 'methods', [attached])
  const told = tellAccount(kept, 'account.payment_method_attached', after, context, work)
  return ok(isDefault ? collectAll(told, context) : told)
}

export function setDefaultMethod(
  work: Work,
  { methodId }: CommandOf<'set_default_method'>,
  context: Context,
): Result<Work, Rejection> {
  const method = methodsIn(work).find(({ id }) => id === methodId)
  return method === undefined ? err(noMethod(methodId)) : ok(chargedBy(work, method, context))
}

/** From now on; what is owed is tried with it once, where it was another before. */
function chargedBy(work: Work, { id }: PaymentMethod, context: Context): Work {
  if (work.account.defaultPaymentMethodId === id) return work
  const after = { ...work.account, defaultPaymentMethodId: id }
  return collectAll(tellAccount(work, 'account.default_payment_method_changed', after, context), context)
}

/** The bank has sent a new card: what is not tried any more has not been tried with that. */
export function updateMethod(
  work: Work,
  { methodId, facts }: CommandOf<'update_method'>,
  context: Context,
): Result<Work, Rejection> {
  const method = work.methods.now.get(methodId)
  if (method === undefined || method.removedAt !== null) return ok(work)
  const isSame = (Object.keys(facts) as (keyof typeof facts)[]).every((fact) => method[fact] === facts[fact])
  if (isSame) return ok(work)
  const tries = all(work.attempts).flatMap(({ paymentMethodId, id }) => (paymentMethodId === methodId ? [id] : []))
  const renewedAfter = tries.toSorted().at(-1) ?? method.renewedAfter
  const kept = keep(work, 'methods', [{ ...method, ...facts, renewedAfter }])
  const told = tellAccount(kept, 'account.payment_method_changed', work.account, context, work)
  const isDefault = work.account.defaultPaymentMethodId === methodId
  return ok(isDefault ? collectAll(told, context, (debt) => isUntried(told, debt)) : told)
}

/** Where it was the default, the newest of those left takes its place, and what waits is tried with that one. */
export function removeMethod(
  work: Work,
  { methodId }: CommandOf<'remove_method'>,
  context: Context,
): Result<Work, Rejection> {
  const method = methodsIn(work).find(({ id }) => id === methodId)
  if (method === undefined) return err(noMethod(methodId))
  const charging = all(work.attempts).find(
    ({ paymentMethodId, endedAt }) => paymentMethodId === methodId && endedAt === null,
  )
  if (charging !== undefined) return err(stillCharging(charging.paymentId))
  const book = put(work.methods, { ...method, removedAt: context.now })
  const left = methodsIn({ ...work, methods: book })
  const { account } = work
  const wasDefault = account.defaultPaymentMethodId === methodId
  const after = {
    ...account,
    defaultPaymentMethodId: wasDefault ? (left[0]?.id ?? null) : account.defaultPaymentMethodId,
  }
  const told = tellAccount({ ...work, methods: book }, 'account.payment_method_removed', after, context, work)
  return ok(wasDefault ? collectAll(told, context, (debt) => isUntried(told, debt)) : told)
}

function noMethod(id: Id<'payment_method'>): Rejection {
  return {
    code: 'not_found',
    detail: `There is no payment method ${encodeId('payment_method', id)}.`,
    hint: 'List those of the account with GET /v1/accounts/{id}/payment_methods.',
  }
}

function stillCharging(payment: Id<'payment'>): Rejection {
  return {
    code: 'payment_under_way',
    detail: `Payment ${encodeId('payment', payment)} with this method is under way.`,
    hint: 'Remove it once the payment has succeeded or failed.',
  }
}
