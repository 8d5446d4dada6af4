import type { Lab } from "./lab.ts";
import { ed25519Pair, fingerprintOf } from "./announcer.ts";

export interface Relay {
  /** URL of the relay, which an endpoint takes for the server's. */
  readonly url: string;
  readonly port: number;
  /** Fingerprint it presents as the server's. */
  readonly serverKey: string;
  /** Paths it was asked for. */
  asked(): readonly string[];
}

/** Somebody between endpoint and server who answers in the server's place, with a key of their own. */
export function startRelay(lab: Lab): Relay {
  const { publicKey } = ed25519Pair();
  const asked: string[] = [];
  const relay = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const { pathname } = new URL(request.url);
      asked.push(pathname);
      if (pathname !== "/api/agents/server")
        return new Response("{}", { status: 404 });
      return Response.json({
        public_key: Buffer.from(publicKey).toString("base64url"),
        fingerprint: fingerprintOf(publicKey),
        server_time: new Date().toISOString(),
        protocol_min: 1,
        protocol_max: 1,
      });
    },
  });
  lab.defer(() => relay.stop(true));
  const port = relay.port ?? 0;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    serverKey: fingerprintOf(publicKey),
    asked: () => asked,
  };
}
