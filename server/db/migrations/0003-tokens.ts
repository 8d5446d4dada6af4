import type { Migration } from "./migration.ts";

/** One-time tokens, and repositories that no agent has opened yet. */
export const tokens: Migration = {
  name: "0003-tokens",
  statements: [
    `ALTER TABLE host_repositories ADD COLUMN first_use TEXT CHECK (first_use IN ('existing', 'create'))`,
    `CREATE TABLE enrolment_tokens (
    id TEXT PRIMARY KEY,
    token_sha256 TEXT NOT NULL,
    hostname TEXT NOT NULL,
    tags TEXT NOT NULL,
    repository_url TEXT NOT NULL,
    sealed BLOB,
    created_by TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT,
    host_id TEXT REFERENCES hosts (id) ON DELETE SET NULL
  ) STRICT`,
    `CREATE INDEX enrolment_tokens_by_expiry ON enrolment_tokens (expires_at)`,
  ],
};
