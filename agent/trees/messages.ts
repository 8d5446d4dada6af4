import type { z } from "zod";
import { maxMessageBytes } from "@restic-manager/shared/protocol/topic.ts";
import type { treePut } from "@restic-manager/shared/protocol/tree.ts";
import type { PackedTree } from "./spool.ts";

type SentPart = z.infer<typeof treePut>["trees"][number];

/** What one message carries. */
export interface Message {
  readonly parts: readonly SentPart[];
  /** Trees that are whole with it. */
  readonly whole: readonly string[];
}

const maxTrees = 2_000;
/** Characters of the message around the text of each part. */
const aroundPart = 80;

/** Puts trees into as few messages as hold them, in order; one that is too long for a message comes in parts. */
export function* inMessages(
  trees: Iterable<PackedTree>,
  maxBytes: number = maxMessageBytes * 0.75,
): Generator<Message> {
  const maxPart = Math.floor(((maxBytes - aroundPart) * 3) / 4);
  let parts: SentPart[] = [];
  let whole: string[] = [];
  let bytes = 0;
  for (const { id, packed } of trees) {
    const of = Math.max(1, Math.ceil(packed.length / maxPart));
    for (let part = 0; part < of; part++) {
      const piece = packed.subarray(part * maxPart, (part + 1) * maxPart);
      const z = Buffer.from(piece).toString("base64");
      const size = z.length + aroundPart;
      if (
        parts.length > 0 &&
        (bytes + size > maxBytes || parts.length === maxTrees)
      ) {
        yield { parts, whole };
        [parts, whole, bytes] = [[], [], 0];
      }
      parts.push({ id, part, of, z });
      bytes += size;
    }
    whole.push(id);
  }
  if (parts.length > 0) yield { parts, whole };
}
