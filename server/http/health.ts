import { versionInfo } from "@restic-manager/shared/api/auth.ts";
import {
  protocolMax,
  protocolMin,
} from "@restic-manager/shared/protocol/version.ts";
import { route } from "../ports/route.ts";
import type { Route } from "../ports/route.ts";
import { build } from "../version.ts";

export interface HealthDeps {
  /** Fingerprint of the server's identity key. */
  readonly serverKey: string;
  /** Whether the store takes writes. */
  readonly isStoreReady: () => Promise<boolean>;
  readonly isBrokerReady: () => boolean;
}

export function healthRoutes(deps: HealthDeps): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/healthz",
      access: "public",
      summary: "The process answers",
      answer: null,
      handle: () => {},
    }),
    route({
      method: "GET",
      path: "/readyz",
      access: "public",
      summary: "Store and broker work; 503 when one does not",
      answer: "application/json",
      async handle() {
        const state = {
          store: await deps.isStoreReady(),
          broker: deps.isBrokerReady(),
        };
        const isReady = state.store && state.broker;
        return Response.json(state, {
          status: isReady ? 200 : 503,
          headers: { "Cache-Control": "no-store" },
        });
      },
    }),
    route({
      method: "GET",
      path: "/api/version",
      access: "public",
      summary: "Version and identity of this server",
      answer: versionInfo,
      handle: () => ({
        version: build.version,
        commit: build.commit,
        commit_date: build.commitDate,
        server_key: deps.serverKey,
        protocol_min: protocolMin,
        protocol_max: protocolMax,
      }),
    }),
  ];
}
