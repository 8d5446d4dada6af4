import { StartError } from "../app-error.ts";

/** The message broker as the rest of the server sees it: identities of agents, and where it runs. */
export interface Broker {
  /** Starts the broker and resolves when it accepts connections. @throws BrokerError when the first start fails. */
  start(): Promise<void>;
  /** Stops it and leaves no process behind. */
  stop(): Promise<void>;
  /** Where it listens now, or null while it is down. The port changes with every restart. */
  address(): BrokerAddress | null;
  /**
   * The JWT with which the holder of an nkey (`U…`) speaks as host `hostId`. `expiresAt` in milliseconds since the
   * epoch, at most 30 days ahead. @throws RangeError for a malformed nkey, host id or expiry; AppError `starting` before the keys are loaded.
   */
  issueAgentJwt(nkey: string, hostId: string, expiresAt: number): string;
  /** Public key (`A…`) of the signer of `issueAgentJwt`. */
  agentSigner(): string;
  /** Up to when the JWTs of an nkey are refused, in milliseconds since the epoch; null when they are not. */
  revokedAt(nkey: string): number | null;
  /**
   * Cuts every connection of an nkey and refuses its JWTs issued until now. Resolves when the broker has it;
   * while the broker is down the revocation is kept and takes effect when it starts.
   */
  revokeAgent(nkey: string): Promise<void>;
  /** The host whose login a connection of the broker's present run used; null when none did, or it ended a while ago. */
  hostOf(connection: string): string | null;
}

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

export interface DebugCreds {
  /** Text of a `.creds` file. Secret. */
  readonly creds: string;
  /** `nats://…` on this machine, or null while the broker is down. */
  readonly url: string | null;
}

/**
 * Keeps the broker's keys: one JSON text that holds secret seeds, so it is stored encrypted. A lost text means that
 * every agent must be approved again.
 */
export interface BrokerKeyStore {
  load(): Promise<string | null>;
  save(keys: string): Promise<void>;
}

export type BrokerErrorCode =
  /** The data directory forbids running programs. */
  | "broker_noexec"
  /** The nats-server is older than the oldest supported one. */
  | "broker_too_old"
  /** It did not start; the message ends with what it wrote. */
  | "broker_start_failed"
  /** The stored keys cannot be read. */
  | "broker_keys_invalid"
  /** The running broker refused a change. */
  | "broker_refused";

export class BrokerError extends StartError {
  readonly code: BrokerErrorCode;
  constructor(code: BrokerErrorCode, message: string) {
    super(message);
    this.name = "BrokerError";
    this.code = code;
  }
}
