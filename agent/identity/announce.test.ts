import { expect, test } from "bun:test";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import { fingerprintOf } from "@restic-manager/shared/identity/fingerprint.ts";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { systemClock } from "../clock.ts";
import { hostFacts } from "../platform/host-facts.ts";
import { createRandom } from "../random.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { until } from "../testing/until.ts";
import { announceAndWait } from "./announce.ts";
import { loadOrMintIdentity } from "./identity.ts";
import { signingKey } from "./keys.ts";
import { RejectedError } from "./refusals.ts";
import { createServerDoor } from "./server-door.ts";

const tempDir = createTempDirs();

test.each([
  [429, "rate_limited"],
  [503, "pending_full"],
])(
  "an announcement refused with %i waits as long as the server says",
  async (status, code) => {
    let asked = 0;
    const answers = [
      Response.json(
        { code, message: "Later.", request_id: "r" },
        { status, headers: { "Retry-After": "60" } },
      ),
      Response.json(
        { code: "rejected", message: "No.", request_id: "r" },
        { status: 410 },
      ),
    ];
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => answers[asked++] ?? new Response("", { status: 500 }),
    });
    const clock = createManualClock();
    const { signal } = new AbortController();
    const key = signingKey(new Uint8Array(32).fill(7));
    const ended = announceAndWait({
      door: createServerDoor({
        server: () => server.url.href,
        trust: null,
        signal,
      }),
      clock,
      random: createRandom(systemClock),
      identity: loadOrMintIdentity(
        `${tempDir()}/identity.json`,
        createRandom(systemClock),
      ),
      facts: hostFacts(systemClock, {}),
      resticVersion: null,
      server: {
        publicKey: key.publicKey,
        fingerprint: fingerprintOf(key.publicKey),
        identity: {
          public_key: toBase64Url(key.publicKey),
          fingerprint: fingerprintOf(key.publicKey),
          server_time: "2026-01-01T00:00:00Z",
          protocol_min: 1,
          protocol_max: 1,
        },
      },
      isBackedUp: false,
      onPending() {},
      onTrouble() {},
      signal,
    }).catch((error: unknown) => error);

    await until("the pause", () => clock.pending() === 1);
    await clock.advance(59_999);
    expect([asked, clock.pending()]).toEqual([1, 1]);
    await clock.advance(1);
    expect(await ended).toBeInstanceOf(RejectedError);
    await server.stop(true);
  },
);
