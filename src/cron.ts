import { everyMinute } from './billing/jobs.ts'
import type { Instant } from './kernel/instant.ts'
import type { Database } from './platform/db/client.ts'
import type { Env } from './platform/env.ts'
import { sendLooks } from './reconciliation/jobs.ts'

type Job = (env: Env, database: Database, scheduledAt: Instant) => Promise<void>

/** Cron expression → job, as wrangler.toml triggers them. */
export const jobs: Readonly<Record<string, Job>> = {
  '* * * * *': async (env, database, scheduledAt) => {
    const done = await Promise.allSettled([everyMinute(env, database, scheduledAt), sendLooks(env, database)])
    const errors = done.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
    if (errors.length > 0) throw new AggregateError(errors, 'a part of the minute failed; the next one takes it up')
  },
}
