import { z } from '@hono/zod-openapi'
import type { Invoice } from '../invoices/domain/invoice.ts'
import { invoiceSchema, invoiceToWire } from '../invoices/schemas.ts'
import { toIso } from '../kernel/instant.ts'
import { intervalUnits } from '../kernel/period.ts'
import { unitsSchema } from '../plans/charge-schemas.ts'
import { metricCodeSchema } from '../plans/metric-schemas.ts'
import { amountSchema, idSchema, instantSchema, orNull, timeSchema } from '../platform/http/wire.ts'
import { newTermsShape } from '../subscriptions/command-schemas.ts'
import { MAX_QUANTITY } from '../subscriptions/domain/subscription.ts'
import { subscriptionSchema, subscriptionToWire } from '../subscriptions/schemas.ts'
import { scriptedCommandSchema } from '../subscriptions/script-schemas.ts'
import { type Simulated, simulatedPayments, totalsOf } from './domain/simulate.ts'
import { MAX_COMMANDS, MAX_SCENARIOS, MAX_USAGE } from './domain/simulation-limits.ts'

const usageSchema = z
  .strictObject({
    at: instantSchema,
    metric: metricCodeSchema,
    quantity: unitsSchema.default('1'),
    properties: z.record(z.string().min(1).max(40), z.string().max(500)).default({}),
  })
  .openapi('ScriptedUsage')

const insteadSchema = z
  .strictObject({
    plan: z.string().min(1).max(100).openapi({ description: 'The plan’s code.' }),
    interval: z.enum(intervalUnits).optional().openapi({ description: 'Default: as it is sold.' }),
    quantity: z.number().int().min(1).max(MAX_QUANTITY).optional().openapi({ description: 'Default: as it is sold.' }),
  })
  .openapi('InsteadOf')

const scenarioSchema = z
  .strictObject({
    name: z.string().trim().min(1, 'must not be empty').max(100),
    commands: z
      .array(scriptedCommandSchema)
      .max(MAX_COMMANDS)
      .default([])
      .openapi({ description: 'Each at its time, after what falls due then.' }),
    usage: z.array(usageSchema).max(MAX_USAGE).default([]).openapi({
      description: 'What is used of the metrics it names, in place of what was.',
    }),
    instead: insteadSchema.optional().openapi({
      description: 'From `from` on this plan, in place of what is sold: what would it have cost?',
    }),
    payments: z.enum(simulatedPayments).default('succeed').openapi({ description: 'How every charge ends.' }),
  })
  .superRefine(({ commands }, context) => {
    for (const [index, command] of commands.entries()) {
      if (!('preview_hash' in command) || command.preview_hash === null) continue
      const message = 'must be left out: nothing was previewed at that time'
      context.addIssue({ code: 'custom', message, path: ['commands', index, 'preview_hash'] })
    }
  })
  .openapi('Scenario')

export const newSimulationSchema = z
  .strictObject({
    account: idSchema('account'),
    subscription: idSchema('subscription').optional().openapi({ description: 'The life of this one goes on.' }),
    new_subscription: z.strictObject(newTermsShape).optional().openapi({ description: 'One that is imagined.' }),
    from: instantSchema.optional().openapi({
      description:
        'Default: now. May be in the past for what is imagined; what is sold goes on from now, and `actual` is told since then.',
    }),
    until: instantSchema.openapi({ description: 'What falls due then still happens; ten years ahead at most.' }),
    scenarios: z.array(scenarioSchema).min(1, 'must have at least one scenario').max(MAX_SCENARIOS),
  })
  .superRefine(({ subscription, new_subscription, scenarios }, context) => {
    if (subscription !== undefined && new_subscription !== undefined) {
      const message = 'must be left out where a `subscription` is given'
      context.addIssue({ code: 'custom', message, path: ['new_subscription'] })
    }
    const isNobody = subscription === undefined && new_subscription === undefined
    for (const [index, { commands, instead }] of scenarios.entries()) {
      if (commands.length > 0 && isNobody && instead === undefined) {
        const message = 'are about a subscription: give `subscription`, `new_subscription` or `instead`'
        context.addIssue({ code: 'custom', message, path: ['scenarios', index, 'commands'] })
      }
    }
  })
  .openapi('NewSimulation')

export type NewSimulation = z.output<typeof newSimulationSchema>

const totalsSchema = z
  .object({
    currency: z.string(),
    invoiced: amountSchema.openapi({ description: 'With tax, of final invoices.' }),
    tax: amountSchema,
    credits: amountSchema.openapi({ description: 'Paid by credit; negative where more was given than used.' }),
    drafted: amountSchema.openapi({ description: 'Of drafts that are left.' }),
  })
  .openapi('SimulationTotals')

const outcomeSchema = z
  .object({
    name: z.string(),
    invoices: z.array(invoiceSchema),
    totals: z.array(totalsSchema),
    subscription: orNull(subscriptionSchema).openapi({ description: 'As it is at the end.' }),
    rejections: z.array(z.object({ at: timeSchema, code: z.string(), detail: z.string(), hint: z.string() })),
  })
  .openapi('ScenarioOutcome')

const actualSchema = z.object({ invoices: z.array(invoiceSchema), totals: z.array(totalsSchema) })

export const simulationSchema = z
  .object({
    from: timeSchema,
    until: timeSchema,
    scenarios: z.array(outcomeSchema),
    actual: orNull(actualSchema).openapi({
      description: 'What was really invoiced since `from`, where that lies in the past.',
    }),
  })
  .openapi('Simulation')

export function outcomeToWire(name: string, { invoices, subject, refused }: Simulated): z.output<typeof outcomeSchema> {
  return {
    name,
    invoices: invoices.map((invoice) => ({ ...invoiceToWire(invoice), number: null })),
    totals: totalsToWire(invoices),
    subscription: subject && subscriptionToWire(subject),
    rejections: refused.map(({ at, rejection: { code, detail, hint } }) => ({ at: toIso(at), code, detail, hint })),
  }
}

export function actualToWire(invoices: readonly Invoice[]): z.output<typeof actualSchema> {
  return { invoices: invoices.map(invoiceToWire), totals: totalsToWire(invoices) }
}

function totalsToWire(invoices: readonly Invoice[]): z.output<typeof totalsSchema>[] {
  return totalsOf(invoices).map(({ currency, invoiced, tax, credits, drafted }) => ({
    currency,
    invoiced: Number(invoiced),
    tax: Number(tax),
    credits: Number(credits),
    drafted: Number(drafted),
  }))
}
