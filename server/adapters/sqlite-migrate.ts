import type { Database } from "bun:sqlite";
import type { Migration } from "../db/migrations/migration.ts";

/**
 * Brings the schema up to the last of `migrations` and returns the names applied. The version lives in SQLite's
 * `user_version`, which is part of the transaction: a crash leaves a step done or not begun.
 *
 * @throws Error when the database was written by a newer program, or a step breaks a foreign key.
 */
export function migrate(
  database: Database,
  migrations: readonly Migration[],
): string[] {
  const version = schemaVersion(database);
  if (version > migrations.length) {
    throw new Error(
      `The database has schema version ${version}, this program knows ${migrations.length}: it was used by a newer restic-manager-server. Start that version, or restore the backup made before the upgrade.`,
    );
  }
  const todo = migrations.slice(version);
  if (todo.length === 0) return [];
  // Outside the transaction: inside one SQLite ignores it.
  database.run("PRAGMA foreign_keys = OFF");
  try {
    todo.forEach((migration, i) => {
      apply(database, migration, version + i + 1);
    });
  } finally {
    database.run("PRAGMA foreign_keys = ON");
  }
  return todo.map((migration) => migration.name);
}

export function schemaVersion(database: Database): number {
  const row = database
    .query<{ user_version: number }, []>("PRAGMA user_version")
    .get();
  return row?.user_version ?? 0;
}

function apply(database: Database, migration: Migration, version: number) {
  const step = database.transaction(() => {
    for (const statement of migration.statements) database.run(statement);
    const broken = database.query("PRAGMA foreign_key_check").all();
    if (broken.length > 0) {
      throw new Error(
        `Migration ${migration.name} would leave ${broken.length} rows without their parent; nothing was changed.`,
      );
    }
    database.run(`PRAGMA user_version = ${version}`);
  });
  step.immediate();
}
