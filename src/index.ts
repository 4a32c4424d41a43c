import { app } from './app.ts'
import { jobs } from './cron.ts'
import { instant } from './kernel/instant.ts'
import { connect } from './platform/db/client.ts'
import type { Env } from './platform/env.ts'
import { consumers } from './queues.ts'

export { SubscriptionObject, TestClockObject } from './billing/durable-object.ts'
export { UsageShard } from './usage/durable-object.ts'

export default {
  fetch: app.fetch,

  async scheduled(controller, env) {
    const job = jobs[controller.cron]
    if (job === undefined) throw new Error(`no job for cron ${controller.cron}`)
    await job(env, connect(env), instant(controller.scheduledTime))
  },

  async queue(batch, env) {
    const consume = consumers[batch.queue]
    if (consume === undefined) throw new Error(`no consumer for queue ${batch.queue}`)
    await consume(env, connect(env), batch)
  },
} satisfies ExportedHandler<Env>
