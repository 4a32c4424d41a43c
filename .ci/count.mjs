// Adds up vitest's JSON reports. A file that could not be loaded has no tests: it counts as one that failed.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const directory = process.argv[2] ?? '.'
let passed = 0
let failed = 0
for (const name of readdirSync(directory)) {
  const report = JSON.parse(readFileSync(join(directory, name), 'utf8'))
  passed += report.numPassedTests
  failed += report.numFailedTests
  failed += report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length
}
console.log(`${passed} passed, ${failed} failed`)
