import { Migration } from "@medusajs/framework/mikro-orm/migrations";

export class Migration20261128050930 extends Migration {

  override async up(): Promise<void> {
    this.addSql(`create table if not exists "kobbopay_collection" ("id" text not null, "lease_owner" text null, "lease_until" timestamptz null, "fence" integer not null default 0, "due_at" timestamptz null, "wakes" integer not null default 0, "urgent" boolean not null default false, "failures" integer not null default 0, "last_error" text null, "cancelling_at" timestamptz null, "order_cancelled_at" timestamptz null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "kobbopay_collection_pkey" primary key ("id"));`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_collection_deleted_at" ON "kobbopay_collection" ("deleted_at") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_collection_due" ON "kobbopay_collection" ("due_at") WHERE due_at IS NOT NULL AND deleted_at IS NULL;`);

    this.addSql(`create table if not exists "kobbopay_entitled_order" ("id" text not null, "due_at" timestamptz null, "wakes" integer not null default 0, "version" integer not null default 0, "worked_at" timestamptz null, "failures" integer not null default 0, "last_error" text null, "fulfilling_until" timestamptz null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "kobbopay_entitled_order_pkey" primary key ("id"));`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_entitled_order_deleted_at" ON "kobbopay_entitled_order" ("deleted_at") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_entitled_order_due" ON "kobbopay_entitled_order" ("due_at") WHERE due_at IS NOT NULL AND deleted_at IS NULL;`);

    this.addSql(`create table if not exists "kobbopay_entitlement" ("id" text not null, "order_id" text not null, "line_item_id" text not null, "product_id" text null, "variant_id" text null, "title" text not null, "variant_title" text null, "state" text check ("state" in ('held', 'released', 'revoked')) not null default 'held', "quantity" integer not null, "released_quantity" integer not null default 0, "revoked_quantity" integer not null default 0, "release_on" text check ("release_on" in ('paid', 'confirmed', 'manual')) not null, "decision" text check ("decision" in ('hold', 'release', 'revoke')) null, "decided_by" text null, "decided_at" timestamptz null, "decision_reason" text null, "forgiven_quantity" integer not null default 0, "version" integer not null default 0, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "kobbopay_entitlement_pkey" primary key ("id"));`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_entitlement_deleted_at" ON "kobbopay_entitlement" ("deleted_at") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_entitlement_line" ON "kobbopay_entitlement" ("order_id", "line_item_id") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_entitlement_line_item" ON "kobbopay_entitlement" ("line_item_id") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_entitlement_variant" ON "kobbopay_entitlement" ("variant_id") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_entitlement_state" ON "kobbopay_entitlement" ("state", "created_at") WHERE deleted_at IS NULL;`);

    this.addSql(`create table if not exists "kobbopay_entitlement_change" ("id" text not null, "entitlement_id" text not null, "order_id" text not null, "line_item_id" text not null, "version" integer not null, "kind" text check ("kind" in ('held', 'released', 'revoked', 'decided')) not null, "quantity" integer not null, "actor" text not null, "reason" text not null, "at" timestamptz not null, "emitted_at" timestamptz null, "emitting_until" timestamptz null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "kobbopay_entitlement_change_pkey" primary key ("id"));`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_entitlement_change_deleted_at" ON "kobbopay_entitlement_change" ("deleted_at") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_entitlement_change_version" ON "kobbopay_entitlement_change" ("entitlement_id", "version") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_entitlement_change_unsent" ON "kobbopay_entitlement_change" ("at") WHERE emitted_at IS NULL AND kind <> 'decided' AND deleted_at IS NULL;`);

    this.addSql(`create table if not exists "kobbopay_event" ("id" text not null, "account_id" text not null, "body_hash" text not null, "event_id" text null, "delivery_ids" text[] not null, "type" text not null, "reported_state" text null, "reported_amount" text null, "kobbopay_ids" text[] not null, "reference" text null, "payment_id" text null, "collection_id" text null, "raw_body" text not null, "secret_index" integer not null, "received_at" timestamptz not null, "last_seen_at" timestamptz not null, "times_seen" integer not null default 1, "state" text check ("state" in ('received', 'done', 'dead')) not null default 'received', "conflict" boolean not null default false, "attempts" integer not null default 0, "next_attempt_at" timestamptz null, "outcome" text null, "done_at" timestamptz null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "kobbopay_event_pkey" primary key ("id"));`);
    // No index on deleted_at here: events are never deleted, so it would only be another entry for each of them.
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_event_body" ON "kobbopay_event" ("account_id", "body_hash") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_event_event_id" ON "kobbopay_event" ("account_id", "event_id") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_event_of_payment" ON "kobbopay_event" ("payment_id") WHERE payment_id IS NOT NULL AND deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_event_open" ON "kobbopay_event" ("collection_id") WHERE state = 'received' AND collection_id IS NOT NULL AND deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_event_unknown" ON "kobbopay_event" ("account_id") WHERE outcome = 'unknown_payment' AND deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_event_with_body" ON "kobbopay_event" ("done_at") WHERE state = 'done' AND raw_body <> '' AND deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_event_unrouted" ON "kobbopay_event" ("next_attempt_at") WHERE state = 'received' AND collection_id IS NULL AND deleted_at IS NULL;`);

    this.addSql(`create table if not exists "kobbopay_exception" ("id" text not null, "class" text not null, "subject_id" text not null, "payment_id" text null, "event_row_id" text null, "account_id" text not null, "order_id" text null, "rail_id" text null, "expected" jsonb not null, "observed" jsonb not null, "fingerprint" text not null, "state" text check ("state" in ('open', 'closed')) not null default 'open', "opened_at" timestamptz not null, "last_seen_at" timestamptz not null, "closed_at" timestamptz null, "actor" text null, "resolution" text null, "note" text null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "kobbopay_exception_pkey" primary key ("id"));`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_exception_deleted_at" ON "kobbopay_exception" ("deleted_at") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_exception_open" ON "kobbopay_exception" ("subject_id", "class") WHERE state = 'open' AND deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_exception_subject" ON "kobbopay_exception" ("subject_id", "class") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_exception_payment" ON "kobbopay_exception" ("payment_id") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_exception_state" ON "kobbopay_exception" ("state", "class", "opened_at") WHERE deleted_at IS NULL;`);

    this.addSql(`create table if not exists "kobbopay_payment" ("id" text not null, "account_id" text not null, "environment" text null, "kobbopay_id" text null, "reference" text not null, "public_token" text not null, "collection_id" text not null, "cart_id" text null, "order_id" text null, "rail_id" text not null, "token" text not null, "asset" text not null, "network" text not null, "decimals" integer not null, "expected_minor" text not null, "store_amount" text not null, "currency_code" text not null, "price" text not null, "address" text null, "memo" text null, "state" text check ("state" in ('creating', 'pending', 'partial', 'paid', 'confirmed', 'expired', 'failed')) not null default 'creating', "current" boolean not null default true, "target" text not null default 'nothing', "received_minor" text null, "transfers" jsonb null, "amount_fit" text null, "refunded_minor" text not null default '0', "written_off_minor" text not null default '0', "accepted" text null, "accepted_by" text null, "accepted_at" timestamptz null, "accepted_minor" text null, "accepted_amount" text null, "settled_session_id" text null, "money_seen_at" timestamptz null, "paid_at" timestamptz null, "confirmed_at" timestamptz null, "captured_at" timestamptz null, "ended_at" timestamptz null, "window_ends_at" timestamptz not null, "converged_at" timestamptz null, "create_lease_until" timestamptz null, "last_read_at" timestamptz null, "next_check_at" timestamptz null, "failing_since" timestamptz null, "failures" integer not null default 0, "last_error" text null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "kobbopay_payment_pkey" primary key ("id"));`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_payment_deleted_at" ON "kobbopay_payment" ("deleted_at") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_payment_kobbopay_id" ON "kobbopay_payment" ("account_id", "kobbopay_id") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_payment_token" ON "kobbopay_payment" ("public_token") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_payment_reference" ON "kobbopay_payment" ("account_id", "reference") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_payment_collection" ON "kobbopay_payment" ("collection_id") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_payment_order" ON "kobbopay_payment" ("order_id") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_payment_current" ON "kobbopay_payment" ("collection_id", "account_id", "rail_id", "store_amount", "currency_code") WHERE current = true AND deleted_at IS NULL;`);

    this.addSql(`create table if not exists "kobbopay_payment_session" ("id" text not null, "session_id" text not null, "payment_id" text not null, "detached_at" timestamptz null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "kobbopay_payment_session_pkey" primary key ("id"));`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_payment_session_deleted_at" ON "kobbopay_payment_session" ("deleted_at") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_payment_session_pair" ON "kobbopay_payment_session" ("session_id", "payment_id") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_payment_session_payment" ON "kobbopay_payment_session" ("payment_id") WHERE deleted_at IS NULL;`);

    this.addSql(`create table if not exists "kobbopay_reconciliation" ("id" text not null, "follows" text not null, "trigger" text check ("trigger" in ('scheduled', 'manual', 'backfill')) not null, "actor" text null, "since" timestamptz not null, "state" text check ("state" in ('running', 'done')) not null default 'running', "started_at" timestamptz not null, "finished_at" timestamptz null, "cursor" text not null default '', "lease_owner" text null, "lease_until" timestamptz null, "fence" integer not null default 0, "payments" integer not null default 0, "read" integer not null default 0, "moved" integer not null default 0, "failed_reads" integer not null default 0, "put_off" integer not null default 0, "mended" jsonb not null, "drift" jsonb not null, "pauses" jsonb not null, "last_error" text null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "kobbopay_reconciliation_pkey" primary key ("id"));`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_reconciliation_deleted_at" ON "kobbopay_reconciliation" ("deleted_at") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_reconciliation_follows" ON "kobbopay_reconciliation" ("follows") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_reconciliation_running" ON "kobbopay_reconciliation" ("state") WHERE state = 'running' AND deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_reconciliation_started" ON "kobbopay_reconciliation" ("started_at") WHERE deleted_at IS NULL;`);

    this.addSql(`create table if not exists "kobbopay_refund" ("id" text not null, "payment_id" text not null, "collection_id" text not null, "account_id" text not null, "order_id" text null, "amount_minor" text not null, "hash" text not null, "store_amount" text null, "currency_code" text not null, "state" text check ("state" in ('recorded', 'booked', 'kept')) not null, "medusa_refund_id" text null, "actor" text not null, "note" text null, "recorded_at" timestamptz not null, "booked_at" timestamptz null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "kobbopay_refund_pkey" primary key ("id"));`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_refund_deleted_at" ON "kobbopay_refund" ("deleted_at") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_refund_hash" ON "kobbopay_refund" ("payment_id", "hash") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_refund_open" ON "kobbopay_refund" ("collection_id") WHERE state = 'recorded' AND deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_refund_order" ON "kobbopay_refund" ("order_id") WHERE deleted_at IS NULL;`);

    this.addSql(`create table if not exists "kobbopay_transfer" ("id" text not null, "payment_id" text not null, "scope" text not null, "key" text not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "kobbopay_transfer_pkey" primary key ("id"));`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_transfer_deleted_at" ON "kobbopay_transfer" ("deleted_at") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_transfer_key" ON "kobbopay_transfer" ("scope", "key") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_transfer_payment" ON "kobbopay_transfer" ("payment_id") WHERE deleted_at IS NULL;`);

    this.addSql(`create table if not exists "kobbopay_transition" ("id" text not null, "payment_id" text not null, "from_state" text not null, "to_state" text not null, "source" text not null, "actor" text null, "note" text null, "received_minor" text null, "at" timestamptz not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "kobbopay_transition_pkey" primary key ("id"));`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_transition_deleted_at" ON "kobbopay_transition" ("deleted_at") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_transition_payment" ON "kobbopay_transition" ("payment_id") WHERE deleted_at IS NULL;`);
  }

  override async down(): Promise<void> {
    this.addSql(`drop table if exists "kobbopay_collection" cascade;`);

    this.addSql(`drop table if exists "kobbopay_entitled_order" cascade;`);

    this.addSql(`drop table if exists "kobbopay_entitlement" cascade;`);

    this.addSql(`drop table if exists "kobbopay_entitlement_change" cascade;`);

    this.addSql(`drop table if exists "kobbopay_event" cascade;`);

    this.addSql(`drop table if exists "kobbopay_exception" cascade;`);

    this.addSql(`drop table if exists "kobbopay_payment" cascade;`);

    this.addSql(`drop table if exists "kobbopay_payment_session" cascade;`);

    this.addSql(`drop table if exists "kobbopay_reconciliation" cascade;`);

    this.addSql(`drop table if exists "kobbopay_refund" cascade;`);

    this.addSql(`drop table if exists "kobbopay_transfer" cascade;`);

    this.addSql(`drop table if exists "kobbopay_transition" cascade;`);
  }

}
