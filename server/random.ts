import { randomBytes } from "node:crypto";
import { monotonicFactory } from "ulid";
import type { Clock } from "@restic-manager/shared/clock.ts";

/** Randomness as a dependency: the one place of this program that makes it. */
export interface Random {
  bytes(length: number): Uint8Array;
  /** 32 random bytes, base64url: what a cookie or a one-time link carries. */
  token(): string;
  /** A ULID; later ones sort after earlier ones. */
  id(): string;
  /** `h` and twenty of `a-z0-9`. */
  hostId(): string;
  /** In [0, 1). */
  fraction(): number;
}

const hostAlphabet = "0123456789abcdefghijklmnopqrstuv";

export function createRandom(clock: Clock): Random {
  const ulid = monotonicFactory(() => randomBytes(4).readUInt32LE() / 2 ** 32);
  return {
    bytes: (length) => new Uint8Array(randomBytes(length)),
    token: () => randomBytes(32).toString("base64url"),
    id: () => ulid(clock.now()),
    hostId() {
      // 32 letters divide 256: every letter is equally likely.
      const letters = Array.from(randomBytes(20), (b) => hostAlphabet[b % 32]);
      return `h${letters.join("")}`;
    },
    fraction: () => randomBytes(4).readUInt32LE() / 2 ** 32,
  };
}
