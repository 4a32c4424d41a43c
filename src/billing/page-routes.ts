import { bodyLimit } from 'hono/body-limit'
import { customerAt } from '../accounts/repository.ts'
import { decodeId, type Id } from '../kernel/id.ts'
import type { Result } from '../kernel/result.ts'
import { type Gateway, GatewayUnavailable } from '../payments/gateway.ts'
import { openGateway } from '../payments/open-gateway.ts'
import { gatewayAccountById } from '../payments/repository.ts'
import { realNow } from '../platform/clock.ts'
import { type AppContext, router } from '../platform/http/app.ts'
import { logError } from '../platform/log.ts'
import { cardPage } from '../portal/card-page.tsx'
import { expiryOf, type Link, type LinkKind, pathOf } from '../portal/domain/link.ts'
import { type CardState, payStateOf } from '../portal/domain/page-state.ts'
import { type Problem, problems } from '../portal/domain/words.ts'
import { readLink, signLink } from '../portal/link.ts'
import { pageHeaders } from '../portal/page-headers.ts'
import { payPage } from '../portal/pay-page.tsx'
import { problemPage } from '../portal/problem-page.tsx'
import { tellRelay } from './announce.ts'
import { type Dispatched, type DispatchRequest, dispatch } from './dispatch.ts'
import { applyNews } from './gateway-news.ts'
import { type Bill, type CardShop, readBill, readShop, type Shop } from './page-repository.ts'

/** The customer's pages: whoever holds a signed link may do what it says, without a login and without a script. */
export const pageRoutes = router()

pageRoutes.onError((error, c) => {
  logError('a page could not be made', error, { request_id: c.get('requestId') })
  return refuse(c, problems.error)
})

pageRoutes.get('/pay/:token', async (c) => {
  const read = await linkedTo(c, 'pay')
  if (!read.ok) return refuse(c, read.error)
  const { organizationId, id } = read.value
  const database = c.get('database')
  const bill = await readBill(database, organizationId, id)
  if (bill === null) return refuse(c, problems.not_found)
  // Back from the bank: what it said is asked for now, so that the page need not wait for the gateway's event.
  const isBack = c.req.query('payment_intent') !== undefined && bill.payment?.outcome === 'authenticating'
  const current = isBack && (await heard(c, bill)) ? await readBill(database, organizationId, id) : bill
  return showPay(c, current ?? bill)
})

/** A form of ours is far smaller. */
const formsOnly = bodyLimit({ maxSize: 16 * 1024, onError: (c) => refuse(c as AppContext, problems.no_form) })

pageRoutes.post('/pay/:token', formsOnly, async (c) => {
  const read = await linkedTo(c, 'pay')
  if (!read.ok) return refuse(c, read.error)
  const { organizationId, id } = read.value
  // What cannot be read as a form is the sender's fault.
  const form = await c.req.parseBody().catch(() => null)
  if (form === null) return refuse(c, problems.no_form)
  const { method } = form
  const methodId = typeof method === 'string' ? decodeId('payment_method', method) : null
  if (methodId === null && method !== undefined) return refuse(c, problems.unknown_method)
  const returnUrl = `${new URL(c.req.url).origin}${c.req.path}`
  const about = { amount: null, methodId, reason: 'customer', returnUrl } as const
  const pays = (insteadOf: Id<'payment'> | null) =>
    commanded(c, {
      ...{ organizationId, target: { kind: 'invoice', id } },
      command: { type: 'pay_invoice', id, ...about, insteadOf },
    })
  const atBank = async () => {
    const bill = await readBill(c.get('database'), organizationId, id)
    return bill?.payment?.outcome === 'authenticating' ? { bill, by: bill.payment.paymentMethodId } : null
  }
  const isChosen = (by: Id<'payment_method'> | null) => methodId === null || by === methodId
  const refused = problemOf(await pays(null))
  if (refused !== null) return refuse(c, refused)
  let open = await atBank()
  // At another card's bank: who chose this one does not go on there.
  if (open !== null && !isChosen(open.by)) {
    const closed = await givenUp(c, open.bill)
    const again = closed === null ? null : problemOf(await pays(closed))
    if (again !== null) return refuse(c, again)
    open = await atBank()
  }
  const bank = open !== null && isChosen(open.by) ? await bankOf(c, open.bill) : null
  return c.redirect(bank ?? c.req.path, 303)
})

pageRoutes.get('/card/:token', async (c) => {
  const read = await linkedTo(c, 'card')
  if (!read.ok) return refuse(c, read.error)
  const { organizationId, id } = read.value
  const shop = await readShop(c.get('database'), organizationId, id)
  if (shop === null) return refuse(c, problems.not_found)
  const session = c.req.query('session')
  if (session === undefined) return showCard(c, shop, stateIn(c))
  const saved = await savedFrom(c, shop, session)
  return c.redirect(`${c.req.path}?${saved}`, 303)
})

pageRoutes.post('/card/:token', formsOnly, async (c) => {
  const read = await linkedTo(c, 'card')
  if (!read.ok) return refuse(c, read.error)
  const { organizationId, id } = read.value
  const shop = await readShop(c.get('database'), organizationId, id)
  if (shop === null || shop.gatewayAccount === null) return refuse(c, problems.not_found)
  const { account, gatewayAccount } = shop
  const [known] = await customerAt(c.get('database'), organizationId, id, gatewayAccount.id)
  const returnUrl = `${new URL(c.req.url).origin}${c.req.path}`
  const gateway = await openGateway(c.env, gatewayAccount)
  const page = await gateway.setupPage({
    account,
    customer: known?.customer ?? null,
    returnUrl,
    cancelUrl: `${returnUrl}?cancelled`,
  })
  return c.redirect(page.url, 303)
})

/** The state that a redirection told the page. */
const cardStates: readonly CardState['kind'][] = ['saved', 'charging', 'cancelled']

function stateIn(c: AppContext): CardState {
  const query = c.req.query()
  const kind = cardStates.find((state) => state in query) ?? ('failed' in query ? 'failed' : 'plain')
  return kind === 'failed' ? { kind, code: null } : { kind }
}

/** The method that was given on the gateway's page becomes the default; saving it twice is saving it once. */
async function savedFrom(
  c: AppContext,
  { account, gatewayAccount, owes }: CardShop,
  session: string,
): Promise<CardState['kind']> {
  if (gatewayAccount === null) return 'failed'
  const gateway = await openGateway(c.env, gatewayAccount)
  const given = await gateway.methodOfSetup(session, account)
  if (given === null) return 'failed'
  const method = { ...given, gatewayAccountId: gatewayAccount.id }
  const done = await commanded(c, {
    organizationId: account.organizationId,
    target: { kind: 'account', id: account.id },
    command: { type: 'attach_method', method, asDefault: 'if_new' },
  })
  if (done.kind !== 'answered') throw new Error(`the new method of ${account.id} was not kept: ${done.kind}`)
  return owes ? 'charging' : 'saved'
}

async function linkedTo<K extends LinkKind>(c: AppContext, kind: K): Promise<Result<Link<K>, Problem>> {
  const token = c.req.param('token') ?? ''
  const read = await readLink(c.env.SEALING_KEY, token, kind, realNow())
  return read.ok ? read : { ok: false, error: problems[read.error] }
}

async function showPay(c: AppContext, bill: Bill): Promise<Response> {
  const { seller, account, invoice, zone, methods, payment } = bill
  const { organizationId, id } = account
  const link = { kind: 'card', organizationId, id, expiresAt: expiryOf('card', realNow()) } as const
  const cardUrl = pathOf('card', await signLink(c.env.SEALING_KEY, link))
  const state = payStateOf(invoice, payment)
  const page = { seller, url: c.req.path, cardUrl, state, invoice, zone, methods, chosen: methods[0]?.id ?? null }
  return c.body(payPage(page), 200, pageHeaders(c.env.STRIPE_API_URL))
}

async function showCard(c: AppContext, { seller, methods }: Shop, state: CardState): Promise<Response> {
  const page = cardPage({ seller, url: c.req.path, state, method: methods[0] ?? null })
  return c.body(page, 200, pageHeaders(c.env.STRIPE_API_URL))
}

function refuse(c: AppContext, problem: Problem): Response {
  const requestId = problem.status >= 500 ? c.get('requestId') : null
  return c.body(problemPage(problem, requestId), problem.status, pageHeaders(c.env.STRIPE_API_URL))
}

type Asked = Pick<DispatchRequest, 'organizationId' | 'target' | 'command'>

function commanded(c: AppContext, asked: Asked): Promise<Dispatched> {
  const request: DispatchRequest = { ...asked, actor: 'customer', idempotency: null }
  const announce = (commit: Id<'commit'>) => c.executionCtx.waitUntil(tellRelay(c.env, commit))
  return dispatch(c.env, c.get('database'), request, { announce, inTurn: (work) => work() })
}

/** Null where the page itself shows how it stands now, also to whoever came too late or twice. */
function problemOf(done: Dispatched): Problem | null {
  if (done.kind === 'answered') return null
  if (done.kind === 'missing') return problems.not_found
  if (done.kind !== 'rejected') return problems.too_busy
  return refusals[done.rejection.code] ?? null
}

/** Of what the page does not show by itself. */
const refusals: Readonly<Record<string, Problem>> = {
  not_found: problems.unknown_method,
  command_not_possible: problems.tried_too_often,
  payment_too_small: problems.too_small,
}

type Standing = Awaited<ReturnType<Gateway['retrieve']>>

/** Brings what the gateway knows of the newest payment here. */
async function heard(c: AppContext, bill: Bill): Promise<boolean> {
  const standing = await standingOf(c, bill.payment)
  return standing !== null && (await isApplied(c, bill, standing))
}

/** Closes the newest payment at the gateway, and answers which; null: it was taken meanwhile, or is in doubt. */
async function givenUp(c: AppContext, bill: Bill): Promise<Id<'payment'> | null> {
  const there = await gatewayOf(c, bill.payment)
  if (there === null || bill.payment === null) return null
  const outcome = await there.gateway.cancel(there.gatewayPayment)
  if (outcome.kind === 'canceled') return bill.payment.id
  await isApplied(c, bill, outcome)
  return null
}

async function isApplied(c: AppContext, { account, payment }: Bill, outcome: Standing): Promise<boolean> {
  if (payment?.gatewayAccountId == null || payment.gatewayPayment === null) return false
  const { gatewayAccountId, gatewayPayment, id: ourPayment } = payment
  const news = { kind: 'payment', gatewayAccountId, gatewayPayment, ourPayment, outcome } as const
  return (await applyNews(c.env, c.get('database'))({ ...news, organizationId: account.organizationId })) === 'applied'
}

/** Where the customer's bank asks them; null: it does not any more. */
async function bankOf(c: AppContext, { payment }: Bill): Promise<string | null> {
  const standing = await standingOf(c, payment)
  return standing?.kind === 'authenticating' ? standing.url : null
}

async function gatewayOf(c: AppContext, payment: Bill['payment']) {
  if (payment?.gatewayAccountId == null || payment.gatewayPayment === null) return null
  const [account] = await gatewayAccountById(c.get('database'), payment.organizationId, payment.gatewayAccountId)
  if (account === undefined) return null
  return { gateway: await openGateway(c.env, account), gatewayPayment: payment.gatewayPayment }
}

async function standingOf(c: AppContext, payment: Bill['payment']): Promise<Standing | null> {
  const there = await gatewayOf(c, payment)
  if (there === null) return null
  return there.gateway.retrieve(there.gatewayPayment).catch((error: unknown) => {
    if (!(error instanceof GatewayUnavailable)) throw error
    logError('a page shows what is known here: the gateway does not answer', error.cause)
    return null
  })
}
