/** Downhill: a feature may import those before it, never those after it. */
export const features = [
  'organizations',
  'accounts',
  'plans',
  'subscriptions',
  'usage',
  'ledger',
  'discounts',
  'invoices',
  'taxes',
  'credits',
  'payments',
  'reconciliation',
  'dunning',
  'notifications',
  'portal',
  'billing',
  'exports',
  'webhooks',
  'analytics',
] as const

const entries = ['src/index.ts', 'src/app.ts', 'src/cron.ts', 'src/queues.ts'] as const

export type Feature = (typeof features)[number]
export type Role = 'domain' | 'tables' | 'repository' | 'schemas' | 'edge' | 'view' | 'other'

/** Routes, GraphQL and jobs do the same: turn their input into a Command or a read. */
const roles: Readonly<Record<string, Role>> = {
  'tables.ts': 'tables',
  'repository.ts': 'repository',
  'schemas.ts': 'schemas',
  'routes.ts': 'edge',
  'graphql.ts': 'edge',
  'jobs.ts': 'edge',
}

export type Place =
  | { readonly layer: 'entry' | 'kernel' | 'platform' | 'package' | 'outside' }
  | { readonly layer: 'feature'; readonly feature: Feature; readonly role: Role }

/** Where a path of the repository belongs. */
export function placeOf(path: string): Place {
  const [top = '', folder = '', name = ''] = path.split('/')
  if (top !== 'src') return { layer: 'outside' }
  if (entries.some((entry) => entry === path)) return { layer: 'entry' }
  if (folder === 'kernel' || folder === 'platform') return { layer: folder }
  const feature = features.find((known) => known === folder)
  if (feature === undefined) return { layer: 'outside' }
  // A feature with two subjects has two of a kind: run-routes.ts beside routes.ts.
  const kind = name.replace(/^.*-(?=(routes|repository|schemas)\.ts$)/, '')
  return { layer: 'feature', feature, role: roleOf(name, kind) }
}

/** A view is what a person sees, whatever it is called: it says so by `.tsx`. */
function roleOf(name: string, kind: string): Role {
  if (name === 'domain') return 'domain'
  return name.endsWith('.tsx') ? 'view' : (roles[kind] ?? 'other')
}
