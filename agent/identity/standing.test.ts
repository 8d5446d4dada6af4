import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { systemClock } from "../clock.ts";
import { createLog } from "../log.ts";
import { createRandom } from "../random.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { createAgentHttp } from "../testing/test-server-http.ts";
import type { KeyStanding } from "../testing/test-server-keys.ts";
import { loadOrMintIdentity } from "./identity.ts";
import { signingKey } from "./keys.ts";
import { createServerDoor } from "./server-door.ts";
import { createStanding } from "./standing.ts";

const tempDir = createTempDirs();
const serverKey = signingKey(new Uint8Array(32).fill(9));
const random = createRandom(systemClock);

/** An approved host, and its server as a door that knows one more key or not. */
async function withHost(
  work: (host: {
    standing: ReturnType<typeof createStanding>;
    clock: ReturnType<typeof createManualClock>;
    taken: Map<string, KeyStanding>;
    hasNext: () => boolean;
  }) => Promise<void>,
): Promise<void> {
  const dir = tempDir();
  const paths = {
    approval: join(dir, "approval.json"),
    identity: join(dir, "identity.json"),
    nextIdentity: join(dir, "identity.next.json"),
  };
  const identity = loadOrMintIdentity(paths.identity, random);
  const approve = (public_key: string) => ({
    host_id: "h0000000000000001",
    host_name: "nas",
    public_key,
    server_key: toBase64Url(serverKey.publicKey),
    jwt: "",
    approved_at: "2026-01-01T00:00:00.000Z",
  });
  const taken = new Map<string, KeyStanding>();
  const http = createAgentHttp({
    key: serverKey,
    natsUrl: "",
    approve,
    standing: (publicKey) => taken.get(publicKey) ?? "host_unknown",
  });
  const clock = createManualClock();
  const { signal } = new AbortController();
  const server = () => http.url;
  const standing = createStanding({
    paths,
    first: { identity, approval: approve(toBase64Url(identity.publicKey)) },
    door: createServerDoor({ server, trust: null, signal }),
    server,
    clock,
    random,
    log: createLog({ level: "error", format: "json", clock, write() {} }),
    facts: () => expect.unreachable(),
    restic: () => expect.unreachable(),
    signal,
  });
  try {
    const hasNext = () => existsSync(paths.nextIdentity);
    await work({ standing, clock, taken, hasNext });
  } finally {
    await http.stop();
  }
}

test("a new key that the server takes late, after it said that it did not know it, is there [ENR-14]", () =>
  withHost(async ({ standing, taken }) => {
    const next = standing.nextIdentity();
    await standing.settle();
    taken.set(toBase64Url(next.publicKey), "approved");
    await standing.settle();
    expect(standing.identity().fingerprint).toBe(next.fingerprint);
  }));

test("a new key that was never taken is thrown away in the end, and not used again [ENR-14]", () =>
  withHost(async ({ standing, clock, hasNext }) => {
    const first = standing.nextIdentity();
    expect(standing.nextIdentity().fingerprint).toBe(first.fingerprint);
    await clock.advance(5 * 60_000);
    expect(standing.nextIdentity().fingerprint).not.toBe(first.fingerprint);
    await clock.advance(5 * 60_000);
    await standing.settle();
    expect(hasNext()).toBe(false);
  }));
