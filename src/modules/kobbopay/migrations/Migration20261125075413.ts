import { Migration } from "@medusajs/framework/mikro-orm/migrations";

export class Migration20261125075413 extends Migration {

  override async up(): Promise<void> {
    this.addSql(`drop index if exists "IDX_kobbopay_event_payment";`);
    this.addSql(`drop index if exists "IDX_kobbopay_event_open_collection";`);
    this.addSql(`drop index if exists "IDX_kobbopay_event_due";`);
    // Made for every model; events are never deleted, so it would only be another entry for each of them.
    this.addSql(`drop index if exists "IDX_kobbopay_event_deleted_at";`);

    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_event_of_payment" ON "kobbopay_event" ("payment_id") WHERE payment_id IS NOT NULL AND deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_event_open" ON "kobbopay_event" ("collection_id") WHERE state = 'received' AND collection_id IS NOT NULL AND deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_event_with_body" ON "kobbopay_event" ("done_at") WHERE state = 'done' AND raw_body <> '' AND deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_event_unrouted" ON "kobbopay_event" ("next_attempt_at") WHERE state = 'received' AND collection_id IS NULL AND deleted_at IS NULL;`);

    this.addSql(`drop index if exists "IDX_kobbopay_payment_next_check";`);
  }

  override async down(): Promise<void> {
    this.addSql(`drop index if exists "IDX_kobbopay_event_of_payment";`);
    this.addSql(`drop index if exists "IDX_kobbopay_event_open";`);
    this.addSql(`drop index if exists "IDX_kobbopay_event_with_body";`);
    this.addSql(`drop index if exists "IDX_kobbopay_event_unrouted";`);

    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_event_payment" ON "kobbopay_event" ("payment_id") WHERE deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_event_open_collection" ON "kobbopay_event" ("collection_id") WHERE state = 'received' AND deleted_at IS NULL;`);
    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_event_due" ON "kobbopay_event" ("next_attempt_at") WHERE state = 'received' AND deleted_at IS NULL;`);

    this.addSql(`CREATE INDEX IF NOT EXISTS "IDX_kobbopay_payment_next_check" ON "kobbopay_payment" ("next_check_at") WHERE next_check_at IS NOT NULL AND deleted_at IS NULL;`);
  }

}
