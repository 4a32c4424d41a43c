import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

/**
 * `npm run mutation [-- room…] [--concurrency n]`: how many changes of a room's `domain/` its tests notice, by Stryker, in
 * a copy of what git tracks or would. Stryker is installed into the copy: 170 packages that nothing else needs. A room
 * takes some minutes, billing half an hour.
 */

const STRYKER = ['@stryker-mutator/core@10.1.1', '@stryker-mutator/vitest-runner@10.1.1']
const root = resolve(import.meta.dirname, '..')

/** Rooms that the tests of another one judge too. */
const judgedBy: Readonly<Record<string, readonly string[]>> = {
  taxes: ['invoices'],
}

const config = {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.mutation.ts', related: false },
  coverageAnalysis: 'perTest',
  ignoreStatic: true,
  reporters: ['clear-text', 'progress-append-only', 'json'],
  clearTextReporter: { allowColor: false, logTests: false },
  // TypeScript 7 has no compiler API, which Stryker would rewrite tsconfig.json with.
  tsconfigFile: 'none.json',
  timeoutMS: 10_000,
}

/** Files share what they import: it is loaded once for each mutant, in a thread of its own. */
const vitest = (include: readonly string[]) => `import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'
export default defineConfig({
  resolve: { alias: { 'fast-check': resolve(import.meta.dirname, 'fast-check.mutation.js') } },
  test: { include: ${JSON.stringify(include)}, isolate: false },
})
`

/** Of each property forty cases, the same for every mutant, and no search for a smaller one. */
const fastCheck = `import fc from './node_modules/fast-check/lib/fast-check.js'
export * from './node_modules/fast-check/lib/fast-check.js'
export const assert = (property, { numRuns = 40, ...given } = {}) =>
  fc.assert(property, { ...given, numRuns: Math.min(numRuns, 40), seed: 1, endOnFailure: true })
export default { ...fc, assert }
`

function run(cwd: string, command: string, args: readonly string[]): number {
  return spawnSync(command, args, { cwd, stdio: 'inherit' }).status ?? 1
}

function copyTo(copy: string): void {
  const listed = ['ls-files', '--cached', '--others', '--exclude-standard']
  const { stdout } = spawnSync('git', listed, { cwd: root, encoding: 'utf8' })
  for (const file of stdout.split('\n').filter((name) => name !== '')) {
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    cpSync(join(root, file), join(copy, file))
  }
  writeFileSync(join(copy, 'stryker.config.json'), JSON.stringify(config))
  writeFileSync(join(copy, 'fast-check.mutation.js'), fastCheck)
}

function rooms(): readonly string[] {
  return readdirSync(join(root, 'src')).filter((name) => !name.endsWith('.ts') && hasDomain(name))
}

function hasDomain(room: string): boolean {
  return readdirSync(join(root, 'src', room)).includes('domain')
}

type Report = { readonly files: Readonly<Record<string, { readonly mutants: readonly { readonly status: string }[] }>> }
type Count = { readonly noticed: number; readonly all: number }

/** What its tests notice of a room; a mutant that makes them run for ever is noticed too. */
function judge(copy: string, room: string, concurrency: string): Count {
  const include = [room, ...(judgedBy[room] ?? [])].map((tests) => `test/domain/${tests}/**/*.test.ts`)
  writeFileSync(join(copy, 'vitest.mutation.ts'), vitest(include))
  const stryker = join(copy, 'node_modules/.bin/stryker')
  if (run(copy, stryker, ['run', '--mutate', `src/${room}/domain/**/*.ts`, '--concurrency', concurrency]) !== 0) {
    throw new Error(`Stryker could not judge ${room}`)
  }
  const report: Report = JSON.parse(readFileSync(join(copy, 'reports/mutation/mutation.json'), 'utf8'))
  const mutants = Object.values(report.files).flatMap((file) => file.mutants.map(({ status }) => status))
  const count = (...statuses: readonly string[]) => mutants.filter((status) => statuses.includes(status)).length
  return { noticed: count('Killed', 'Timeout'), all: count('Killed', 'Timeout', 'Survived', 'NoCoverage') }
}

function line(name: string, { noticed, all }: Count): string {
  return `${name.padEnd(16)}${String(noticed).padStart(6)} of ${String(all).padStart(6)}  ${((100 * noticed) / all).toFixed(1)} %`
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { concurrency: { type: 'string', default: '2' } },
})
const copy = mkdtempSync(join(tmpdir(), 'perennial-mutation-'))
try {
  copyTo(copy)
  if (run(copy, 'npm', ['install', '--no-audit', '--no-fund', '--save-dev', ...STRYKER]) !== 0) {
    throw new Error('Stryker could not be installed')
  }
  const asked = positionals.length > 0 ? positionals : rooms()
  const counts = asked.map((room) => [room, judge(copy, room, values.concurrency)] as const)
  const sum = (part: keyof Count) => counts.reduce((total, [, count]) => total + count[part], 0)
  for (const [room, count] of counts) console.log(line(room, count))
  console.log(line('all', { noticed: sum('noticed'), all: sum('all') }))
} finally {
  rmSync(copy, { recursive: true, force: true })
}
