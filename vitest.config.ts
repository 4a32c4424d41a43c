import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

// Set by .ci/run, which adds up the runs of `npm test` from these reports.
const reports = process.env.TEST_REPORTS

/** What comes by itself, by a queue or an alarm, comes later on a machine that is busy. */
const expecting = { poll: { timeout: 10_000 } }

const { FAULTS_SEED = '1', FAULTS_HISTORIES = '60', FAULTS_LANES = '8', FAULTS_SCRIPT = '' } = process.env
/** Of test/faults/payments-once.test.ts: which histories, how many, how many at once, or one as it was printed. */
const faults = {
  seed: Number(FAULTS_SEED),
  histories: Number(FAULTS_HISTORIES),
  lanes: Number(FAULTS_LANES),
  script: FAULTS_SCRIPT,
}

declare module 'vitest' {
  interface ProvidedContext {
    readonly faults: typeof faults
  }
}

export default defineConfig({
  test: {
    // The Worker's own log: TEST_LOG=1 shows it.
    onConsoleLog: (log) => process.env.TEST_LOG !== undefined || !log.includes('"level":"'),
    diff: { expand: false }, // a snapshot of the tables has thousands of lines
    reporters:
      reports === undefined ? ['default'] : ['default', ['json', { outputFile: `${reports}/${process.pid}.json` }]],
    projects: [
      {
        test: {
          name: 'domain',
          environment: 'node',
          include: ['test/domain/**/*.test.ts', 'test/*.test.ts'],
          // Properties run hundreds of cases, on a machine that may be busy.
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'stack',
          environment: 'node',
          include: ['test/stack/**/*.test.ts'],
          // Each file starts servers of its own: one after the other, on a machine that may have two cores.
          fileParallelism: false,
          expect: expecting,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        // The real Worker in workerd, on a database of its own for each file.
        plugins: [
          cloudflareTest(({ inject }) => ({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              cf: false,
              bindings: { NEON_HTTP_ENDPOINT: inject('stack').neon, STRIPE_API_URL: inject('stack').stripe },
            },
          })),
        ],
        test: {
          name: 'worker',
          include: ['test/api/**/*.test.ts', 'test/scenarios/**/*.test.ts', 'test/faults/**/*.test.ts'],
          globalSetup: ['./dev/test-setup.ts'],
          setupFiles: ['./test/support/database.ts'],
          provide: { faults },
          expect: expecting,
          testTimeout: 30_000,
          hookTimeout: 30_000, // the first of a file begins with its database and its Worker
          deps: { optimizer: { ssr: { enabled: true, include: ['stripe'] } } },
        },
      },
    ],
  },
})
