import { Migration } from "@medusajs/framework/mikro-orm/migrations";

export class Migration20261125070632 extends Migration {

  override async up(): Promise<void> {
    this.addSql(`create table if not exists "kobbopay_reconciliation" ("id" text not null, "follows" text not null, "trigger" text check ("trigger" in ('scheduled', 'manual', 'backfill')) not null, "actor" text null, "since" timestamptz not null, "state" text check ("state" in ('running', 'done')) not null default 'running', "started_at" timestamptz not null, "finished_at" timestamptz null, "cursor" text not null default '', "lease_owner" text null, "lease_until" timestamptz null, "fence" integer not null default 0, "payments" integer not null default 0, "read" integer not null default 0, "moved" integer not null default 0, "failed_reads" integer not null default 0, "put_off" integer not null default 0, "mended" jsonb not null, "drift" jsonb not null, "pauses" jsonb not null, "last_error" text null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "kobbopay_reconciliation_pkey" primary key ("id"));`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_reconciliation_deleted_at" ON "kobbopay_reconciliation" ("deleted_at") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_reconciliation_follows" ON "kobbopay_reconciliation" ("follows") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_reconciliation_running" ON "kobbopay_reconciliation" ("state") WHERE state = 'running' AND deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_reconciliation_started" ON "kobbopay_reconciliation" ("started_at") WHERE deleted_at IS NULL;`);

    this.addSql(`alter table if exists "kobbopay_payment" add column if not exists "environment" text null;`);
  }

  override async down(): Promise<void> {
    this.addSql(`drop table if exists "kobbopay_reconciliation" cascade;`);

    this.addSql(`alter table if exists "kobbopay_payment" drop column if exists "environment";`);
  }

}
