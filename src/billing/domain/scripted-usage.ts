import type { Id } from '../../kernel/id.ts'
import type { Rejection } from '../../kernel/rejection.ts'
import { aggregate, type Measured, measuredValue, usageOf } from '../../plans/domain/aggregation.ts'
import type { Metric } from '../../plans/domain/metric.ts'
import type { UsageOf } from '../../subscriptions/domain/usage-billable.ts'

/** Usage that somebody imagines; `quantity` is a decimal string. */
export type ScriptedUsage = Omit<Measured, 'id'> & { readonly metric: string }

/**
 * What is used as a script says, of the metrics that it names; of all others, what really was. Events of one instant count
 * in the order of the script.
 */
export function scriptedUsage(
  script: readonly ScriptedUsage[],
  metrics: ReadonlyMap<string, Metric>,
  otherwise: UsageOf,
): UsageOf {
  const measured = script.map((one, index) => ({ ...one, id: String(index).padStart(6, '0') }))
  const byMetric = Map.groupBy(measured, ({ metric }) => metric)
  return (asked) => {
    const metric = metrics.get(asked.metric)
    const events = byMetric.get(asked.metric)
    if (metric === undefined || events === undefined) return otherwise(asked)
    const filters = Object.entries(asked.filters)
    const own = events.filter(({ properties }) => filters.every(([key, value]) => properties[key] === value))
    return usageOf(aggregate(metric, own, asked.period), asked.of)
  }
}

/** What one subscription used, as if another had. */
export function usageOfOther(of: Id<'subscription'>, usage: UsageOf): UsageOf {
  return (asked) => usage({ ...asked, subscriptionId: of })
}

/** The first of a script that cannot be measured, by the pointer of the script. */
export function scriptRefused(
  script: readonly ScriptedUsage[],
  metrics: ReadonlyMap<string, Metric>,
  pointer: string,
): Rejection | null {
  for (const [index, event] of script.entries()) {
    const metric = metrics.get(event.metric)
    if (metric === undefined) return noMetric(event.metric, `${pointer}/${index}/metric`)
    const field = metric.field ?? 'quantity'
    if (measuredValue(metric, { ...event, id: '' }) === null) return noValue(metric, field, `${pointer}/${index}`)
  }
  return null
}

function noMetric(code: string, pointer: string): Rejection {
  return {
    code: 'not_found',
    detail: `There is no metric ${code}.`,
    hint: 'List them with GET /v1/metrics; give the metric by its code.',
    pointer,
  }
}

function noValue({ code, aggregation }: Metric, field: string, pointer: string): Rejection {
  return {
    code: 'invalid_request',
    detail: `Metric ${code} is the ${aggregation} of \`${field}\`, which this event has not got, or not as a number.`,
    hint: field === 'quantity' ? 'Give a quantity, such as "3".' : `Put \`${field}\` into its \`properties\`.`,
    pointer: field === 'quantity' ? `${pointer}/quantity` : `${pointer}/properties`,
  }
}
