import { Migration } from "@medusajs/framework/mikro-orm/migrations";

export class Migration20261125064606 extends Migration {

  override async up(): Promise<void> {
    this.addSql(`create table if not exists "kobbopay_refund" ("id" text not null, "payment_id" text not null, "collection_id" text not null, "account_id" text not null, "order_id" text null, "amount_minor" text not null, "hash" text not null, "store_amount" text null, "currency_code" text not null, "state" text check ("state" in ('recorded', 'booked', 'kept')) not null, "medusa_refund_id" text null, "actor" text not null, "note" text null, "recorded_at" timestamptz not null, "booked_at" timestamptz null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "kobbopay_refund_pkey" primary key ("id"));`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_refund_deleted_at" ON "kobbopay_refund" ("deleted_at") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_refund_hash" ON "kobbopay_refund" ("payment_id", "hash") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_refund_open" ON "kobbopay_refund" ("collection_id") WHERE state = 'recorded' AND deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_refund_order" ON "kobbopay_refund" ("order_id") WHERE deleted_at IS NULL;`);

    this.addSql(`alter table if exists "kobbopay_payment" add column if not exists "paid_back_minor" text not null default '0', add column if not exists "accepted" text null, add column if not exists "accepted_by" text null, add column if not exists "accepted_at" timestamptz null, add column if not exists "accepted_amount" text null, add column if not exists "captured_at" timestamptz null;`);

    this.addSql(`alter table if exists "kobbopay_transition" add column if not exists "actor" text null, add column if not exists "note" text null;`);
  }

  override async down(): Promise<void> {
    this.addSql(`drop table if exists "kobbopay_refund" cascade;`);

    this.addSql(`alter table if exists "kobbopay_payment" drop column if exists "paid_back_minor", drop column if exists "accepted", drop column if exists "accepted_by", drop column if exists "accepted_at", drop column if exists "accepted_amount", drop column if exists "captured_at";`);

    this.addSql(`alter table if exists "kobbopay_transition" drop column if exists "actor", drop column if exists "note";`);
  }

}
