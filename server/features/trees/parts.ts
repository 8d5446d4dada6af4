import type { treePut } from "@restic-manager/shared/protocol/tree.ts";
import type { z } from "zod";

/** Of one long tree that is on its way, for each host. */
const maxPending = 64 * 1024 * 1024;

interface Pending {
  readonly id: string;
  readonly parts: Uint8Array[];
  size: number;
}

export interface PackedTree {
  readonly id: string;
  readonly packed: Uint8Array;
}

/** Joins the parts of long trees. */
export interface Parts {
  /** @returns whole trees in order; null when parts are missing, empty or too many. */
  join(
    hostId: string,
    trees: z.infer<typeof treePut>["trees"],
  ): PackedTree[] | null;
  /** What a host left unfinished is of no use. */
  forget(hostId: string): void;
}

export function createParts(): Parts {
  const pending = new Map<string, Pending>();

  function add(
    hostId: string,
    { id, part, of, z: text }: z.infer<typeof treePut>["trees"][number],
  ): PackedTree | "more" | null {
    const bytes = new Uint8Array(Buffer.from(text, "base64"));
    if (of === 1) return { id, packed: bytes };
    const before: Pending | undefined =
      part === 0 ? { id, parts: [], size: 0 } : pending.get(hostId);
    if (before?.id !== id || before.parts.length !== part) return null;
    before.parts.push(bytes);
    before.size += bytes.length;
    // Parts of nothing could go on for ever.
    if (bytes.length === 0 || before.size > maxPending) return null;
    if (part + 1 < of) {
      pending.set(hostId, before);
      return "more";
    }
    pending.delete(hostId);
    return { id, packed: new Uint8Array(Buffer.concat(before.parts)) };
  }

  return {
    join(hostId, trees) {
      const whole = [];
      for (const tree of trees) {
        const added = add(hostId, tree);
        if (added === null) {
          pending.delete(hostId);
          return null;
        }
        if (added !== "more") whole.push(added);
      }
      return whole;
    },
    forget: (hostId) => void pending.delete(hostId),
  };
}
