CREATE TABLE "credit_applications" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"account_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"credit_id" uuid NOT NULL,
	"invoice_id" uuid NOT NULL,
	"amount" bigint NOT NULL,
	"at" timestamp(3) with time zone NOT NULL,
	"credit_expires_at" timestamp(3) with time zone,
	"released_at" timestamp(3) with time zone,
	CONSTRAINT "credit_applications_pkey" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "credit_applications_amount" CHECK ("credit_applications"."amount" > 0),
	CONSTRAINT "credit_applications_released" CHECK ("credit_applications"."released_at" >= "credit_applications"."at")
);
--> statement-breakpoint
CREATE TABLE "credits" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"account_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"currency" text NOT NULL,
	"amount" bigint NOT NULL,
	"remaining" bigint NOT NULL,
	"expired" bigint NOT NULL,
	"voided" bigint NOT NULL,
	"reason" text NOT NULL,
	"source" text NOT NULL,
	"source_id" uuid,
	"expires_at" timestamp(3) with time zone,
	"metadata" jsonb NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	"ended_at" timestamp(3) with time zone,
	"end_reason" text,
	CONSTRAINT "credits_pkey" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "credits_of_account" UNIQUE("organization_id","account_id","id"),
	CONSTRAINT "credits_amount" CHECK ("credits"."amount" > 0 and "credits"."amount" < 9007199254740992),
	CONSTRAINT "credits_parts" CHECK ("credits"."remaining" >= 0 and "credits"."expired" >= 0 and "credits"."voided" >= 0
        and "credits"."remaining" + "credits"."expired" + "credits"."voided" <= "credits"."amount"),
	CONSTRAINT "credits_reason" CHECK (length("credits"."reason") between 1 and 500),
	CONSTRAINT "credits_source" CHECK (source in ('grant', 'proration', 'credit_note', 'overpayment', 'void', 'cancellation')),
	CONSTRAINT "credits_end_reason" CHECK (end_reason in ('expired', 'voided')),
	CONSTRAINT "credits_ended" CHECK (("credits"."ended_at" is null) = ("credits"."end_reason" is null) and ("credits"."ended_at" is null or "credits"."remaining" = 0))
);
--> statement-breakpoint
CREATE TABLE "coupons" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"version" integer NOT NULL,
	"code" text NOT NULL,
	"name" text NOT NULL,
	"percent_off" text,
	"amount_off" bigint,
	"currency" text,
	"duration" text NOT NULL,
	"periods" integer,
	"plans" jsonb,
	"redeem_by" timestamp(3) with time zone,
	"max_redemptions" integer,
	"redemptions" integer NOT NULL,
	"metadata" jsonb NOT NULL,
	"archived_at" timestamp(3) with time zone,
	"created_at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "coupons_pkey" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "coupons_code" UNIQUE("organization_id","code"),
	CONSTRAINT "coupons_terms" CHECK (num_nonnulls(percent_off, amount_off) = 1 and (amount_off is null) = (currency is null)
  and (amount_off is null or amount_off > 0)),
	CONSTRAINT "coupons_duration" CHECK (duration in ('once', 'forever') or (duration = 'periods' and periods is not null)),
	CONSTRAINT "coupons_max_redemptions" CHECK ("coupons"."redemptions" <= "coupons"."max_redemptions")
);
--> statement-breakpoint
CREATE TABLE "discounts" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"account_id" uuid NOT NULL,
	"subscription_id" uuid,
	"version" integer NOT NULL,
	"coupon_id" uuid NOT NULL,
	"coupon_code" text NOT NULL,
	"name" text NOT NULL,
	"percent_off" text,
	"amount_off" bigint,
	"currency" text,
	"plan_ids" jsonb,
	"remaining" integer,
	"attached_at" timestamp(3) with time zone NOT NULL,
	"ended_at" timestamp(3) with time zone,
	CONSTRAINT "discounts_pkey" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "discounts_terms" CHECK (num_nonnulls(percent_off, amount_off) = 1 and (amount_off is null) = (currency is null)
  and (amount_off is null or amount_off > 0)),
	CONSTRAINT "discounts_remaining" CHECK ("discounts"."remaining" >= 0 and ("discounts"."remaining" > 0 or "discounts"."ended_at" is not null))
);
--> statement-breakpoint
CREATE TABLE "credit_notes" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"account_id" uuid NOT NULL,
	"invoice_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"status" text NOT NULL,
	"number" text NOT NULL,
	"currency" text NOT NULL,
	"reason" text NOT NULL,
	"lines" jsonb NOT NULL,
	"tax" bigint NOT NULL,
	"total" bigint NOT NULL,
	"reduced" bigint NOT NULL,
	"refunded" bigint NOT NULL,
	"credited" bigint NOT NULL,
	"out_of_band" bigint NOT NULL,
	"source_invoice_id" uuid,
	"issued_at" timestamp(3) with time zone NOT NULL,
	"voided_at" timestamp(3) with time zone,
	CONSTRAINT "credit_notes_pkey" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "credit_notes_status" CHECK ("credit_notes"."status" in ('issued', 'void')),
	CONSTRAINT "credit_notes_total" CHECK ("credit_notes"."reduced" + "credit_notes"."refunded" + "credit_notes"."credited" + "credit_notes"."out_of_band" = "credit_notes"."total" and "credit_notes"."total" > 0)
);
--> statement-breakpoint
CREATE TABLE "refunds" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"account_id" uuid NOT NULL,
	"payment_id" uuid NOT NULL,
	"gateway_account_id" uuid NOT NULL,
	"clock_id" uuid,
	"credit_note_id" uuid,
	"version" integer NOT NULL,
	"status" text NOT NULL,
	"amount" bigint NOT NULL,
	"written_off" bigint NOT NULL,
	"currency" text NOT NULL,
	"reason" text,
	"gateway_refund" text,
	"outcome" text,
	"failure" text,
	"due_at" timestamp(3) with time zone NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	"ended_at" timestamp(3) with time zone,
	"claimed_until" timestamp(3) with time zone,
	"claim" uuid,
	CONSTRAINT "refunds_pkey" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "refunds_status" CHECK ("refunds"."status" in ('pending', 'succeeded', 'failed')),
	CONSTRAINT "refunds_ended" CHECK (("refunds"."status" = 'pending') = ("refunds"."ended_at" is null)),
	CONSTRAINT "refunds_amount" CHECK ("refunds"."amount" > 0 and "refunds"."written_off" >= 0)
);
--> statement-breakpoint
CREATE TABLE "metrics" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"version" integer NOT NULL,
	"code" text NOT NULL,
	"name" text NOT NULL,
	"aggregation" text NOT NULL,
	"field" text,
	"metadata" jsonb NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "metrics_pkey" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "metrics_code" UNIQUE("organization_id","code"),
	CONSTRAINT "metrics_aggregation" CHECK ("metrics"."aggregation" in ('sum', 'count', 'unique_count', 'max', 'latest', 'weighted_sum')),
	CONSTRAINT "metrics_field" CHECK (("metrics"."field" is null) = ("metrics"."aggregation" = 'count'))
);
--> statement-breakpoint
ALTER TABLE "invoices" DROP CONSTRAINT "invoices_paid";--> statement-breakpoint
ALTER TABLE "invoices" DROP CONSTRAINT "invoices_not_overpaid";--> statement-breakpoint
ALTER TABLE "ledger_entries" DROP CONSTRAINT "ledger_entries_ledger_account";--> statement-breakpoint
ALTER TABLE "invoice_lines" ALTER COLUMN "position" SET DATA TYPE integer;--> statement-breakpoint
ALTER TABLE "invoice_lines" ALTER COLUMN "subscription_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "invoice_lines" ALTER COLUMN "plan_version_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "invoice_lines" ALTER COLUMN "billing_key" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "invoice_lines" ALTER COLUMN "unit_amount" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "credit_note_sequence" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "billed" ADD COLUMN "period_end" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "invoice_lines" ADD COLUMN "discount" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "invoice_lines" ADD COLUMN "detail" jsonb;--> statement-breakpoint
ALTER TABLE "invoice_lines" ADD COLUMN "credits_line_id" uuid;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "awaits" text;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "finalize_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "corrects" uuid;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "memo" text;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "terms_days" integer;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "voided_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "void_reason" text;--> statement-breakpoint
ALTER TABLE "invoice_series" ADD COLUMN "next_credit_note" bigint DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "plan_versions" ADD COLUMN "charges" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "plan_versions" ADD COLUMN "minimums" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "plans" ADD COLUMN "kind" text DEFAULT 'plan' NOT NULL;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD COLUMN "unit_amount" text;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD COLUMN "add_ons" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD COLUMN "billing_time" text DEFAULT 'anniversary' NOT NULL;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD COLUMN "trial_end" text DEFAULT 'invoice' NOT NULL;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD COLUMN "bill_from" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD COLUMN "ends_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD COLUMN "scheduled_change" jsonb;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD COLUMN "paused_ms" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD COLUMN "paused_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD COLUMN "resumes_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD COLUMN "noticed_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD COLUMN "changed_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD COLUMN "baseline" jsonb;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD COLUMN "pending_change" jsonb;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD COLUMN "metering" jsonb;--> statement-breakpoint
ALTER TABLE "credit_applications" ADD CONSTRAINT "credit_applications_account" FOREIGN KEY ("organization_id","account_id") REFERENCES "public"."accounts"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit_applications" ADD CONSTRAINT "credit_applications_credit" FOREIGN KEY ("organization_id","account_id","credit_id") REFERENCES "public"."credits"("organization_id","account_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit_applications" ADD CONSTRAINT "credit_applications_invoice" FOREIGN KEY ("organization_id","invoice_id") REFERENCES "public"."invoices"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credits" ADD CONSTRAINT "credits_account" FOREIGN KEY ("organization_id","account_id") REFERENCES "public"."accounts"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "coupons" ADD CONSTRAINT "coupons_organization" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "discounts" ADD CONSTRAINT "discounts_account" FOREIGN KEY ("organization_id","account_id") REFERENCES "public"."accounts"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "discounts" ADD CONSTRAINT "discounts_subscription" FOREIGN KEY ("organization_id","subscription_id") REFERENCES "public"."subscriptions"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "discounts" ADD CONSTRAINT "discounts_coupon" FOREIGN KEY ("organization_id","coupon_id") REFERENCES "public"."coupons"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit_notes" ADD CONSTRAINT "credit_notes_invoice" FOREIGN KEY ("organization_id","invoice_id") REFERENCES "public"."invoices"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit_notes" ADD CONSTRAINT "credit_notes_source_invoice" FOREIGN KEY ("organization_id","source_invoice_id") REFERENCES "public"."invoices"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_payment" FOREIGN KEY ("organization_id","payment_id") REFERENCES "public"."payments"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_account" FOREIGN KEY ("organization_id","account_id") REFERENCES "public"."accounts"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_gateway_account" FOREIGN KEY ("organization_id","gateway_account_id") REFERENCES "public"."gateway_accounts"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_clock" FOREIGN KEY ("organization_id","clock_id") REFERENCES "public"."test_clocks"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_credit_note" FOREIGN KEY ("organization_id","credit_note_id") REFERENCES "public"."credit_notes"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "metrics" ADD CONSTRAINT "metrics_organization" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "credit_applications_by_credit" ON "credit_applications" USING btree ("organization_id","credit_id");--> statement-breakpoint
CREATE INDEX "credit_applications_by_invoice" ON "credit_applications" USING btree ("organization_id","invoice_id");--> statement-breakpoint
CREATE INDEX "credits_open" ON "credits" USING btree ("organization_id","account_id") WHERE "credits"."remaining" > 0;--> statement-breakpoint
CREATE UNIQUE INDEX "discounts_live_on_account" ON "discounts" USING btree ("organization_id","account_id","coupon_id") WHERE "discounts"."ended_at" is null and "discounts"."subscription_id" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "discounts_live_on_subscription" ON "discounts" USING btree ("organization_id","subscription_id","coupon_id") WHERE "discounts"."ended_at" is null and "discounts"."subscription_id" is not null;--> statement-breakpoint
CREATE INDEX "discounts_live_by_account" ON "discounts" USING btree ("organization_id","account_id") WHERE "discounts"."ended_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "credit_notes_number" ON "credit_notes" USING btree ("organization_id","number");--> statement-breakpoint
CREATE INDEX "credit_notes_by_invoice" ON "credit_notes" USING btree ("organization_id","invoice_id");--> statement-breakpoint
CREATE INDEX "credit_notes_by_account" ON "credit_notes" USING btree ("organization_id","account_id");--> statement-breakpoint
CREATE INDEX "refunds_by_payment" ON "refunds" USING btree ("organization_id","payment_id");--> statement-breakpoint
CREATE INDEX "refunds_by_account" ON "refunds" USING btree ("organization_id","account_id");--> statement-breakpoint
CREATE UNIQUE INDEX "refunds_gateway_refund" ON "refunds" USING btree ("gateway_account_id","gateway_refund");--> statement-breakpoint
CREATE INDEX "refunds_claim" ON "refunds" USING btree ("claim") WHERE "refunds"."ended_at" is null and "refunds"."claim" is not null;--> statement-breakpoint
CREATE INDEX "refunds_due" ON "refunds" USING btree ("gateway_account_id","due_at","id") WHERE "refunds"."ended_at" is null;--> statement-breakpoint
CREATE INDEX "refunds_clock_due" ON "refunds" USING btree ("clock_id","due_at") WHERE "refunds"."ended_at" is null;--> statement-breakpoint
ALTER TABLE "invoices" ADD CONSTRAINT "invoices_corrects" FOREIGN KEY ("organization_id","corrects") REFERENCES "public"."invoices"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "invoice_lines_credits" ON "invoice_lines" USING btree ("organization_id","credits_line_id") WHERE "invoice_lines"."credits_line_id" is not null;--> statement-breakpoint
CREATE INDEX "invoices_drafts" ON "invoices" USING btree ("organization_id","account_id") WHERE "invoices"."status" = 'draft';--> statement-breakpoint
CREATE INDEX "subscriptions_in_motion" ON "subscriptions" USING btree ("organization_id","account_id") WHERE "subscriptions"."status" = 'paused' or "subscriptions"."scheduled_change" is not null or "subscriptions"."baseline" is not null
          or "subscriptions"."pending_change" is not null or "subscriptions"."metering" is not null or "subscriptions"."add_ons" <> '[]'::jsonb;--> statement-breakpoint
-- Until now drafts waited for their tax only, and what was billed did not say for how long.
UPDATE "invoices" SET "awaits" = 'tax' WHERE "status" = 'draft';--> statement-breakpoint
UPDATE "billed" b SET "period_end" = l."period_end" FROM "invoice_lines" l
  WHERE l."organization_id" = b."organization_id" AND l."invoice_id" = b."invoice_id" AND l."billing_key" = b."billing_key";--> statement-breakpoint
ALTER TABLE "invoices" ADD CONSTRAINT "invoices_awaits" CHECK (("invoices"."status" = 'draft') = ("invoices"."awaits" is not null));--> statement-breakpoint
ALTER TABLE "invoices" ADD CONSTRAINT "invoices_void" CHECK (("invoices"."status" = 'void') = ("invoices"."voided_at" is not null));--> statement-breakpoint
ALTER TABLE "invoices" ADD CONSTRAINT "invoices_open" CHECK (("invoices"."status" = 'open') = ("invoices"."finalized_at" is not null and "invoices"."balance" > 0));--> statement-breakpoint
ALTER TABLE "invoices" ADD CONSTRAINT "invoices_not_overpaid" CHECK ("invoices"."balance" >= 0 or "invoices"."status" = 'draft');--> statement-breakpoint
ALTER TABLE "ledger_entries" ADD CONSTRAINT "ledger_entries_ledger_account" CHECK (ledger_account in ('receivable', 'revenue', 'tax', 'cash', 'rounding', 'credit', 'granted', 'refund', 'bad_debt'));--> statement-breakpoint
ALTER TABLE "plans" ADD CONSTRAINT "plans_kind" CHECK ("plans"."kind" in ('plan', 'add_on'));--> statement-breakpoint
ALTER TABLE "subscriptions" ADD CONSTRAINT "subscriptions_billing_time" CHECK (billing_time in ('anniversary', 'calendar'));--> statement-breakpoint
ALTER TABLE "subscriptions" ADD CONSTRAINT "subscriptions_trial_end" CHECK (trial_end in ('invoice', 'pause', 'cancel'));--> statement-breakpoint
ALTER TABLE "subscriptions" ADD CONSTRAINT "subscriptions_paused" CHECK (("subscriptions"."status" = 'paused') = ("subscriptions"."paused_at" is not null));