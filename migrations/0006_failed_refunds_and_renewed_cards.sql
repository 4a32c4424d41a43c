ALTER TABLE "credits" DROP CONSTRAINT "credits_source";--> statement-breakpoint
ALTER TABLE "payment_methods" ADD COLUMN "renewed_after" uuid;--> statement-breakpoint
ALTER TABLE "refunds" ADD COLUMN "resolution" text;--> statement-breakpoint
ALTER TABLE "reconciliation_differences" ADD COLUMN "looked_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "credits" ADD CONSTRAINT "credits_source" CHECK (source in ('grant', 'proration', 'credit_note', 'overpayment', 'refund'));--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_resolution" CHECK (resolution is null or status = 'failed' and resolution in ('refund', 'credit', 'out_of_band', 'dispute'));