/** Something that the holder of a valid login tried at the broker and may not. */
export interface Violation {
  /** Of this run of the broker; `Broker.hostOf` knows whose it is. */
  readonly connection: string;
  readonly act: "publish" | "subscribe";
  /** As the broker quotes it: whatever is not a printable character is escaped. */
  readonly subject: string;
}

export type OnViolation = (violation: Violation) => void;
