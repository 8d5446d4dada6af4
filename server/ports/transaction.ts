import type { Transaction as KyselyTransaction } from "kysely";
import type { Schema } from "../db/schema.ts";

/** A running transaction; every store function accepts it in place of `Db`. */
export type Trx = KyselyTransaction<Schema>;

/**
 * One atomic change of the store: committed when `work` resolves, rolled back when it rejects. `work` holds store
 * calls only; messages and events go out after `run` has resolved. Using `Db` inside `work` rejects at once.
 */
export interface Transaction {
  run<T>(work: (trx: Trx) => Promise<T>): Promise<T>;
}
