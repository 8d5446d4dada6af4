import { FailureError } from "../failure-error.ts";
import type { OnBytes } from "../platform/output.ts";
import { tarEnd } from "./tar.ts";

/** Passes an archive on without its end, so that another one can follow. */
export function withoutTarEnd(take: OnBytes) {
  let held = new Uint8Array();
  return {
    async take(piece: Uint8Array): Promise<void> {
      const all = Buffer.concat([held, piece]);
      const keep = Math.min(all.length, tarEnd.length);
      held = new Uint8Array(all.subarray(all.length - keep));
      await take(all.subarray(0, all.length - keep));
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
