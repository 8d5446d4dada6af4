import { join } from "node:path";
import type { BrokerAddress } from "../ports/broker.ts";
import type { NatsAccount } from "./nats-claims.ts";

/** Where everything of the broker lives, below the server's data directory. */
export interface BrokerPaths {
  readonly root: string;
  readonly config: string;
  readonly pidFile: string;
  readonly ports: string;
  readonly streams: string;
  readonly jwts: string;
}

export function brokerPaths(dataDir: string): BrokerPaths {
  const root = join(dataDir, "broker");
  return {
    root,
    config: join(root, "nats.conf"),
    pidFile: join(root, "nats-server.pid"),
    ports: join(root, "ports"),
    streams: join(root, "js"),
    jwts: join(root, "jwt"),
  };
}

export const brokerName = "restic-manager";

/** Where the `nats` command finds the broker on this machine. */
export function natsUrl(address: BrokerAddress | null): string | null {
  return address === null ? null : `nats://${address.host}:${address.port}`;
}

const MiB = 1024 * 1024;

/**
 * The configuration as nats-server reads it (its format includes JSON). Holds no secret. Loopback only and random ports:
 * agents come through the server's one HTTP port, and no two brokers of a machine can collide.
 */
export function brokerConfig(
  paths: BrokerPaths,
  operatorJwt: string,
  system: NatsAccount,
  main: NatsAccount,
): string {
  return JSON.stringify(
    {
      server_name: brokerName,
      listen: "127.0.0.1:-1",
      http: "127.0.0.1:-1",
      pid_file: paths.pidFile,
      ports_file_dir: paths.ports,
      max_payload: MiB,
      max_pending: 64 * MiB,
      write_deadline: "5s",
      ping_interval: "30s",
      ping_max: 2,
      // The default of two seconds is too short when thousands of agents return at once.
      authorization: { timeout: 20 },
      jetstream: {
        store_dir: paths.streams,
        max_mem: 64 * MiB,
        max_file: 4096 * MiB,
      },
      operator: operatorJwt,
      system_account: system.id,
      resolver: {
        type: "full",
        dir: paths.jwts,
        allow_delete: true,
        interval: "2m",
        limit: 100,
      },
      resolver_preload: { [system.id]: system.jwt, [main.id]: main.jwt },
    },
    null,
    2,
  );
}
