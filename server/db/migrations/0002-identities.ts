import type { Migration } from "./migration.ts";

/** Keys that ended, with their host or by rotation, and identities that are in two places. */
export const identities: Migration = {
  name: "0002-identities",
  statements: [
    `ALTER TABLE hosts ADD COLUMN identity_conflict TEXT`,
    `CREATE TABLE former_keys (
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    host_id TEXT NOT NULL,
    host_name TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    since TEXT NOT NULL,
    until TEXT NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('rotated', 'removed')),
    PRIMARY KEY (public_key, host_id)
  ) STRICT, WITHOUT ROWID`,
    `CREATE INDEX former_keys_by_host ON former_keys (host_id, until)`,
  ],
};
