import { methodAtGateway } from '../accounts/repository.ts'
import type { Id } from '../kernel/id.ts'
import type { GatewayNews, NewsApplied } from '../payments/domain/gateway-news.ts'
import { refundAtGateway } from '../payments/refund-repository.ts'
import { namePayment, paymentAtGateway } from '../payments/repository.ts'
import type { Database } from '../platform/db/client.ts'
import type { Env } from '../platform/env.ts'
import { tellRelay } from './announce.ts'
import { lookAgain } from './charge.ts'
import { type DispatchRequest, dispatch } from './dispatch.ts'
import type { Command } from './domain/command.ts'

/**
 * What a gateway says by itself becomes the same command as its answers do, so that whoever brings the news first is
 * believed and the rest tells nothing new.
 */
export function applyNews(env: Env, database: Database): (news: GatewayNews) => Promise<NewsApplied> {
  return async (news) => {
    const asked = await commandFor(env, database, news)
    if (typeof asked === 'string') return asked
    const request: DispatchRequest = {
      ...asked,
      ...{ organizationId: news.organizationId, actor: 'gateway', idempotency: null },
    }
    const announce = (commit: Id<'commit'>) => void tellRelay(env, commit)
    const done = await dispatch(env, database, request, { announce, inTurn: (work) => work() })
    switch (done.kind) {
      case 'answered':
        return 'applied'
      case 'rejected':
        // A payment is under way with it: once that has ended it can be.
        return done.rejection.code === 'payment_under_way' ? 'later' : 'ignored'
      default:
        return 'later'
    }
  }
}

type Asked = Pick<DispatchRequest, 'target' | 'command'>

async function commandFor(env: Env, database: Database, news: GatewayNews): Promise<Asked | NewsApplied> {
  switch (news.kind) {
    case 'payment':
      return aboutPayment(env, database, news)
    case 'refund':
      return aboutRefund(database, news)
    case 'dispute': {
      const payment = await paymentAtGateway(database, news)
      if (payment === null) return 'ignored'
      // Money that has not come in here yet cannot go.
      if (payment.status !== 'succeeded') return 'later'
      // Booked as the payment's it would be another amount: somebody must look.
      if (news.currency !== payment.currency) {
        throw new Error(`${news.news.gatewayDispute} is in ${news.currency}, its payment in ${payment.currency}`)
      }
      return onPayment(payment.id, { type: 'record_dispute', paymentId: payment.id, news: news.news })
    }
    case 'method_saved': {
      if (news.account === null) return 'ignored'
      const method = { ...news.method, gatewayAccountId: news.gatewayAccountId }
      return onAccount(news.account, { type: 'attach_method', method, asDefault: 'if_new' })
    }
    case 'method_changed': {
      const method = await methodAtGateway(database, news)
      if (method === null) return 'ignored'
      const { brand, last4, expiryMonth, expiryYear } = news.method
      const facts = { brand, last4, expiryMonth, expiryYear }
      return onAccount(method.accountId, { type: 'update_method', methodId: method.id, facts })
    }
    case 'method_gone': {
      const method = await methodAtGateway(database, news)
      return method === null ? 'ignored' : onAccount(method.accountId, { type: 'remove_method', methodId: method.id })
    }
  }
}

type News<K extends GatewayNews['kind']> = Extract<GatewayNews, { readonly kind: K }>

/** What the gateway never takes back is true whenever it was said. Anything else may be of a try before the present one. */
async function aboutPayment(env: Env, database: Database, news: News<'payment'>): Promise<Asked | NewsApplied> {
  const { kind } = news.outcome
  if (kind === 'unconfirmed') return 'ignored'
  const payment = await paymentAtGateway(database, news)
  // One that carries our id and is not here yet will be, or a reconciliation says so.
  if (payment === null) return news.ourPayment === null ? 'ignored' : 'later'
  if (payment.gatewayPayment === null) await namePayment(database, payment, news.gatewayPayment)
  if (kind !== 'succeeded' && kind !== 'canceled') {
    await lookAgain(env, database, payment)
    return 'applied'
  }
  const told = [{ paymentId: payment.id, attemptId: null, outcome: { kind } }]
  return onPayment(payment.id, { type: 'record_outcomes', news: told })
}

async function aboutRefund(database: Database, news: News<'refund'>): Promise<Asked | NewsApplied> {
  const { outcome, amount } = news
  const refund = await refundAtGateway(database, news)
  if (refund !== null) {
    return onPayment(refund.paymentId, { type: 'record_refunds', outcomes: new Map([[refund.id, outcome]]) })
  }
  if (news.ourRefund !== null) return 'later'
  const payment = await paymentAtGateway(database, { ...news, ourPayment: null })
  if (payment === null || !('gatewayRefund' in outcome)) return 'ignored'
  // Money that has not come in here yet cannot go.
  if (payment.status !== 'succeeded') return 'later'
  return onPayment(payment.id, { type: 'record_foreign_refund', paymentId: payment.id, amount, outcome })
}

function onPayment(id: Id<'payment'>, command: Command): Asked {
  return { target: { kind: 'payment', id }, command }
}

function onAccount(id: Id<'account'>, command: Command): Asked {
  return { target: { kind: 'account', id }, command }
}
