import { Migration } from "@medusajs/framework/mikro-orm/migrations";

export class Migration20261125073916 extends Migration {

  override async up(): Promise<void> {
    this.addSql(`alter table if exists "kobbopay_payment" add column if not exists "accepted_minor" text null;`);
  }

  override async down(): Promise<void> {
    this.addSql(`alter table if exists "kobbopay_payment" drop column if exists "accepted_minor";`);
  }

}
