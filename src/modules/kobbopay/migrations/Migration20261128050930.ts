import { Migration } from "@medusajs/framework/mikro-orm/migrations";

export class Migration20261128050930 extends Migration {

  override async up(): Promise<void> {
    this.addSql(`create table if not exists "kobbopay_transfer" ("id" text not null, "payment_id" text not null, "scope" text not null, "key" text not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, constraint "kobbopay_transfer_pkey" primary key ("id"));`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_transfer_deleted_at" ON "kobbopay_transfer" ("deleted_at") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE UNIQUE INDEX IF NOT EXISTS "IDX_kobbopay_transfer_key" ON "kobbopay_transfer" ("scope", "key") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_transfer_payment" ON "kobbopay_transfer" ("payment_id") WHERE deleted_at IS NULL;`);

    this.addSql(`alter table if exists "kobbopay_event" add column if not exists "reported_amount" text null;`);

    this.addSql(`alter table if exists "kobbopay_collection" add column if not exists "urgent" boolean not null default false;`);

    this.addSql(`alter table if exists "kobbopay_payment" add column if not exists "written_off_minor" text not null default '0', add column if not exists "failing_since" timestamptz null;`);
  }

  override async down(): Promise<void> {
    this.addSql(`drop table if exists "kobbopay_transfer" cascade;`);

    this.addSql(`alter table if exists "kobbopay_event" drop column if exists "reported_amount";`);

    this.addSql(`alter table if exists "kobbopay_collection" drop column if exists "urgent";`);

    this.addSql(`alter table if exists "kobbopay_payment" drop column if exists "written_off_minor", drop column if exists "failing_since";`);
  }

}
