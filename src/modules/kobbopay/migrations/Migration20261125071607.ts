import { Migration } from "@medusajs/framework/mikro-orm/migrations";

export class Migration20261125071607 extends Migration {

  override async up(): Promise<void> {
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
  }

  override async down(): Promise<void> {
    this.addSql(`drop table if exists "kobbopay_entitled_order" cascade;`);

    this.addSql(`drop table if exists "kobbopay_entitlement" cascade;`);

    this.addSql(`drop table if exists "kobbopay_entitlement_change" cascade;`);
  }

}
