import { FailureError } from "../failure-error.ts";
import type { OnBytes } from "../platform/output.ts";
import { tarEnd } from "./tar.ts";

/** Passes an archive on without its end, so that another one can follow. */
export function withoutTarEnd(take: OnBytes) {
  let held = new Uint8Array();
  return {
    async take(piece: Uint8Array): Promise<void> {
      if (piece.length < tarEnd.length) piece = Buffer.concat([held, piece]);
      else if (held.length > 0) await take(held);
      const end = Math.max(0, piece.length - tarEnd.length);
      held = new Uint8Array(piece.subarray(end));
      if (end > 0) await take(piece.subarray(0, end));
    },
    /** Throws when what was held back is not the end of an archive. */
    async end(): Promise<void> {
      const isEnd =
        held.length === tarEnd.length && held.every((byte) => byte === 0);
      if (!isEnd)
        throw new FailureError(
          "restic_failed",
          "restic wrote no whole archive.",
        );
    },
  };
}
