import type { Field } from "./field.ts";

/** One thing that somebody hostile tries. */
export interface Attack {
  /** What is tried, in a few words: a row of `docs/security.md`. */
  readonly tries: string;
  /** What happens instead. */
  readonly refused: string;
  /** Tries it. @throws Error when it is not refused in just that way */
  run(field: Field): Promise<void>;
}

/** Attacks from one place. */
export interface Front {
  readonly title: string;
  readonly attacks: readonly Attack[];
}

/** @throws Error that says what came instead */
export function must(isSo: boolean, what: string, seen: unknown): void {
  if (!isSo)
    throw new Error(
      `${what}, but: ${typeof seen === "string" ? seen.slice(0, 2000) : JSON.stringify(seen)}`,
    );
}
