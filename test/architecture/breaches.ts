import type { rules } from './rules.ts'

type Breach = { readonly sources: Readonly<Record<string, string>>; readonly found: readonly string[] }

const tables = 'export const rows = 1'
const drizzle = "import { eq } from 'drizzle-orm'"

/** Made-up sources for each rule: what it must find in them, and beside it the neighbours that it must leave alone. */
export const breaches = {
  'kernel imports only kernel, big.js, temporal-polyfill and typeid-js': {
    sources: {
      'src/kernel/money.ts': "import Big from 'big.js'\nimport type { Id } from './id.ts'\nimport { z } from 'zod'",
      'src/kernel/id.ts': "export type { Env } from '../platform/env.ts'",
    },
    found: ['src/kernel/id.ts:1', 'src/kernel/money.ts:3'],
  },
  'domain imports only kernel and domain': {
    sources: {
      'src/plans/domain/plan.ts':
        "import { money } from '../../kernel/money.ts'\nimport type { Account } from '../../accounts/domain/account.ts'",
      'src/plans/domain/change.ts':
        "// import '../tables.ts'\nimport {\n  rows,\n} from '../tables.ts'\nexport { log } from '../../platform/log.ts'",
      'src/plans/domain/price.ts': "import Big from 'big.js'",
      'src/plans/tables.ts': tables,
    },
    found: ['src/plans/domain/change.ts:2', 'src/plans/domain/change.ts:5', 'src/plans/domain/price.ts:1'],
  },
  'platform imports only kernel, platform and packages': {
    sources: {
      'src/platform/log.ts': "import { json } from './http/problem.ts'\nimport 'hono'",
      'src/platform/http/problem.ts': "import type { ApiKey } from '../../organizations/domain/api-key.ts'",
    },
    found: ['src/platform/http/problem.ts:1'],
  },
  'features import each other downhill only': {
    sources: {
      'src/accounts/routes.ts':
        "import { x } from '../organizations/repository.ts'\nconst y = await import('../invoices/repository.ts')",
      'src/plans/domain/plan.ts': "let z: import('../../subscriptions/domain/billable.ts').Billable",
    },
    found: ['src/accounts/routes.ts:2', 'src/plans/domain/plan.ts:1'],
  },
  'features import of each other only what the table of roles allows': {
    sources: {
      'src/plans/tables.ts': "import { accounts } from '../accounts/tables.ts'\nimport '../accounts/repository.ts'",
      'src/plans/repository.ts': "import '../accounts/tables.ts'\nimport '../accounts/routes.ts'",
      'src/plans/routes.ts': "import '../accounts/tables.ts'\nimport '../accounts/schemas.ts'",
      'src/plans/cache.ts': "import '../accounts/domain/account.ts'\nimport '../accounts/repository.ts'",
      'src/plans/plan-page.tsx': "import '../accounts/domain/account.ts'\nimport '../accounts/layout.tsx'",
      'src/plans/web-routes.ts': "import '../accounts/layout.tsx'",
      'src/billing/page.ts': "import '../accounts/repository.ts'\nimport '../accounts/tables.ts'",
      'src/billing/domain/decide.ts': "import '../../accounts/domain/account.ts'\nimport '../../accounts/schemas.ts'",
    },
    found: [
      'src/billing/domain/decide.ts:2',
      'src/billing/page.ts:2',
      'src/plans/cache.ts:2',
      'src/plans/plan-page.tsx:2',
      'src/plans/routes.ts:1',
      'src/plans/tables.ts:2',
    ],
  },
  'tables import only domain and tables of a feature': {
    sources: {
      'src/plans/tables.ts':
        "import { intervals } from './domain/plan.ts'\nimport { columns } from '../platform/db/columns.ts'\nimport './schemas.ts'",
    },
    found: ['src/plans/tables.ts:3'],
  },
  'only the entry imports billing': {
    sources: {
      'src/app.ts': "import '../src/billing/routes.ts'",
      'src/billing/routes.ts': "import './domain/decide.ts'",
      'src/webhooks/jobs.ts': "import '../billing/domain/decide.ts'",
    },
    found: ['src/webhooks/jobs.ts:1'],
  },
  'only the entry imports the entry': {
    sources: { 'src/index.ts': "import './app.ts'", 'src/plans/routes.ts': "import '../app.ts'" },
    found: ['src/plans/routes.ts:1'],
  },
  'src imports only src and packages, by literal names of files that are there': {
    sources: {
      'src/cron.ts': "import { stack } from '../dev/stack.ts'\nimport './index.ts'\nimport './gone.ts'\nimport './app'",
      'src/index.ts': 'await import(name)',
    },
    found: ['src/cron.ts:1', 'src/cron.ts:3', 'src/cron.ts:4', 'src/index.ts:1'],
  },
  'drizzle-orm only in tables, repositories, platform/db, platform/events and idempotency': {
    sources: {
      'src/plans/tables.ts': "import { pgTable } from 'drizzle-orm/pg-core'",
      'src/plans/repository.ts': drizzle,
      'src/platform/db/client.ts': drizzle,
      'src/platform/events/relay.ts': drizzle,
      'src/platform/http/idempotency.ts': drizzle,
      'src/platform/http/app.ts': drizzle,
      'src/plans/routes.ts': "\nimport type { SQL } from 'drizzle-orm/sql'",
    },
    found: ['src/plans/routes.ts:2', 'src/platform/http/app.ts:1'],
  },
  'stripe only in payments and taxes': {
    sources: {
      'src/payments/stripe.ts': "import Stripe from 'stripe'",
      'src/app.ts': "import type Stripe from 'stripe'",
    },
    found: ['src/app.ts:1'],
  },
  'hono only in routes, schemas, views, app.ts and platform/http': {
    sources: {
      'src/app.ts': "import { Hono } from 'hono'",
      'src/plans/schemas.ts': "import { z } from '@hono/zod-openapi'",
      'src/plans/routes.ts': "import { Hono } from 'hono'",
      'src/plans/repository.ts': "import { z } from '@hono/zod-openapi'",
      'src/platform/log.ts': "import type { Context } from 'hono'",
      'src/platform/http/errors.ts': "import { HTTPException } from 'hono/http-exception'",
      'src/plans/layout.tsx': "import type { Child } from 'hono/jsx'",
    },
    found: ['src/plans/repository.ts:1', 'src/platform/log.ts:1'],
  },
  'hono/jsx only in views, and nothing else of hono there': {
    sources: {
      'src/plans/layout.tsx': "import type { Child } from 'hono/jsx'\nimport { html } from 'hono/html'",
      'src/plans/routes.ts': "import { Hono } from 'hono'\nimport { jsx } from 'hono/jsx/jsx-runtime'",
    },
    found: ['src/plans/layout.tsx:2', 'src/plans/routes.ts:2'],
  },
  'views import only kernel, domain, views and words of their room': {
    sources: {
      'src/plans/plan-page.tsx':
        "import './layout.tsx'\nimport './style.ts'\nimport '../accounts/domain/account.ts'\nimport '../kernel/money.ts'",
      'src/plans/layout.tsx': "import '../platform/log.ts'\nimport './repository.ts'\nimport './routes.ts'",
    },
    found: ['src/plans/layout.tsx:1', 'src/plans/layout.tsx:2', 'src/plans/layout.tsx:3'],
  },
  'cloudflare:workers only in durable objects and index.ts': {
    sources: {
      'src/index.ts': "import { env } from 'cloudflare:workers'",
      'src/usage/durable-object.ts': "import { DurableObject } from 'cloudflare:workers'",
      'src/usage/shard-durable-object.ts': "import { DurableObject } from 'cloudflare:workers'",
      'src/usage/routes.ts': "import { waitUntil } from 'cloudflare:workers'",
    },
    found: ['src/usage/routes.ts:1'],
  },
  'every folder of src is kernel, platform or a known feature, and beside them lies only the entry': {
    sources: { 'src/common/text.ts': '', 'src/server.ts': '', 'src/kernel/id.ts': '', 'src/plans/domain/plan.ts': '' },
    found: ['src/common/text.ts:1', 'src/server.ts:1'],
  },
  'no service, utils, helpers, types, and no index but src/index.ts': {
    sources: {
      'src/index.ts': '',
      'src/plans/index.ts': '',
      'src/kernel/utils.ts': '',
      'src/plans/domain/types.ts': '',
    },
    found: ['src/kernel/utils.ts:1', 'src/plans/domain/types.ts:1', 'src/plans/index.ts:1'],
  },
  'src is three folders deep at most': {
    sources: { 'src/plans/domain/plan.ts': '', 'src/plans/domain/prices/tier.ts': '' },
    found: ['src/plans/domain/prices/tier.ts:1'],
  },
  'folders and files are kebab-case': {
    sources: {
      'src/plans/apiKey.ts': '',
      'src/plans/api_key.ts': '',
      'src/plans/apiPage.tsx': '',
      'src/plans/api-page.tsx': '',
      'src/Plans/a.ts': '',
      'test/api-key.test.ts': '',
    },
    found: ['src/Plans/a.ts:1', 'src/plans/apiKey.ts:1', 'src/plans/apiPage.tsx:1', 'src/plans/api_key.ts:1'],
  },
  'kernel, domain and views have no clock, no randomness and nothing asynchronous': {
    sources: {
      'src/kernel/instant.ts':
        "// Date.now() and await are for others\nconst text = 'async'\nconst at = new Date(0)\nconst now = new Date()",
      'src/plans/domain/plan.ts':
        'Date.now()\nMath.random()\ncrypto.randomUUID()\nasync () => {}\nTemporal.Now.instant()',
      'src/plans/routes.ts': 'await Date.now()',
      'src/plans/plan-page.tsx': 'Date.now()',
    },
    found: [
      'src/kernel/instant.ts:4',
      'src/plans/domain/plan.ts:1',
      'src/plans/domain/plan.ts:2',
      'src/plans/domain/plan.ts:3',
      'src/plans/domain/plan.ts:4',
      'src/plans/domain/plan.ts:5',
      'src/plans/plan-page.tsx:1',
    ],
  },
  'a file has 300 lines at most': {
    sources: { 'src/plans/long.ts': 'x\n'.repeat(301), 'src/plans/full.ts': 'x\n'.repeat(300) },
    found: ['src/plans/long.ts:301'],
  },
  'no cycle between files': {
    sources: {
      'src/kernel/a.ts': "import './b.ts'",
      'src/kernel/b.ts': "import './d.ts'\nimport type { C } from './c.ts'",
      'src/kernel/c.ts': "\nexport * from './b.ts'\nimport './d.ts'",
      'src/kernel/d.ts': '',
    },
    found: ['src/kernel/c.ts:2'],
  },
} as const satisfies Record<keyof typeof rules, Breach>
