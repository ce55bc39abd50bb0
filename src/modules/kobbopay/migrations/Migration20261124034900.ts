import { Migration } from "@medusajs/framework/mikro-orm/migrations";

export class Migration20261124034900 extends Migration {

  override async up(): Promise<void> {
    this.addSql(`create table if not exists "kobbopay_event" ("id" text not null, "account_id" text not null, "body_hash" text not null, "event_id" text null, "delivery_ids" text[] not null, "type" text not null, "reported_state" text null, "kobbopay_ids" text[] not null, "reference" text null, "payment_id" text null, "collection_id" text null, "raw_body" text not null, "secret_index" integer not null, "received_at" timestamptz not null, "last_seen_at" timestamptz not null, "times_seen" integer not null default 1, "state" text check ("state" in ('received', 'done', 'dead')) not null default 'received', "conflict" boolean not null default false, "attempts" integer not null default 0, "next_attempt_at" timestamptz null, "outcome" text null, "done_at" timestamptz null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "kobbopay_event_pkey" primary key ("id"));`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_event_deleted_at" ON "kobbopay_event" ("deleted_at") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_event_body" ON "kobbopay_event" ("account_id", "body_hash") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_event_event_id" ON "kobbopay_event" ("account_id", "event_id") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_event_payment" ON "kobbopay_event" ("payment_id") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_event_open_collection" ON "kobbopay_event" ("collection_id") WHERE state = 'received' AND deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_event_unknown" ON "kobbopay_event" ("account_id") WHERE outcome = 'unknown_payment' AND deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_event_due" ON "kobbopay_event" ("next_attempt_at") WHERE state = 'received' AND deleted_at IS NULL;`);

    this.addSql(`create table if not exists "kobbopay_exception" ("id" text not null, "class" text not null, "subject_id" text not null, "payment_id" text null, "event_row_id" text null, "account_id" text not null, "order_id" text null, "rail_id" text null, "expected" jsonb not null, "observed" jsonb not null, "fingerprint" text not null, "state" text check ("state" in ('open', 'closed')) not null default 'open', "opened_at" timestamptz not null, "last_seen_at" timestamptz not null, "closed_at" timestamptz null, "actor" text null, "resolution" text null, "note" text null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "kobbopay_exception_pkey" primary key ("id"));`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_exception_deleted_at" ON "kobbopay_exception" ("deleted_at") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_exception_open" ON "kobbopay_exception" ("subject_id", "class") WHERE state = 'open' AND deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_exception_subject" ON "kobbopay_exception" ("subject_id", "class") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_exception_payment" ON "kobbopay_exception" ("payment_id") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_exception_state" ON "kobbopay_exception" ("state", "class", "opened_at") WHERE deleted_at IS NULL;`);

    this.addSql(`create table if not exists "kobbopay_collection" ("id" text not null, "lease_owner" text null, "lease_until" timestamptz null, "fence" integer not null default 0, "due_at" timestamptz null, "wakes" integer not null default 0, "failures" integer not null default 0, "last_error" text null, "cancelling_at" timestamptz null, "order_cancelled_at" timestamptz null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "kobbopay_collection_pkey" primary key ("id"));`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_collection_deleted_at" ON "kobbopay_collection" ("deleted_at") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_collection_due" ON "kobbopay_collection" ("due_at") WHERE due_at IS NOT NULL AND deleted_at IS NULL;`);

    this.addSql(`create table if not exists "kobbopay_payment" ("id" text not null, "account_id" text not null, "kobbopay_id" text null, "reference" text not null, "public_token" text not null, "collection_id" text not null, "cart_id" text null, "order_id" text null, "rail_id" text not null, "token" text not null, "asset" text not null, "network" text not null, "decimals" integer not null, "expected_minor" text not null, "store_amount" text not null, "currency_code" text not null, "price" text not null, "address" text null, "memo" text null, "state" text check ("state" in ('creating', 'pending', 'partial', 'paid', 'confirmed', 'expired', 'failed')) not null default 'creating', "current" boolean not null default true, "target" text not null default 'nothing', "received_minor" text null, "transfers" jsonb null, "amount_fit" text null, "settled_session_id" text null, "money_seen_at" timestamptz null, "paid_at" timestamptz null, "confirmed_at" timestamptz null, "ended_at" timestamptz null, "window_ends_at" timestamptz not null, "converged_at" timestamptz null, "create_lease_until" timestamptz null, "last_read_at" timestamptz null, "next_check_at" timestamptz null, "failures" integer not null default 0, "last_error" text null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "kobbopay_payment_pkey" primary key ("id"));`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_payment_deleted_at" ON "kobbopay_payment" ("deleted_at") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_payment_kobbopay_id" ON "kobbopay_payment" ("account_id", "kobbopay_id") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_payment_token" ON "kobbopay_payment" ("public_token") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_payment_reference" ON "kobbopay_payment" ("account_id", "reference") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_payment_collection" ON "kobbopay_payment" ("collection_id") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_payment_order" ON "kobbopay_payment" ("order_id") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_payment_current" ON "kobbopay_payment" ("collection_id", "account_id", "rail_id", "store_amount", "currency_code") WHERE current = true AND deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_payment_next_check" ON "kobbopay_payment" ("next_check_at") WHERE next_check_at IS NOT NULL AND deleted_at IS NULL;`);

    this.addSql(`create table if not exists "kobbopay_payment_session" ("id" text not null, "session_id" text not null, "payment_id" text not null, "detached_at" timestamptz null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "kobbopay_payment_session_pkey" primary key ("id"));`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_payment_session_deleted_at" ON "kobbopay_payment_session" ("deleted_at") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_payment_session_pair" ON "kobbopay_payment_session" ("session_id", "payment_id") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_payment_session_payment" ON "kobbopay_payment_session" ("payment_id") WHERE deleted_at IS NULL;`);

    this.addSql(`create table if not exists "kobbopay_transition" ("id" text not null, "payment_id" text not null, "from_state" text not null, "to_state" text not null, "source" text not null, "received_minor" text null, "at" timestamptz not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "kobbopay_transition_pkey" primary key ("id"));`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_transition_deleted_at" ON "kobbopay_transition" ("deleted_at") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_transition_payment" ON "kobbopay_transition" ("payment_id") WHERE deleted_at IS NULL;`);
  }

  override async down(): Promise<void> {
    this.addSql(`drop table if exists "kobbopay_event" cascade;`);

    this.addSql(`drop table if exists "kobbopay_exception" cascade;`);

    this.addSql(`drop table if exists "kobbopay_collection" cascade;`);

    this.addSql(`drop table if exists "kobbopay_payment" cascade;`);

    this.addSql(`drop table if exists "kobbopay_payment_session" cascade;`);

    this.addSql(`drop table if exists "kobbopay_transition" cascade;`);
  }

}
