import { type Import, importsOf, lineAt, type SourceFile, withoutCommentsAndStrings } from '../../dev/source.ts'
import { type Feature, features, type Place, placeOf, type Role } from './place.ts'

/** One line a breach: `file:line what`. */
export type Rule = (files: readonly SourceFile[]) => readonly string[]

export const rules = {
  'kernel imports only kernel, big.js, temporal-polyfill and typeid-js': imports(
    ({ from, to, target }) =>
      from.layer !== 'kernel' || to.layer === 'kernel' || ['big.js', 'temporal-polyfill', 'typeid-js'].includes(target),
  ),
  'domain imports only kernel and domain': imports(
    ({ from, to }) => !isRole(from, 'domain') || to.layer === 'kernel' || isRole(to, 'domain'),
  ),
  'platform imports only kernel, platform and packages': imports(
    ({ from, to }) => from.layer !== 'platform' || ['kernel', 'platform', 'package'].includes(to.layer),
  ),
  'features import each other downhill only': imports(
    ({ from, to }) =>
      from.layer !== 'feature' || to.layer !== 'feature' || orderOf(to.feature) <= orderOf(from.feature),
  ),
  'features import of each other only what the table of roles allows': imports(
    ({ from, to }) => from.layer !== 'feature' || to.layer !== 'feature' || mayImport(from, to),
  ),
  'tables import only domain and tables of a feature': imports(
    ({ from, to }) => !isRole(from, 'tables') || to.layer !== 'feature' || ['domain', 'tables'].includes(to.role),
  ),
  'only the entry imports billing': imports(
    ({ from, to }) => from.layer === 'entry' || !isFeature(to, 'billing') || isFeature(from, 'billing'),
  ),
  'only the entry imports the entry': imports(({ from, to }) => to.layer !== 'entry' || from.layer === 'entry'),
  'src imports only src and packages, by literal names of files that are there': (files) => {
    const known = new Set(files.map(({ path }) => path))
    return imports(({ to, target }) => (to.layer === 'package' ? target !== '' : known.has(target)))(files)
  },
  'drizzle-orm only in tables, repositories, platform/db, platform/events and idempotency': library(
    'drizzle-orm',
    /^src\/([\w-]+\/(tables|([\w-]+-)?repository)\.ts|platform\/(db|events)\/.*|platform\/http\/idempotency\.ts)$/,
  ),
  'stripe only in payments and taxes': library('stripe', /^src\/(payments|taxes)\//),
  'hono only in routes, schemas, views, app.ts and platform/http': library(
    /^(hono|@hono\/[^/]+)$/,
    /^src\/([\w-]+\/(([\w-]+-)?(routes|schemas)\.ts|[\w-]+\.tsx)|app\.ts|platform\/http\/.*)$/,
  ),
  'hono/jsx only in views, and nothing else of hono there': imports(
    ({ from, specifier }) =>
      !/^hono(\/|$)/.test(specifier) || isRole(from, 'view') === /^hono\/jsx(\/|$)/.test(specifier),
  ),
  'views import only kernel, domain, views and words of their room': imports(
    ({ from, to }) =>
      !isRole(from, 'view') ||
      ['kernel', 'package'].includes(to.layer) ||
      (to.layer === 'feature' && ['domain', 'view', 'other'].includes(to.role)),
  ),
  'cloudflare:workers only in durable objects and index.ts': library(
    'cloudflare:workers',
    /^src\/(index\.ts|(.*[/-])?durable-object\.ts)$/,
  ),
  'every folder of src is kernel, platform or a known feature, and beside them lies only the entry': paths(
    (path) => placeOf(path).layer !== 'outside',
  ),
  'no service, utils, helpers, types, and no index but src/index.ts': paths(
    (path) => path === 'src/index.ts' || !/\/(service|utils|helpers|types|index)\.tsx?$/.test(path),
  ),
  'src is three folders deep at most': paths((path) => path.split('/').length <= 4),
  'folders and files are kebab-case': paths((path) =>
    path.split('/').every((name) => /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?(\.tsx?)?$/.test(name)),
  ),
  'kernel, domain and views have no clock, no randomness and nothing asynchronous': (files) =>
    files.filter(({ path }) => isPure(placeOf(path))).flatMap((file) => impurities(file)),
  'a file has 300 lines at most': (files) =>
    files.flatMap(({ path, text }) => {
      const lines = text.replace(/\n$/, '').split('\n').length
      return lines > 300 ? [`${path}:301 is ${lines} lines long`] : []
    }),
  'no cycle between files': cycles,
} as const satisfies Record<string, Rule>

type Edge = Import & { readonly from: Place; readonly to: Place }

function imports(isLawful: (edge: Edge) => boolean): Rule {
  return (files) =>
    files
      .flatMap((file) => importsOf(file))
      .filter((found) => !isLawful({ ...found, from: placeOf(found.path), to: destination(found) }))
      .map(({ path, line, specifier }) => `${path}:${line} imports ${specifier || 'a computed name'}`)
}

function destination({ specifier, target }: Import): Place {
  return specifier.startsWith('.') ? placeOf(target) : { layer: 'package' }
}

function library(name: string | RegExp, home: RegExp): Rule {
  return imports(({ path, specifier }) => {
    const packageName = specifier.match(/^(?:@[^/]+\/)?[^/]+/)?.[0] ?? specifier
    const isMeant = typeof name === 'string' ? packageName === name : name.test(packageName)
    return !isMeant || home.test(path)
  })
}

function paths(isLawful: (path: string) => boolean): Rule {
  return (files) =>
    files.filter(({ path }) => !isLawful(path)).map(({ path }) => `${path}:1 has a name or place that is not allowed`)
}

/** What a file may import of a feature upstream; within its own feature only domain and tables are bound, by their rules. */
const importable: Readonly<Record<Role, readonly Role[]>> = {
  domain: ['domain'],
  tables: ['domain', 'tables'],
  repository: ['domain', 'tables', 'repository', 'schemas', 'edge'],
  schemas: ['domain', 'repository', 'schemas', 'edge'],
  edge: ['domain', 'repository', 'schemas', 'edge', 'view', 'other'],
  view: ['domain'],
  other: ['domain'],
}

type FeaturePlace = Extract<Place, { layer: 'feature' }>

/** Billing is the composition root: what is neither its domain nor its tables may import as its routes do. */
function mayImport(from: FeaturePlace, to: FeaturePlace): boolean {
  if (from.feature === to.feature) return true
  const role = from.feature === 'billing' && from.role === 'other' ? 'edge' : from.role
  return importable[role].includes(to.role)
}

function orderOf(feature: Feature): number {
  return features.indexOf(feature)
}

function isRole(place: Place, role: Role): place is FeaturePlace {
  return place.layer === 'feature' && place.role === role
}

function isFeature(place: Place, feature: Feature): boolean {
  return place.layer === 'feature' && place.feature === feature
}

function isPure(place: Place): boolean {
  return place.layer === 'kernel' || isRole(place, 'domain') || isRole(place, 'view')
}

const impure =
  /\bDate\.now\b|\bnew Date\b(?!\s*\(\s*[^)\s])|\bTemporal\.Now\b|\bMath\.random\b|\bcrypto\.|\basync\b|\bawait\b/g

function impurities({ path, text }: SourceFile): readonly string[] {
  const code = withoutCommentsAndStrings(text)
  return [...code.matchAll(impure)].map((match) => `${path}:${lineAt(code, match.index)} says ${match[0]}`)
}

/** Depth first; an import of a file that is still being visited closes a cycle. */
function cycles(files: readonly SourceFile[]): readonly string[] {
  const known = new Map(files.map((file) => [file.path, importsOf(file)]))
  const done = new Set<string>()
  const trail: string[] = []
  const found: string[] = []
  const visit = (path: string) => {
    trail.push(path)
    for (const { target, line } of known.get(path) ?? []) {
      const start = trail.indexOf(target)
      if (start >= 0) found.push(`${path}:${line} closes ${[...trail.slice(start), target].join(' → ')}`)
      else if (!done.has(target)) visit(target)
    }
    trail.pop()
    done.add(path)
  }
  for (const path of known.keys()) if (!done.has(path)) visit(path)
  return found
}
