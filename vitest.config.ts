import { defineConfig } from 'vitest/config'

// Set by .ci/run, which adds up the runs of `npm test` from these reports.
const reports = process.env.TEST_REPORTS

export default defineConfig({
  test: {
    diff: { expand: false }, // a snapshot of the tables has thousands of lines
    reporters:
      reports === undefined ? ['default'] : ['default', ['json', { outputFile: `${reports}/${process.pid}.json` }]],
    projects: [
      {
        test: {
          name: 'domain',
          environment: 'node',
          include: ['test/domain/**/*.test.ts', 'test/*.test.ts'],
        },
      },
      {
        test: {
          name: 'stack',
          environment: 'node',
          include: ['test/stack/**/*.test.ts'],
          // Each file starts servers of its own: one after the other, on a machine that may have two cores.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      // worker: cloudflareTest() of @cloudflare/vitest-plugin, for test/api, test/scenarios and test/faults.
    ],
  },
})
