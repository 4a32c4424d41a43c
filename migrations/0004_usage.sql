CREATE TABLE "usage_corrections" (
	"organization_id" uuid NOT NULL,
	"subscription_id" uuid NOT NULL,
	"event_id" text NOT NULL,
	"version" integer NOT NULL,
	"before" jsonb NOT NULL,
	"actor" text NOT NULL,
	"at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "usage_corrections_pkey" PRIMARY KEY("subscription_id","event_id","version")
);
--> statement-breakpoint
CREATE TABLE "usage_events" (
	"organization_id" uuid NOT NULL,
	"subscription_id" uuid NOT NULL,
	"event_id" text NOT NULL,
	"version" integer NOT NULL,
	"metric" text NOT NULL,
	"at" timestamp(3) with time zone NOT NULL,
	"quantity" text NOT NULL,
	"properties" jsonb NOT NULL,
	"value" text NOT NULL,
	"received_at" timestamp(3) with time zone NOT NULL,
	"late" text,
	"voided_at" timestamp(3) with time zone,
	CONSTRAINT "usage_events_pkey" PRIMARY KEY("subscription_id","event_id"),
	CONSTRAINT "usage_events_late" CHECK ("usage_events"."late" in ('supplemental', 'unbilled'))
) PARTITION BY HASH ("subscription_id");
--> statement-breakpoint
DO $$ BEGIN
	FOR n IN 0..15 LOOP
		EXECUTE format('CREATE TABLE usage_events_%s PARTITION OF usage_events FOR VALUES WITH (MODULUS 16, REMAINDER %s)', n, n);
	END LOOP;
END $$;
--> statement-breakpoint
CREATE TABLE "usage_reports" (
	"id" uuid PRIMARY KEY NOT NULL,
	"organization_id" uuid NOT NULL,
	"subscription_id" uuid NOT NULL,
	"subject" text NOT NULL,
	"report" jsonb NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "usage_reports_subject" UNIQUE("subscription_id","subject")
);
--> statement-breakpoint
CREATE TABLE "usage_set_aside" (
	"shard" smallint NOT NULL,
	"position" bigint NOT NULL,
	"organization_id" uuid NOT NULL,
	"event" jsonb NOT NULL,
	"reason" text NOT NULL,
	"at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "usage_set_aside_pkey" PRIMARY KEY("shard","position")
);
--> statement-breakpoint
CREATE TABLE "usage_shards" (
	"shard" smallint PRIMARY KEY NOT NULL,
	"flushed" bigint NOT NULL,
	"inserted" bigint NOT NULL,
	"duplicates" bigint NOT NULL,
	"set_aside" bigint NOT NULL,
	CONSTRAINT "usage_shards_sum" CHECK ("usage_shards"."flushed" = "usage_shards"."inserted" + "usage_shards"."duplicates" + "usage_shards"."set_aside")
);
--> statement-breakpoint
DROP INDEX "subscriptions_in_motion";--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "origins" text[];--> statement-breakpoint
ALTER TABLE "metrics" ADD COLUMN "decimals" smallint DEFAULT 12 NOT NULL;--> statement-breakpoint
ALTER TABLE "metrics" ADD COLUMN "allow_negative" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD COLUMN "metered" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "usage_corrections" ADD CONSTRAINT "usage_corrections_subscription" FOREIGN KEY ("organization_id","subscription_id") REFERENCES "public"."subscriptions"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "usage_events" ADD CONSTRAINT "usage_events_subscription" FOREIGN KEY ("organization_id","subscription_id") REFERENCES "public"."subscriptions"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "usage_reports" ADD CONSTRAINT "usage_reports_subscription" FOREIGN KEY ("organization_id","subscription_id") REFERENCES "public"."subscriptions"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "usage_events_at" ON "usage_events" USING btree ("subscription_id","at");--> statement-breakpoint
CREATE INDEX "usage_reports_created" ON "usage_reports" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "usage_set_aside_organization" ON "usage_set_aside" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "events_pauses" ON "events" USING btree ("subject_id") WHERE "events"."type" in ('subscription.paused', 'subscription.resumed');--> statement-breakpoint
CREATE INDEX "subscriptions_in_motion" ON "subscriptions" USING btree ("organization_id","account_id") WHERE "subscriptions"."status" = 'paused' or "subscriptions"."scheduled_change" is not null or "subscriptions"."baseline" is not null
          or "subscriptions"."pending_change" is not null or "subscriptions"."metering" is not null or "subscriptions"."add_ons" <> '[]'::jsonb
          or "subscriptions"."metered" <> '[]'::jsonb;--> statement-breakpoint
ALTER TABLE "metrics" ADD CONSTRAINT "metrics_decimals" CHECK ("metrics"."decimals" between 0 and 12);