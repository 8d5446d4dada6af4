import { randomBytes } from "node:crypto";
import { monotonicFactory } from "ulid";
import type { Clock } from "@restic-manager/shared/clock.ts";

/** Randomness as a dependency: the one place of the agent that makes it. */
export interface Random {
  bytes(length: number): Uint8Array;
  /** A ULID; later ones sort after earlier ones. */
  id(): string;
  /** In [0, 1). */
  fraction(): number;
}

export function createRandom(clock: Pick<Clock, "now">): Random {
  const fraction = () => randomBytes(4).readUInt32LE() / 2 ** 32;
  const ulid = monotonicFactory(fraction);
  return {
    bytes: (length) => new Uint8Array(randomBytes(length)),
    id: () => ulid(clock.now()),
    fraction,
  };
}
