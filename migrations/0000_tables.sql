CREATE TABLE "accounts" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"version" integer NOT NULL,
	"bucket" smallint NOT NULL,
	"clock_id" uuid,
	"email" text NOT NULL,
	"name" text NOT NULL,
	"currency" text NOT NULL,
	"timezone" text NOT NULL,
	"country" text,
	"location_source" text NOT NULL,
	"address" jsonb,
	"tax_exempt" boolean NOT NULL,
	"external_key" text,
	"collection" text NOT NULL,
	"payment_terms_days" integer NOT NULL,
	"default_payment_method_id" uuid,
	"metadata" jsonb NOT NULL,
	"invoice_prefix" text NOT NULL,
	"invoice_sequence" integer NOT NULL,
	"next_billing_at" timestamp(3) with time zone,
	"created_at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "accounts_pkey" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "accounts_external_key" UNIQUE("organization_id","external_key"),
	CONSTRAINT "accounts_invoice_prefix" UNIQUE("organization_id","invoice_prefix"),
	CONSTRAINT "accounts_collection" CHECK ("accounts"."collection" in ('automatic', 'invoice')),
	CONSTRAINT "accounts_currency" CHECK ("accounts"."currency" ~ '^[A-Z]{3}$')
);
--> statement-breakpoint
CREATE TABLE "payment_methods" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"account_id" uuid NOT NULL,
	"gateway_account_id" uuid NOT NULL,
	"gateway_customer" text NOT NULL,
	"gateway_method" text NOT NULL,
	"kind" text NOT NULL,
	"brand" text,
	"last4" text,
	"expiry_month" smallint,
	"expiry_year" smallint,
	"created_at" timestamp(3) with time zone NOT NULL,
	"removed_at" timestamp(3) with time zone,
	CONSTRAINT "payment_methods_pkey" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "payment_methods_last4" CHECK ("payment_methods"."last4" ~ '^[0-9]{4}$')
);
--> statement-breakpoint
CREATE TABLE "test_clocks" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"name" text NOT NULL,
	"now_at" timestamp(3) with time zone NOT NULL,
	"target_at" timestamp(3) with time zone,
	"started_from" timestamp(3) with time zone,
	"created_at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "test_clocks_pkey" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "test_clocks_forward" CHECK ("test_clocks"."target_at" is null or "test_clocks"."target_at" >= "test_clocks"."now_at")
);
--> statement-breakpoint
CREATE TABLE "billing_run_pages" (
	"organization_id" uuid NOT NULL,
	"run_id" uuid NOT NULL,
	"commit_id" uuid NOT NULL,
	"accounts" integer NOT NULL,
	"subscriptions" integer NOT NULL,
	"invoices" integer NOT NULL,
	CONSTRAINT "billing_run_pages_pkey" PRIMARY KEY("run_id","organization_id","commit_id")
);
--> statement-breakpoint
CREATE TABLE "billing_run_ranges" (
	"run_id" uuid NOT NULL,
	"first_bucket" integer NOT NULL,
	"finished_at" timestamp(3) with time zone NOT NULL,
	"left" integer NOT NULL,
	"failed" integer NOT NULL,
	CONSTRAINT "billing_run_ranges_pkey" PRIMARY KEY("run_id","first_bucket")
);
--> statement-breakpoint
CREATE TABLE "billing_runs" (
	"id" uuid PRIMARY KEY NOT NULL,
	"organization_id" uuid,
	"as_of" timestamp(3) with time zone NOT NULL,
	"started_at" timestamp(3) with time zone NOT NULL,
	"ranges" integer NOT NULL,
	"due" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "dead_letters" (
	"id" uuid PRIMARY KEY NOT NULL,
	"queue" text NOT NULL,
	"body" jsonb NOT NULL,
	"received_at" timestamp(3) with time zone NOT NULL,
	"replayed_at" timestamp(3) with time zone,
	CONSTRAINT "dead_letters_queue" CHECK ("dead_letters"."queue" <> '')
);
--> statement-breakpoint
CREATE TABLE "billed" (
	"organization_id" uuid NOT NULL,
	"subscription_id" uuid NOT NULL,
	"billing_key" text NOT NULL,
	"account_id" uuid NOT NULL,
	"invoice_id" uuid NOT NULL,
	"released_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "invoice_lines" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"account_id" uuid NOT NULL,
	"invoice_id" uuid NOT NULL,
	"position" smallint NOT NULL,
	"subscription_id" uuid NOT NULL,
	"plan_version_id" uuid NOT NULL,
	"billing_key" text NOT NULL,
	"kind" text NOT NULL,
	"description" text NOT NULL,
	"quantity" text NOT NULL,
	"unit_amount" text NOT NULL,
	"amount" bigint NOT NULL,
	"tax" bigint NOT NULL,
	"period_start" timestamp(3) with time zone NOT NULL,
	"period_end" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "invoice_lines_pkey" PRIMARY KEY("organization_id","invoice_id","position")
);
--> statement-breakpoint
CREATE TABLE "invoices" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"account_id" uuid NOT NULL,
	"subscription_id" uuid,
	"version" integer NOT NULL,
	"status" text NOT NULL,
	"reason" text NOT NULL,
	"number" text,
	"currency" text NOT NULL,
	"period_start" timestamp(3) with time zone NOT NULL,
	"period_end" timestamp(3) with time zone NOT NULL,
	"issued_at" timestamp(3) with time zone NOT NULL,
	"finalized_at" timestamp(3) with time zone,
	"due_at" timestamp(3) with time zone,
	"bill_to" jsonb,
	"subtotal" bigint NOT NULL,
	"discount" bigint NOT NULL,
	"tax" bigint NOT NULL,
	"taxes" jsonb NOT NULL,
	"total" bigint NOT NULL,
	"paid" bigint NOT NULL,
	"credits_applied" bigint NOT NULL,
	"credit_notes" bigint NOT NULL,
	"written_off" bigint NOT NULL,
	"balance" bigint NOT NULL,
	CONSTRAINT "invoices_pkey" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "invoices_status" CHECK ("invoices"."status" in ('draft', 'open', 'paid', 'void', 'uncollectible')),
	CONSTRAINT "invoices_total" CHECK ("invoices"."subtotal" - "invoices"."discount" + "invoices"."tax" = "invoices"."total"),
	CONSTRAINT "invoices_balance" CHECK ("invoices"."paid" + "invoices"."credits_applied" + "invoices"."credit_notes" + "invoices"."written_off" + "invoices"."balance" = "invoices"."total"),
	CONSTRAINT "invoices_not_overpaid" CHECK ("invoices"."balance" >= 0),
	CONSTRAINT "invoices_exact_on_the_wire" CHECK (abs("invoices"."total") < 9007199254740992),
	CONSTRAINT "invoices_final" CHECK (("invoices"."status" = 'draft') = ("invoices"."finalized_at" is null) and ("invoices"."number" is null) = ("invoices"."finalized_at" is null)),
	CONSTRAINT "invoices_paid" CHECK (("invoices"."status" = 'paid') = ("invoices"."finalized_at" is not null and "invoices"."balance" = 0))
);
--> statement-breakpoint
CREATE TABLE "ledger_entries" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"account_id" uuid NOT NULL,
	"document_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"ledger_account" text NOT NULL,
	"currency" text NOT NULL,
	"amount" bigint NOT NULL,
	"at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "ledger_entries_pkey" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "ledger_entries_amount" CHECK ("ledger_entries"."amount" <> 0),
	CONSTRAINT "ledger_entries_ledger_account" CHECK (ledger_account in ('receivable', 'revenue', 'tax', 'cash', 'rounding'))
);
--> statement-breakpoint
CREATE TABLE "api_keys" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"version" integer NOT NULL,
	"name" text NOT NULL,
	"hash" text NOT NULL,
	"ending" text NOT NULL,
	"scopes" text[] NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	"revoked_at" timestamp(3) with time zone,
	CONSTRAINT "api_keys_pkey" PRIMARY KEY("organization_id","id")
);
--> statement-breakpoint
CREATE TABLE "invoice_series" (
	"organization_id" uuid PRIMARY KEY NOT NULL,
	"prefix" text NOT NULL,
	"next_number" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "organizations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"version" integer NOT NULL,
	"name" text NOT NULL,
	"mode" text NOT NULL,
	"settings" jsonb NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "organizations_mode" CHECK ("organizations"."mode" in ('live', 'sandbox'))
);
--> statement-breakpoint
CREATE TABLE "gateway_accounts" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"secret" jsonb NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	"charging_until" timestamp(3) with time zone,
	CONSTRAINT "gateway_accounts_pkey" PRIMARY KEY("organization_id","id")
);
--> statement-breakpoint
CREATE TABLE "payment_attempts" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"account_id" uuid NOT NULL,
	"payment_id" uuid NOT NULL,
	"gateway_account_id" uuid NOT NULL,
	"clock_id" uuid,
	"version" integer NOT NULL,
	"due_at" timestamp(3) with time zone NOT NULL,
	"outcome" text,
	"decline" jsonb,
	"ended_at" timestamp(3) with time zone,
	"claimed_until" timestamp(3) with time zone,
	"claim" uuid,
	CONSTRAINT "payment_attempts_pkey" PRIMARY KEY("organization_id","id")
);
--> statement-breakpoint
CREATE TABLE "payments" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"account_id" uuid NOT NULL,
	"invoice_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"status" text NOT NULL,
	"amount" bigint NOT NULL,
	"currency" text NOT NULL,
	"payment_method_id" uuid NOT NULL,
	"gateway_account_id" uuid NOT NULL,
	"gateway_payment" text,
	"outcome" text,
	"decline" jsonb,
	"created_at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "payments_pkey" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "payments_status" CHECK ("payments"."status" in ('pending', 'succeeded', 'failed')),
	CONSTRAINT "payments_amount" CHECK ("payments"."amount" > 0)
);
--> statement-breakpoint
CREATE TABLE "plan_versions" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"plan_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"plan_name" text NOT NULL,
	"trial_days" integer NOT NULL,
	"prices" jsonb NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "plan_versions_pkey" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "plan_versions_number" UNIQUE("organization_id","plan_id","number")
);
--> statement-breakpoint
CREATE TABLE "plans" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"version" integer NOT NULL,
	"code" text NOT NULL,
	"name" text NOT NULL,
	"metadata" jsonb NOT NULL,
	"archived_at" timestamp(3) with time zone,
	"replaced_by" text,
	"created_at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "plans_pkey" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "plans_code" UNIQUE("organization_id","code")
);
--> statement-breakpoint
CREATE TABLE "subscriptions" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"account_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"status" text NOT NULL,
	"plan_id" uuid NOT NULL,
	"plan_version_id" uuid NOT NULL,
	"quantity" integer NOT NULL,
	"currency" text NOT NULL,
	"interval_unit" text NOT NULL,
	"interval_count" integer NOT NULL,
	"timezone" text NOT NULL,
	"start_at" timestamp(3) with time zone NOT NULL,
	"trial_ends_at" timestamp(3) with time zone,
	"anchor_at" timestamp(3) with time zone,
	"period_start" timestamp(3) with time zone,
	"period_end" timestamp(3) with time zone,
	"cancel_at" timestamp(3) with time zone,
	"ended_at" timestamp(3) with time zone,
	"external_key" text,
	"metadata" jsonb NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "subscriptions_pkey" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "subscriptions_external_key" UNIQUE("organization_id","external_key"),
	CONSTRAINT "subscriptions_status" CHECK (status in ('scheduled', 'trial', 'active', 'paused', 'cancelled', 'expired')),
	CONSTRAINT "subscriptions_quantity" CHECK ("subscriptions"."quantity" between 1 and 1000000),
	CONSTRAINT "subscriptions_period" CHECK ("subscriptions"."period_start" < "subscriptions"."period_end")
);
--> statement-breakpoint
CREATE TABLE "commits" (
	"id" uuid PRIMARY KEY NOT NULL,
	"organization_id" uuid,
	"cause" text NOT NULL,
	"late" jsonb,
	"committed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"relayed_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"organization_id" uuid NOT NULL,
	"key" text NOT NULL,
	"fingerprint" text NOT NULL,
	"commit_id" uuid NOT NULL,
	"status" integer,
	"body" text,
	"resume" jsonb,
	"leased_until" timestamp(3) with time zone NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY("organization_id","key")
);
--> statement-breakpoint
CREATE TABLE "events" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"commit_id" uuid NOT NULL,
	"account_id" uuid,
	"type" text NOT NULL,
	"subject_id" uuid NOT NULL,
	"sequence" integer NOT NULL,
	"actor" text NOT NULL,
	"data" json NOT NULL,
	"previous" json,
	"occurred_at" timestamp(3) with time zone NOT NULL,
	"xid" "xid8" DEFAULT pg_current_xact_id() NOT NULL,
	CONSTRAINT "events_pkey" PRIMARY KEY("organization_id","id")
);
--> statement-breakpoint
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_organization" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_clock" FOREIGN KEY ("organization_id","clock_id") REFERENCES "public"."test_clocks"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_default_payment_method" FOREIGN KEY ("organization_id","default_payment_method_id") REFERENCES "public"."payment_methods"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_methods" ADD CONSTRAINT "payment_methods_account" FOREIGN KEY ("organization_id","account_id") REFERENCES "public"."accounts"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "test_clocks" ADD CONSTRAINT "test_clocks_organization" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "billing_run_pages" ADD CONSTRAINT "billing_run_pages_commit_id_commits_id_fk" FOREIGN KEY ("commit_id") REFERENCES "public"."commits"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "billing_run_pages" ADD CONSTRAINT "billing_run_pages_organization" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "billing_run_pages" ADD CONSTRAINT "billing_run_pages_run" FOREIGN KEY ("run_id") REFERENCES "public"."billing_runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "billing_run_ranges" ADD CONSTRAINT "billing_run_ranges_run_id_billing_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."billing_runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "billing_runs" ADD CONSTRAINT "billing_runs_organization" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "billed" ADD CONSTRAINT "billed_invoice" FOREIGN KEY ("organization_id","invoice_id") REFERENCES "public"."invoices"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoice_lines" ADD CONSTRAINT "invoice_lines_invoice" FOREIGN KEY ("organization_id","invoice_id") REFERENCES "public"."invoices"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoice_lines" ADD CONSTRAINT "invoice_lines_plan_version" FOREIGN KEY ("organization_id","plan_version_id") REFERENCES "public"."plan_versions"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoices" ADD CONSTRAINT "invoices_account" FOREIGN KEY ("organization_id","account_id") REFERENCES "public"."accounts"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoices" ADD CONSTRAINT "invoices_subscription" FOREIGN KEY ("organization_id","subscription_id") REFERENCES "public"."subscriptions"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ledger_entries" ADD CONSTRAINT "ledger_entries_account" FOREIGN KEY ("organization_id","account_id") REFERENCES "public"."accounts"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_organization" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoice_series" ADD CONSTRAINT "invoice_series_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "gateway_accounts" ADD CONSTRAINT "gateway_accounts_organization" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_attempts" ADD CONSTRAINT "payment_attempts_payment" FOREIGN KEY ("organization_id","payment_id") REFERENCES "public"."payments"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_attempts" ADD CONSTRAINT "payment_attempts_account" FOREIGN KEY ("organization_id","account_id") REFERENCES "public"."accounts"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_attempts" ADD CONSTRAINT "payment_attempts_gateway_account" FOREIGN KEY ("organization_id","gateway_account_id") REFERENCES "public"."gateway_accounts"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_attempts" ADD CONSTRAINT "payment_attempts_clock" FOREIGN KEY ("organization_id","clock_id") REFERENCES "public"."test_clocks"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payments" ADD CONSTRAINT "payments_invoice" FOREIGN KEY ("organization_id","invoice_id") REFERENCES "public"."invoices"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payments" ADD CONSTRAINT "payments_method" FOREIGN KEY ("organization_id","payment_method_id") REFERENCES "public"."payment_methods"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payments" ADD CONSTRAINT "payments_gateway_account" FOREIGN KEY ("organization_id","gateway_account_id") REFERENCES "public"."gateway_accounts"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payments" ADD CONSTRAINT "payments_account" FOREIGN KEY ("organization_id","account_id") REFERENCES "public"."accounts"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plan_versions" ADD CONSTRAINT "plan_versions_plan" FOREIGN KEY ("organization_id","plan_id") REFERENCES "public"."plans"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plans" ADD CONSTRAINT "plans_organization" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD CONSTRAINT "subscriptions_account" FOREIGN KEY ("organization_id","account_id") REFERENCES "public"."accounts"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD CONSTRAINT "subscriptions_plan" FOREIGN KEY ("organization_id","plan_id") REFERENCES "public"."plans"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD CONSTRAINT "subscriptions_plan_version" FOREIGN KEY ("organization_id","plan_version_id") REFERENCES "public"."plan_versions"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "accounts_email" ON "accounts" USING btree ("organization_id",lower("email"));--> statement-breakpoint
CREATE INDEX "accounts_due" ON "accounts" USING btree ("bucket","next_billing_at") WHERE "accounts"."clock_id" is null;--> statement-breakpoint
CREATE INDEX "accounts_clock_due" ON "accounts" USING btree ("clock_id","next_billing_at") WHERE "accounts"."clock_id" is not null;--> statement-breakpoint
CREATE INDEX "payment_methods_by_account" ON "payment_methods" USING btree ("organization_id","account_id");--> statement-breakpoint
CREATE INDEX "billing_runs_by_organization" ON "billing_runs" USING btree ("organization_id","started_at");--> statement-breakpoint
CREATE INDEX "dead_letters_received" ON "dead_letters" USING btree ("received_at");--> statement-breakpoint
CREATE UNIQUE INDEX "billed_once" ON "billed" USING btree ("organization_id","subscription_id","billing_key") WHERE "billed"."released_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "invoices_number" ON "invoices" USING btree ("organization_id","number");--> statement-breakpoint
CREATE INDEX "invoices_by_subscription" ON "invoices" USING btree ("organization_id","subscription_id");--> statement-breakpoint
CREATE INDEX "invoices_by_account" ON "invoices" USING btree ("organization_id","account_id");--> statement-breakpoint
CREATE INDEX "ledger_entries_by_account" ON "ledger_entries" USING btree ("organization_id","account_id");--> statement-breakpoint
CREATE UNIQUE INDEX "api_keys_hash" ON "api_keys" USING btree ("hash");--> statement-breakpoint
CREATE INDEX "payment_attempts_claim" ON "payment_attempts" USING btree ("claim") WHERE "payment_attempts"."ended_at" is null and "payment_attempts"."claim" is not null;--> statement-breakpoint
CREATE INDEX "payment_attempts_by_payment" ON "payment_attempts" USING btree ("organization_id","payment_id");--> statement-breakpoint
CREATE INDEX "payment_attempts_due" ON "payment_attempts" USING btree ("gateway_account_id","due_at","id") WHERE "payment_attempts"."ended_at" is null;--> statement-breakpoint
CREATE INDEX "payment_attempts_clock_due" ON "payment_attempts" USING btree ("clock_id","due_at") WHERE "payment_attempts"."ended_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "payments_open" ON "payments" USING btree ("organization_id","invoice_id") WHERE "payments"."status" = 'pending';--> statement-breakpoint
CREATE INDEX "payments_by_invoice" ON "payments" USING btree ("organization_id","invoice_id");--> statement-breakpoint
CREATE INDEX "payments_by_account" ON "payments" USING btree ("organization_id","account_id");--> statement-breakpoint
CREATE UNIQUE INDEX "payments_gateway_payment" ON "payments" USING btree ("gateway_account_id","gateway_payment");--> statement-breakpoint
CREATE INDEX "subscriptions_by_account" ON "subscriptions" USING btree ("organization_id","account_id");--> statement-breakpoint
CREATE UNIQUE INDEX "subscriptions_live" ON "subscriptions" USING btree ("organization_id","account_id","plan_id") WHERE status in ('scheduled', 'trial', 'active', 'paused');--> statement-breakpoint
CREATE INDEX "commits_unrelayed" ON "commits" USING btree ("committed_at") WHERE "commits"."relayed_at" is null;--> statement-breakpoint
CREATE INDEX "idempotency_keys_created" ON "idempotency_keys" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "events_commit" ON "events" USING btree ("commit_id");