CREATE TABLE "notifications" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"account_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"invoice_id" uuid,
	"payment_id" uuid,
	"facts" jsonb NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "notifications_pkey" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "notifications_kind" CHECK (kind in ('payment_failed', 'payment_action_required', 'payment_method_missing', 'payment_reminder', 'overdue_warning', 'access_blocked', 'access_restored', 'subscription_ended_unpaid', 'payment_receipt'))
);
--> statement-breakpoint
CREATE TABLE "disputes" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"account_id" uuid NOT NULL,
	"payment_id" uuid NOT NULL,
	"gateway_account_id" uuid NOT NULL,
	"gateway_dispute" text NOT NULL,
	"version" integer NOT NULL,
	"status" text NOT NULL,
	"amount" bigint NOT NULL,
	"currency" text NOT NULL,
	"reason" text NOT NULL,
	"evidence_due_at" timestamp(3) with time zone,
	"created_at" timestamp(3) with time zone NOT NULL,
	"ended_at" timestamp(3) with time zone,
	CONSTRAINT "disputes_pkey" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "disputes_status" CHECK (status in ('inquiry', 'open', 'won', 'lost', 'closed')),
	CONSTRAINT "disputes_ended" CHECK (("disputes"."status" in ('won', 'lost', 'closed')) = ("disputes"."ended_at" is not null)),
	CONSTRAINT "disputes_amount" CHECK ("disputes"."amount" > 0)
);
--> statement-breakpoint
CREATE TABLE "gateway_events" (
	"organization_id" uuid NOT NULL,
	"gateway_account_id" uuid NOT NULL,
	"event_id" text NOT NULL,
	"type" text NOT NULL,
	"object_id" text NOT NULL,
	"source" text NOT NULL,
	"received_at" timestamp(3) with time zone NOT NULL,
	"applied_at" timestamp(3) with time zone,
	"tries" integer DEFAULT 0 NOT NULL,
	"next_at" timestamp(3) with time zone NOT NULL,
	"error" text,
	CONSTRAINT "gateway_events_pkey" PRIMARY KEY("gateway_account_id","event_id")
);
--> statement-breakpoint
CREATE TABLE "reconciliation_differences" (
	"organization_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"gateway_account_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"kind" text NOT NULL,
	"gateway_object" text NOT NULL,
	"object" text,
	"expected" bigint,
	"actual" bigint,
	"currency" text,
	"detail" text NOT NULL,
	"found_at" timestamp(3) with time zone NOT NULL,
	"owner" text,
	"status" text NOT NULL,
	"resolution" text,
	"note" text,
	"closed_at" timestamp(3) with time zone,
	CONSTRAINT "reconciliation_differences_pkey" PRIMARY KEY("organization_id","id"),
	CONSTRAINT "reconciliation_differences_kind" CHECK (kind in ('unknown_here', 'missing_there', 'amount', 'currency', 'not_settled_here', 'without_document', 'unanswered', 'not_applied')),
	CONSTRAINT "reconciliation_differences_resolution" CHECK (resolution in ('corrected', 'accepted', 'not_ours', 'vanished')),
	CONSTRAINT "reconciliation_differences_closed" CHECK (("reconciliation_differences"."status" = 'open') = ("reconciliation_differences"."closed_at" is null) and ("reconciliation_differences"."closed_at" is null) = ("reconciliation_differences"."resolution" is null))
);
--> statement-breakpoint
ALTER TABLE "ledger_entries" DROP CONSTRAINT "ledger_entries_ledger_account";--> statement-breakpoint
ALTER TABLE "payments" ALTER COLUMN "payment_method_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "payments" ALTER COLUMN "gateway_account_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "overdue_status" text DEFAULT 'current' NOT NULL;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "overdue_step" text DEFAULT 'none' NOT NULL;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "overdue_since" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "dispute_hold" jsonb;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "open_disputes" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "payment_methods" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "collection" text DEFAULT 'idle' NOT NULL;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "failed_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "next_attempt_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "held_days" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "gateway_accounts" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "gateway_accounts" ADD COLUMN "webhook_secret" jsonb;--> statement-breakpoint
ALTER TABLE "gateway_accounts" ADD COLUMN "webhook_endpoint" text;--> statement-breakpoint
ALTER TABLE "gateway_accounts" ADD COLUMN "events_read_to" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "gateway_accounts" ADD COLUMN "reconciled_to" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "gateway_accounts" ADD COLUMN "look_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "payment_attempts" ADD COLUMN "payment_method_id" uuid;--> statement-breakpoint
ALTER TABLE "payment_attempts" ADD COLUMN "amount" bigint;--> statement-breakpoint
ALTER TABLE "payment_attempts" ADD COLUMN "reason" text;--> statement-breakpoint
ALTER TABLE "payment_attempts" ADD COLUMN "return_url" text;--> statement-breakpoint
-- Until now a payment had one try, and it was of the payment's own method and amount.
update payment_attempts a set payment_method_id = p.payment_method_id, amount = p.amount, reason = 'first'
  from payments p where p.organization_id = a.organization_id and p.id = a.payment_id;--> statement-breakpoint
ALTER TABLE "payment_attempts" ALTER COLUMN "payment_method_id" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "payment_attempts" ALTER COLUMN "amount" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "payment_attempts" ALTER COLUMN "reason" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "payments" ADD COLUMN "manual" jsonb;--> statement-breakpoint
ALTER TABLE "payments" ADD COLUMN "settled_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "payments" ADD COLUMN "balance_transaction" text;--> statement-breakpoint
ALTER TABLE "refunds" ADD COLUMN "settled_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "refunds" ADD COLUMN "balance_transaction" text;--> statement-breakpoint
ALTER TABLE "refunds" ADD COLUMN "granted" bigint;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD COLUMN "access" text DEFAULT 'granted' NOT NULL;--> statement-breakpoint
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_account" FOREIGN KEY ("organization_id","account_id") REFERENCES "public"."accounts"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "disputes" ADD CONSTRAINT "disputes_payment" FOREIGN KEY ("organization_id","payment_id") REFERENCES "public"."payments"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "disputes" ADD CONSTRAINT "disputes_account" FOREIGN KEY ("organization_id","account_id") REFERENCES "public"."accounts"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "disputes" ADD CONSTRAINT "disputes_gateway_account" FOREIGN KEY ("organization_id","gateway_account_id") REFERENCES "public"."gateway_accounts"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "gateway_events" ADD CONSTRAINT "gateway_events_gateway_account" FOREIGN KEY ("organization_id","gateway_account_id") REFERENCES "public"."gateway_accounts"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reconciliation_differences" ADD CONSTRAINT "reconciliation_differences_gateway_account" FOREIGN KEY ("organization_id","gateway_account_id") REFERENCES "public"."gateway_accounts"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "notifications_by_account" ON "notifications" USING btree ("organization_id","account_id");--> statement-breakpoint
CREATE UNIQUE INDEX "disputes_gateway_dispute" ON "disputes" USING btree ("gateway_account_id","gateway_dispute");--> statement-breakpoint
CREATE INDEX "disputes_by_payment" ON "disputes" USING btree ("organization_id","payment_id");--> statement-breakpoint
CREATE INDEX "disputes_by_account" ON "disputes" USING btree ("organization_id","account_id");--> statement-breakpoint
CREATE INDEX "gateway_events_waiting" ON "gateway_events" USING btree ("next_at") WHERE "gateway_events"."applied_at" is null;--> statement-breakpoint
CREATE INDEX "reconciliation_differences_object" ON "reconciliation_differences" USING btree ("gateway_account_id","gateway_object");--> statement-breakpoint
CREATE UNIQUE INDEX "reconciliation_differences_open" ON "reconciliation_differences" USING btree ("gateway_account_id","kind","gateway_object") WHERE "reconciliation_differences"."status" = 'open';--> statement-breakpoint
ALTER TABLE "payment_attempts" ADD CONSTRAINT "payment_attempts_method" FOREIGN KEY ("organization_id","payment_method_id") REFERENCES "public"."payment_methods"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "accounts_overdue" ON "accounts" USING btree ("organization_id","id") WHERE "accounts"."overdue_status" <> 'current';--> statement-breakpoint
CREATE INDEX "payment_methods_by_gateway" ON "payment_methods" USING btree ("gateway_account_id","gateway_method");--> statement-breakpoint
CREATE INDEX "invoices_open" ON "invoices" USING btree ("organization_id","account_id") WHERE "invoices"."status" = 'open';--> statement-breakpoint
CREATE UNIQUE INDEX "payment_attempts_open" ON "payment_attempts" USING btree ("organization_id","payment_id") WHERE "payment_attempts"."ended_at" is null;--> statement-breakpoint
CREATE INDEX "payments_unmatched" ON "payments" USING btree ("gateway_account_id","settled_at") WHERE "payments"."balance_transaction" is null and "payments"."gateway_payment" is not null;--> statement-breakpoint
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_overdue_status" CHECK (overdue_status in ('current', 'warning', 'blocked'));--> statement-breakpoint
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_overdue_step" CHECK (overdue_step in ('none', 'past_due', 'reminder', 'warning', 'blocked', 'ended'));--> statement-breakpoint
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_open_disputes" CHECK ("accounts"."open_disputes" >= 0);--> statement-breakpoint
ALTER TABLE "invoices" ADD CONSTRAINT "invoices_collection" CHECK (collection in ('idle', 'retrying', 'suspended', 'exhausted'));--> statement-breakpoint
ALTER TABLE "invoices" ADD CONSTRAINT "invoices_retrying" CHECK (("invoices"."collection" = 'retrying') = ("invoices"."next_attempt_at" is not null));--> statement-breakpoint
ALTER TABLE "ledger_entries" ADD CONSTRAINT "ledger_entries_ledger_account" CHECK (ledger_account in ('receivable', 'revenue', 'tax', 'cash', 'rounding', 'credit', 'granted', 'refund', 'dispute', 'bad_debt'));--> statement-breakpoint
ALTER TABLE "payment_attempts" ADD CONSTRAINT "payment_attempts_reason" CHECK (reason in ('first', 'retry', 'fallback', 'new_method', 'customer', 'request'));--> statement-breakpoint
ALTER TABLE "payments" ADD CONSTRAINT "payments_way" CHECK (("payments"."manual" is null) = ("payments"."gateway_account_id" is not null));--> statement-breakpoint
ALTER TABLE "payments" ADD CONSTRAINT "payments_method_given" CHECK (("payments"."manual" is null) = ("payments"."payment_method_id" is not null));--> statement-breakpoint
ALTER TABLE "payments" ADD CONSTRAINT "payments_settled" CHECK (("payments"."settled_at" is null) or ("payments"."status" = 'succeeded'));--> statement-breakpoint
CREATE INDEX "events_overdue" ON "events" USING btree ("organization_id","subject_id","id") WHERE "events"."type" like 'account.overdue%' or "events"."type" like 'account.dispute%';--> statement-breakpoint
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_invoice" FOREIGN KEY ("organization_id","invoice_id") REFERENCES "public"."invoices"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_payment" FOREIGN KEY ("organization_id","payment_id") REFERENCES "public"."payments"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "notifications_by_invoice" ON "notifications" USING btree ("organization_id","invoice_id");--> statement-breakpoint
CREATE UNIQUE INDEX "gateway_accounts_id" ON "gateway_accounts" USING btree ("id");--> statement-breakpoint
CREATE INDEX "gateway_events_received" ON "gateway_events" USING btree ("gateway_account_id","received_at");--> statement-breakpoint
CREATE INDEX "refunds_unmatched" ON "refunds" USING btree ("gateway_account_id","settled_at") WHERE "refunds"."balance_transaction" is null and "refunds"."gateway_refund" is not null;--> statement-breakpoint
-- What had failed is tried again: nothing did that until now.
update invoices i set collection = 'retrying', failed_at = f.ended_at, next_attempt_at = f.ended_at
  from (select distinct on (p.organization_id, p.invoice_id) p.organization_id, p.invoice_id, p.status, a.ended_at
    from payments p join payment_attempts a on a.organization_id = p.organization_id and a.payment_id = p.id
    order by p.organization_id, p.invoice_id, p.id desc) f, accounts c
  where i.organization_id = f.organization_id and i.id = f.invoice_id and f.status = 'failed' and f.ended_at is not null
    and i.status = 'open' and c.organization_id = i.organization_id and c.id = i.account_id and c.collection = 'automatic';--> statement-breakpoint
-- What is owed is looked at from now on, also where nothing else falls due.
update accounts a set next_billing_at = least(a.next_billing_at, coalesce(
    (select t.now_at from test_clocks t where t.organization_id = a.organization_id and t.id = a.clock_id), now()))
  where exists (select from invoices i
    where i.organization_id = a.organization_id and i.account_id = a.id and i.status = 'open');
