import type { Kysely } from "kysely";
import type { Schema } from "../db/schema.ts";

/** The store. Inside `Transaction.run` use the `Trx` it hands out: there is one connection, and this one waits for it. */
export type Db = Kysely<Schema>;
