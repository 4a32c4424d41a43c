import type pg from 'pg'

/** Three plans an organization, two versions each; an account has one subscription at most on a plan. */
const plans = ['starter', 'team', 'business'] as const

export type Seed = {
  /** UUIDs; accounts are dealt out to them in turn. */
  readonly organizations: readonly string[]
  readonly accounts: number
  /** Accounts with a second and a third one follow from the difference. */
  readonly subscriptions: number
  /** So many of them have an invoice of the period before, with lines, ledger entries and events. */
  readonly invoices: number
  /** Whether the current period is over since a day to three, or runs on for a week at least. */
  readonly due: boolean
}

/**
 * Accounts that pay by invoice, so that no gateway takes part, created over the last year in four zones; monthly
 * subscriptions, anchored one to eleven months ago. All of it by SQL, as the API would have written it.
 */
export async function seed(client: pg.Client, { organizations, accounts, subscriptions, invoices, due }: Seed) {
  await client.query('begin')
  await client.query('select setseed(0.42)')
  await client.query(newPlans, [organizations, plans])
  await client.query(chosenAccounts, [organizations, accounts])
  await client.query(chosenSubscriptions, [subscriptions, plans, due])
  await client.query(newAccounts, [invoices])
  await client.query(newSubscriptions)
  if (invoices > 0) await client.query(newInvoices, [invoices])
  await client.query('drop table chosen_subscriptions, chosen_accounts')
  await client.query('commit')
}

/** Statistics and hint bits as on a database that has been in use; nothing of the seed is left to be written. */
export async function settle(client: pg.Client): Promise<void> {
  await client.query('vacuum analyze')
  await client.query('checkpoint')
}

const newPlans = `
  with made as (
    insert into plans (organization_id, id, version, code, name, metadata, created_at)
    select o.id, uuidv7(interval '-400 days'), 2, p.code, initcap(p.code), '{}', now() - interval '400 days'
    from unnest($1::uuid[]) as o(id), unnest($2::text[]) as p(code)
    returning organization_id, id, code, name)
  insert into plan_versions (organization_id, id, plan_id, number, plan_name, trial_days, prices, created_at)
  select m.organization_id, uuidv7(interval '-400 days'), m.id, v.number, m.name, 0,
    jsonb_build_array(jsonb_build_object('currency', 'USD', 'interval', jsonb_build_object('unit', 'month', 'count', 1),
      'unitAmount', (1900 * array_position($2::text[], m.code) + 100 * v.number)::text)),
    now() - interval '400 days'
  from made m, generate_series(1, 2) as v(number)`

/** Bucket as bucketOf says: the bits above the last 16 of the id. */
const chosenAccounts = `
  create temporary table chosen_accounts as
  select n, organization_id, id, zone, ('x' || substr(id::text, 29, 4))::bit(16)::integer % 1024 as bucket
  from (
    select n::integer, ($1::uuid[])[1 + n % cardinality($1::uuid[])] as organization_id,
      uuidv7(interval '-30 days' - random() * interval '335 days') as id,
      (array['UTC', 'America/New_York', 'Europe/Berlin', 'Asia/Tokyo'])[1 + n % 4] as zone
    from generate_series(1, $2::integer) as n
    order by 3) as one`

/** Boundaries are counted from the anchor, at noon of the zone, where no clock is ever moved. */
const chosenSubscriptions = `
  create temporary table chosen_subscriptions as
  select row_number() over (order by a.id, s.position) as n, a.organization_id, a.id as account_id, s.position, a.zone,
    uuidv7(interval '-1 month' * a.n_months) as id, p.id as plan_id, v.id as plan_version_id, v.plan_name,
    1 + (a.n + s.position) % 5 as quantity, (v.prices->0->>'unitAmount')::bigint as unit_amount,
    a.anchor at time zone a.zone as anchor_at,
    (a.anchor + interval '1 month' * (a.n_months - 2)) at time zone a.zone as previous_start,
    (a.anchor + interval '1 month' * (a.n_months - 1)) at time zone a.zone as period_start,
    (a.anchor + interval '1 month' * a.n_months) at time zone a.zone as period_end
  from (
    select *, ends - interval '1 month' * n_months as anchor from (
      select *, 2 + n % 10 as n_months,
        date_trunc('day', now() at time zone zone) + interval '12 hours'
          + case when $3 then -1 - n % 3 else 7 + n % 14 end * interval '1 day' as ends
      from chosen_accounts) as ended) as a
  cross join lateral generate_series(1, 1 + (a.n <= ceil(extra() * 5 / 6.0))::integer
    + (a.n <= floor(extra() / 6.0))::integer) as s(position)
  join plans p on p.organization_id = a.organization_id and p.code = ($2::text[])[s.position]
  join plan_versions v on v.organization_id = p.organization_id and v.plan_id = p.id and v.number = 1 + a.n % 2
  order by a.id, s.position`.replaceAll('extra()', '($1::integer - (select count(*) from chosen_accounts))')

const newAccounts = `
  insert into accounts (organization_id, id, version, bucket, email, name, currency, timezone, country, location_source,
    address, tax_exempt, collection, payment_terms_days, metadata, invoice_prefix, invoice_sequence, next_billing_at, created_at)
  select a.organization_id, a.id, 1, a.bucket, 'jane' || a.n || '@startup.example', 'Jane ' || a.n || ' Doe', 'USD', a.zone,
    'US', 'given', jsonb_build_object('line1', a.n || ' Market Street', 'line2', null, 'city', 'San Francisco',
      'region', 'CA', 'postalCode', '94103'),
    false, 'invoice', 30, '{}', 'JANE' || a.n, (s.first <= $1)::integer, s.due, uuid_extract_timestamp(a.id)
  from chosen_accounts a
  join (select account_id, min(period_end) as due, min(n) as first from chosen_subscriptions group by 1) s
    on s.account_id = a.id
  order by a.id`

const newSubscriptions = `
  insert into subscriptions (organization_id, id, account_id, version, status, plan_id, plan_version_id, quantity, currency,
    interval_unit, interval_count, timezone, start_at, anchor_at, period_start, period_end, metadata, created_at)
  select organization_id, id, account_id, 1, 'active', plan_id, plan_version_id, quantity, 'USD', 'month', 1, zone,
    anchor_at, anchor_at, period_start, period_end, '{}', anchor_at
  from chosen_subscriptions order by n`

/** The current period's, by commits of 200. Numbered where it is the first of its account. */
const newInvoices = `
  with old as materialized (
    select s.*, uuidv7(interval '-1 month') as invoice_id, s.quantity * s.unit_amount as total, s.n / 200 as page
    from chosen_subscriptions s
    where s.n = (select min(n) from chosen_subscriptions f where f.account_id = s.account_id) and s.n <= $1
  ), pages as materialized (
    select page, uuidv7(interval '-1 month') as commit_id from (select distinct page from old) as p
  ), commit_rows as (
    insert into commits (id, cause, committed_at, relayed_at)
    select commit_id, 'billing_run', now() - interval '1 month', now() - interval '1 month' from pages
  ), invoice_rows as (
    insert into invoices (organization_id, id, account_id, subscription_id, version, status, reason, number, currency,
      period_start, period_end, issued_at, finalized_at, due_at, bill_to, subtotal, discount, tax, taxes, total, paid,
      credits_applied, credit_notes, written_off, balance)
    select o.organization_id, o.invoice_id, o.account_id, o.id, 1, 'open', 'renewal', a.invoice_prefix || '-0001', 'USD',
      o.period_start, o.period_end, o.period_start, o.period_start, o.period_start + interval '30 days',
      jsonb_build_object('name', a.name, 'email', a.email, 'country', a.country, 'address', a.address, 'taxExempt', false),
      o.total, 0, 0, '[]', o.total, 0, 0, 0, 0, o.total
    from old o join accounts a on a.organization_id = o.organization_id and a.id = o.account_id
  ), line_rows as (
    insert into invoice_lines (organization_id, id, account_id, invoice_id, position, subscription_id, plan_version_id,
      billing_key, kind, description, quantity, unit_amount, amount, tax, period_start, period_end)
    select organization_id, uuidv7(interval '-1 month'), account_id, invoice_id, 0, id, plan_version_id,
      'base:' || (extract(epoch from period_start) * 1000)::bigint, 'base', plan_name || ' × ' || quantity,
      quantity::text, unit_amount::text, total, 0, period_start, period_end
    from old
  ), billed_rows as (
    insert into billed (organization_id, subscription_id, billing_key, account_id, invoice_id)
    select organization_id, id, 'base:' || (extract(epoch from period_start) * 1000)::bigint, account_id, invoice_id from old
  ), ledger_rows as (
    insert into ledger_entries (organization_id, id, account_id, document_id, kind, ledger_account, currency, amount, at)
    select organization_id, uuidv7(interval '-1 month'), account_id, invoice_id, 'invoice', side.ledger_account, 'USD',
      side.sign * total, period_start
    from old, (values ('receivable', 1), ('revenue', -1)) as side(ledger_account, sign)
  )
  insert into events (organization_id, id, commit_id, account_id, type, subject_id, sequence, actor, data, previous, occurred_at)
  select o.organization_id, uuidv7(interval '-1 month'), p.commit_id, o.account_id, e.type,
    case when e.type = 'subscription.renewed' then o.id else o.invoice_id end, 1, 'billing_run', to_jsonb(o), null, o.period_start
  from old o join pages p using (page),
    (values ('subscription.renewed'), ('invoice.created'), ('invoice.finalized')) as e(type)`
