import { createSlots } from "./slots.ts";

/** OWASP's minimum for argon2id: 19 MiB, two passes; about 40 ms. */
const parameters = {
  algorithm: "argon2id",
  memoryCost: 19_456,
  timeCost: 2,
} as const;

/** Each hash in work holds its memory; more at a time would let strangers take the machine's. */
const maxConcurrent = 2;
/** A second's worth; whoever comes later is turned away instead of making everybody wait longer. */
const maxWaiting = 50;

/** A hash with the same parameters that no password fits: checking it takes as long as a real one. */
const nobody =
  "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

export interface Passwords {
  /** PHC text, parameters and salt included. */
  hash(password: string): Promise<string>;
  /** A null hash (no such user, or one of an identity provider) takes as long and is never right. */
  isRight(password: string, hash: string | null): Promise<boolean>;
}

export function createPasswords(): Passwords {
  const slots = createSlots(maxConcurrent, maxWaiting);
  return {
    hash: (password) => slots(() => Bun.password.hash(password, parameters)),
    async isRight(password, hash) {
      const fits = await slots(() =>
        Bun.password.verify(password, hash ?? nobody),
      );
      return fits && hash !== null;
    },
  };
}
