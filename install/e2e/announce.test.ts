import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { enrolAt, pendingOf } from "./rig/agent.ts";
import { createAnnouncer } from "./rig/announcer.ts";
import { inLab } from "./rig/lab.ts";
import { strangerAtBroker } from "./rig/broker.ts";
import { startRelay } from "./rig/relay.ts";
import { startServer } from "./rig/server.ts";
import type { Pending } from "./rig/types.ts";
import { waitFor } from "./rig/wait.ts";

const limit = 60_000;

test(
  "only a well-made announcement becomes a pending host, under its independent fingerprint [ENR-02] [ENR-03]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const api = await server.logIn();
    const announcer = await createAnnouncer(server.url, "fileserver");

    const short = await announcer.announce({
      public_key: Buffer.alloc(31, 7).toString("base64url"),
    });
    expect([short.status, short.body.code]).toEqual([
      400,
      "public_key_invalid",
    ]);
    expect(short.body.message).toMatch(/32 bytes/);

    const stranger = await announcer.announce({
      public_key: Buffer.alloc(32, 7).toString("base64url"),
    });
    expect([stranger.status, stranger.body.code]).toEqual([
      403,
      "signature_invalid",
    ]);

    const elsewhere = await announcer.announce({
      server_key: Buffer.alloc(32, 9).toString("base64url"),
    });
    expect([elsewhere.status, elsewhere.body.code]).toEqual([
      409,
      "server_key_mismatch",
    ]);

    const old = await announcer.announce({ protocol_min: 0, protocol_max: 0 });
    expect([old.status, old.body.code]).toEqual([426, "protocol_too_old"]);

    const good = await announcer.announce();
    expect([good.status < 300, good.body.fingerprint]).toEqual([
      true,
      announcer.fingerprint,
    ]);
    // Nobody sees it before it has proved that it holds the key.
    expect(await api.get<{ pending: Pending[] }>("/api/pending")).toEqual({
      pending: [],
    });
  }),
  limit,
);

test(
  "a nonce is good once and for one pending host [ENR-03]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const api = await server.logIn();
    const one = await createAnnouncer(server.url, "one");
    const two = await createAnnouncer(server.url, "two");
    const first = (await one.announce()).body;
    const second = (await two.announce()).body;

    const foreign = await one.wait(first.pending_id, second.nonce);
    expect([foreign.status, foreign.body.code]).toEqual([403, "nonce_invalid"]);
    const impostor = await one.wait(second.pending_id, second.nonce);
    expect(impostor.status).toBe(403);

    const fresh = (await one.announce()).body;
    const leaving = new AbortController();
    const waiting = one
      .wait(fresh.pending_id, fresh.nonce, leaving.signal)
      .catch(() => null);
    await pendingOf(api, one.fingerprint);
    leaving.abort();
    await waiting;
    const replayed = await one.wait(fresh.pending_id, fresh.nonce);
    expect([replayed.status, replayed.body.code]).toEqual([
      403,
      "nonce_invalid",
    ]);
  }),
  limit,
);

test(
  "announcing again with the same key is the same pending host [ENR-02]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const announcer = await createAnnouncer(server.url, "laptop");
    const [one, two] = [await announcer.announce(), await announcer.announce()];
    expect(two.body.pending_id).toBe(one.body.pending_id);
    expect(two.body.nonce).not.toBe(one.body.nonce);
  }),
  limit,
);

test(
  "1,000 announcements from 20 addresses fill at most 100 places, which are free again after the expiry [ENR-07]",
  inLab(async (lab) => {
    const server = await startServer(lab, {
      env: { RM_TRUSTED_PROXY: "127.0.0.0/8", RM_PENDING_EXPIRY: "10s" },
    });
    const codes = new Map<string, number>();
    const count = (code: string) => codes.set(code, (codes.get(code) ?? 0) + 1);
    for (let round = 0; round < 50; round += 1) {
      const batch = Array.from({ length: 20 }, async (_, address) => {
        const announcer = await createAnnouncer(
          server.url,
          `flood-${round}-${address}`,
        );
        const from = { "x-forwarded-for": `198.51.100.${address + 1}` };
        const answer = await announcer.announce({}, from);
        count(
          answer.status < 300
            ? "taken"
            : `${answer.status} ${answer.body.code}`,
        );
      });
      await Promise.all(batch);
    }

    expect([...codes.keys()].sort()).toEqual([
      "429 rate_limited",
      "503 pending_full",
      "taken",
    ]);
    expect(codes.get("taken")).toBe(100);
    const late = await createAnnouncer(server.url, "late");
    await waitFor("a place is free again", async () => {
      const answer = await late.announce(
        {},
        { "x-forwarded-for": "203.0.113.9" },
      );
      return answer.status < 300;
    });
  }),
  limit,
);

test(
  "an address that the peer only claims to forward does not escape the rate limit [CFG-03]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const codes: number[] = [];
    for (let index = 0; index < 15; index += 1) {
      const announcer = await createAnnouncer(server.url, `claimed-${index}`);
      const answer = await announcer.announce(
        {},
        { "x-forwarded-for": `198.51.100.${index}` },
      );
      codes.push(answer.status);
    }
    expect(codes.filter((code) => code < 300).length).toBeLessThanOrEqual(11);
    expect(codes.at(-1)).toBe(429);
  }),
  limit,
);

test(
  "a relay that answers with its own key is refused and nothing is kept of it [ENR-16]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const relay = startRelay(lab);
    const agent = enrolAt(lab, relay.url, await server.serverKey());

    expect((await agent.program().exit()).code).toBeGreaterThan(0);
    expect(agent.program().text()).toContain("not the expected server");
    expect(relay.asked()).toEqual(["/api/agents/server"]);
    expect(
      stateFiles(agent.stateDir).filter((name) =>
        /approval|sealed|agent\.yaml/.test(name),
      ),
    ).toEqual([]);
  }),
  limit,
);

test(
  "without --server-key a plain-HTTP server that is not this machine is only used after a yes [ENR-16]",
  inLab(async (lab) => {
    const relay = startRelay(lab);
    // Reaches this machine, but does not say so.
    const url = `http://0.0.0.0:${relay.port}`;
    const unattended = enrolAt(lab, url, null, {
      name: "unattended",
    }).program();
    expect((await unattended.exit()).code).toBeGreaterThan(0);
    expect(unattended.text()).toContain("--server-key");

    const asked = enrolAt(lab, url, null, {
      name: "asked",
      terminal: true,
    }).program();
    await asked.line(/Type yes/);
    expect(asked.text()).toContain(relay.serverKey);
    asked.write("no\n");
    expect((await asked.exit()).code).toBeGreaterThan(0);
    expect(relay.asked()).toEqual(["/api/agents/server", "/api/agents/server"]);
  }),
  limit,
);

test(
  "the broker behind /nats lets in nobody without an approval of this server [TRN-01]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    expect(await strangerAtBroker(server.url, "no credential")).toMatch(
      /authoriz/i,
    );
    expect(await strangerAtBroker(server.url, "a JWT of another key")).toMatch(
      /authoriz/i,
    );
  }),
  limit,
);

function stateFiles(dir: string): string[] {
  try {
    return readdirSync(dir, { recursive: true }).map(String);
  } catch {
    return [];
  }
}
