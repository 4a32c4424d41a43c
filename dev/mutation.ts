import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/**
 * `npm run mutation [-- room…]`: how many changes of a room's `domain/` its own tests notice, by Stryker, in a copy of what
 * git tracks. Stryker is installed into the copy: 170 packages that nothing else needs. A room takes up to half an hour.
 */

const STRYKER = ['@stryker-mutator/core@10.1.1', '@stryker-mutator/vitest-runner@10.1.1']
const root = resolve(import.meta.dirname, '..')

const config = {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.mutation.ts', related: false },
  coverageAnalysis: 'perTest',
  ignoreStatic: true,
  reporters: ['clear-text', 'progress-append-only'],
  clearTextReporter: { allowColor: false, logTests: false },
  // TypeScript 7 has no compiler API, which Stryker would rewrite tsconfig.json with.
  tsconfigFile: 'none.json',
  timeoutMS: 20_000,
  concurrency: 2,
}

const vitest = `import { defineConfig } from 'vitest/config'
export default defineConfig({ test: { include: [\`test/domain/\${process.env.ROOM}/**/*.test.ts\`] } })
`

function run(cwd: string, command: string, args: readonly string[], env: Record<string, string> = {}): number {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit', env: { ...process.env, ...env } })
  return status ?? 1
}

function copyTo(copy: string): void {
  const { stdout } = spawnSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' })
  for (const file of stdout.split('\n').filter((name) => name !== '')) {
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    cpSync(join(root, file), join(copy, file))
  }
  writeFileSync(join(copy, 'stryker.config.json'), JSON.stringify(config))
  writeFileSync(join(copy, 'vitest.mutation.ts'), vitest)
}

function rooms(): readonly string[] {
  const tested = new Set(readdirSync(join(root, 'test/domain')))
  return readdirSync(join(root, 'src')).filter((room) => tested.has(room) && hasDomain(room))
}

function hasDomain(room: string): boolean {
  return readdirSync(join(root, 'src', room)).includes('domain')
}

const copy = mkdtempSync(join(tmpdir(), 'perennial-mutation-'))
try {
  copyTo(copy)
  if (run(copy, 'npm', ['install', '--no-audit', '--no-fund', '--save-dev', ...STRYKER]) !== 0) process.exit(1)
  const asked = process.argv.slice(2)
  for (const room of asked.length > 0 ? asked : rooms()) {
    run(copy, join(copy, 'node_modules/.bin/stryker'), ['run', '--mutate', `src/${room}/domain/**/*.ts`], {
      ROOM: room,
    })
  }
} finally {
  rmSync(copy, { recursive: true, force: true })
}
