import type { Alert } from "@restic-manager/shared/api/alerts.ts";
import type { AlertMove } from "@restic-manager/shared/domain/alert.ts";
import type { Trx } from "./transaction.ts";

/** Something that happened to an alert, as it was when it happened. */
export interface Notice {
  readonly move: AlertMove;
  readonly at: string;
  /** Name of the person; null when nobody did it. */
  readonly by: string | null;
  readonly alert: Alert;
}

/** Tells people outside of the dashboard. */
export interface Notices {
  /** Keeps the notice for every channel that takes it, in the transaction of what it tells. */
  put(trx: Trx, notice: Notice): Promise<void>;
  /** After commit: there is something to send. */
  wake(): void;
}
