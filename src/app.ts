import { except } from 'hono/combine'
import { accountRoutes } from './accounts/routes.ts'
import { analyticsRoutes } from './analytics/routes.ts'
import { accountCommandRoutes } from './billing/account-routes.ts'
import { creditCommandRoutes } from './billing/credit-routes.ts'
import { detailRoutes } from './billing/detail-routes.ts'
import { discountRoutes } from './billing/discount-routes.ts'
import { explainRoutes } from './billing/explain-routes.ts'
import { invoiceCommandRoutes } from './billing/invoice-routes.ts'
import { linkRoutes, linkTo } from './billing/link-routes.ts'
import { methodRoutes } from './billing/method-routes.ts'
import { pageRoutes } from './billing/page-routes.ts'
import { paymentCommandRoutes } from './billing/payment-routes.ts'
import { previewRoutes } from './billing/preview-routes.ts'
import { billingRoutes } from './billing/routes.ts'
import { runRoutes } from './billing/run-routes.ts'
import { simulationRoutes } from './billing/simulation-routes.ts'
import { creditRoutes } from './credits/routes.ts'
import { couponRoutes } from './discounts/routes.ts'
import { overdueRoutes } from './dunning/routes.ts'
import { exportRoutes } from './exports/routes.ts'
import { creditNoteRoutes } from './invoices/credit-note-routes.ts'
import { invoiceRoutes } from './invoices/routes.ts'
import { ledgerRoutes } from './ledger/routes.ts'
import { notificationRoutes } from './notifications/routes.ts'
import { findCaller, ping } from './organizations/repository.ts'
import { organizationRoutes } from './organizations/routes.ts'
import { disputeRoutes } from './payments/dispute-routes.ts'
import { gatewayRoutes } from './payments/gateway-routes.ts'
import { refundRoutes } from './payments/refund-routes.ts'
import { paymentRoutes } from './payments/routes.ts'
import { webhookRoutes } from './payments/webhook-routes.ts'
import { metricRoutes } from './plans/metric-routes.ts'
import { planRoutes } from './plans/routes.ts'
import { router } from './platform/http/app.ts'
import { authenticate, knownCallers } from './platform/http/authenticate.ts'
import { documentation } from './platform/http/documentation.ts'
import { notFound, onError } from './platform/http/errors.ts'
import { health } from './platform/http/health.ts'
import { idempotency } from './platform/http/idempotency.ts'
import { fromPages } from './platform/http/page-origin.ts'
import { limitBody, MAX_BEACON_BYTES, MAX_BODY_BYTES, request } from './platform/http/request.ts'
import { reconciliationRoutes } from './reconciliation/routes.ts'
import { subscriptionRoutes } from './subscriptions/routes.ts'
import { usageCheckRoutes } from './usage/check-routes.ts'
import { usageEventRoutes } from './usage/event-routes.ts'
import { ingestRoutes } from './usage/ingest-routes.ts'
import { usageReadRoutes } from './usage/read-routes.ts'
import { usageStandingRoutes } from './usage/standing-routes.ts'
import { usageStreamRoutes } from './usage/stream-routes.ts'

/** Every route of the Worker. */
export const app = router()

const BEACON = '/v1/usage/beacon'

app.onError(onError)
app.notFound(notFound)
app.use(request)
app.route('/', health({ database: ping }))
const callerOf = knownCallers(findCaller)
const withSecretKey = [authenticate(callerOf), limitBody(MAX_BODY_BYTES), idempotency]
// Web pages have no secret key.
app.use(
  '/v1/*',
  except(({ req }) => req.path === BEACON, ...withSecretKey),
)
app.use(BEACON, fromPages(callerOf), limitBody(MAX_BEACON_BYTES))
for (const routes of [
  organizationRoutes,
  accountRoutes,
  accountCommandRoutes,
  planRoutes,
  metricRoutes,
  couponRoutes,
  billingRoutes,
  detailRoutes,
  previewRoutes,
  explainRoutes,
  simulationRoutes,
  invoiceCommandRoutes,
  creditCommandRoutes,
  discountRoutes,
  subscriptionRoutes,
  invoiceRoutes,
  creditNoteRoutes,
  methodRoutes,
  paymentRoutes,
  refundRoutes,
  gatewayRoutes,
  paymentCommandRoutes,
  linkRoutes,
  notificationRoutes(async (target, c) => (await linkTo(c, target)).url),
  disputeRoutes,
  reconciliationRoutes,
  overdueRoutes,
  creditRoutes,
  ledgerRoutes,
  exportRoutes,
  runRoutes,
  ingestRoutes,
  usageEventRoutes,
  usageCheckRoutes,
  usageReadRoutes,
  usageStreamRoutes,
  usageStandingRoutes,
  analyticsRoutes,
]) {
  app.route('/v1', routes)
}
app.route('/', pageRoutes)
app.route('/', webhookRoutes)
app.route('/', documentation(app))
