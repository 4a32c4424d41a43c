import { everyMinute } from './billing/jobs.ts'
import type { Instant } from './kernel/instant.ts'
import type { Database } from './platform/db/client.ts'
import type { Env } from './platform/env.ts'

type Job = (env: Env, database: Database, scheduledAt: Instant) => Promise<void>

/** Cron expression → job, as wrangler.toml triggers them. */
export const jobs: Readonly<Record<string, Job>> = {
  '* * * * *': everyMinute,
}
