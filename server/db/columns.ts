/** UTC RFC 3339 text with milliseconds. */
export type Timestamp = string;
/** JSON text. */
export type Json = string;
export type Flag = 0 | 1;
/** A box of `ports/secrets.ts`. */
export type Sealed = Uint8Array;
