import type { SetUpRefusal } from "../elements/rm-set-up/draft-faults.ts";
import { ApiError, errorWords } from "../data/api-error.ts";
import { toast } from "../events/toast.ts";

/** What a form shows of a refused call. Anything but an answer of the API is a fault of ours and goes on. */
export function problemOf(error: unknown): SetUpRefusal {
  if (!(error instanceof ApiError)) throw error;
  return {
    message: error.message,
    code: error.reason ?? error.code,
    fields: error.fields,
    reason: error.reason,
  };
}

/** Says in passing why something did not happen. */
export function toastRefusal(error: unknown): void {
  if (!(error instanceof ApiError)) throw error;
  toast(errorWords(error), "bad");
}
