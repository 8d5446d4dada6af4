/**
 * Secrets at rest, encrypted under the server's secret key. `purpose` and `id` are bound into the box: a box moved
 * to another row, or opened for another purpose, does not open.
 */
export interface Secrets {
  seal(purpose: SealPurpose, id: string, plaintext: Uint8Array): Uint8Array;
  /** @throws Error when the box was changed, moved, or sealed under another key. */
  open(purpose: SealPurpose, id: string, box: Uint8Array): Uint8Array;
}

/** Closed list, so that no two kinds of secret can ever share a binding. Append only. */
export type SealPurpose =
  | "server-identity"
  | "broker-key"
  | "repository-credential.repo"
  | "repository-credential.admin"
  | "hook"
  | "enrolment-token"
  | "notification-channel";
