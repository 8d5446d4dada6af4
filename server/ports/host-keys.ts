/** Public keys of approved hosts: whatever an agent sends is believed only when its host's key signed it. */
export interface HostKeys {
  /** Raw Ed25519, 32 bytes, or null when there is no such host. Not to be called inside a transaction. */
  get(hostId: string): Promise<Uint8Array | null>;
  /**
   * Keys that the host has replaced within the last ten minutes: events that they signed may still be on their way.
   * Not to be called inside a transaction.
   */
  former(hostId: string): Promise<Uint8Array[]>;
  /** To be called after a change of a host's key was stored. */
  forget(hostId: string): void;
}
