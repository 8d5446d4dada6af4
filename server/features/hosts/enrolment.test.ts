import { createHash } from "node:crypto";
import { beforeEach, describe, expect, test } from "bun:test";
import {
  apiErrorBody,
  type ApiErrorBody,
} from "@restic-manager/shared/api/errors.ts";
import {
  openSigned,
  signedText,
} from "@restic-manager/shared/identity/signed.ts";
import {
  announced,
  approval,
  waitAnswer,
  type Announced,
} from "@restic-manager/shared/protocol/announce.ts";
import { refusal } from "@restic-manager/shared/protocol/identity.ts";
import { verifySignature } from "../../identity.ts";
import {
  codeOf,
  createHostsWorld,
  type HostsWorld,
} from "../../testing/hosts-world.ts";
import { createTestAgent, type TestAgent } from "../../testing/test-agent.ts";

let world: HostsWorld;
let agent: TestAgent;

beforeEach(() => {
  world = createHostsWorld();
  agent = createTestAgent(world.clock, 1);
});

async function announce(of: TestAgent, over = {}): Promise<Announced> {
  const response = await world.agents.announce(of, over);
  expect(response.status).toBe(200);
  return announced.parse(await response.json());
}

async function openApproval(response: Response) {
  const answer = waitAnswer.parse(await response.json());
  if (answer.status !== "approved") throw new Error("not approved");
  return openSigned(
    "rm-approval-v1",
    answer.approval,
    world.identity.publicKey,
    verifySignature,
    approval,
  );
}

describe("announcing", () => {
  test("gives a pending id and the fingerprint that anybody can reckon [ENR-02]", async () => {
    const answer = await announce(agent);
    const digest = createHash("sha256").update(agent.publicKey).digest("hex");
    expect(answer.fingerprint).toBe(`SHA256:${digest}`);
    expect(answer.pending_id).toMatch(/^[0-9a-f]{32}$/);
    expect(answer.hostname_collision).toBe(false);
    expect(answer.expires_at).toBe("2026-01-01T00:02:00.000Z");
  });

  test("a 31-byte key is refused, and so is a 31-byte X25519 key [ENR-02]", async () => {
    const short = Buffer.alloc(31, 7).toString("base64url");
    const keys = [{ public_key: short }, { x25519: short }];
    for (const over of keys) {
      expect(await codeOf(world.agents.announce(agent, over))).toBe(
        "400 public_key_invalid",
      );
    }
    expect(await world.pendingRows()).toBe(0);
  });

  test("a document signed by another key is refused", async () => {
    const other = createTestAgent(world.clock, 2);
    const over = { public_key: agent.publicKeyText };
    expect(await codeOf(world.agents.announce(other, over))).toBe(
      "403 signature_invalid",
    );
  });

  test("a document for another server is refused: a relay cannot swap the server's key", async () => {
    const over = { server_key: agent.publicKeyText };
    expect(await codeOf(world.agents.announce(agent, over))).toBe(
      "409 server_key_mismatch",
    );
  });

  test.each([
    ["name that turns text around", { hostname: "nas\u202egpj.exe" }],
    ["name that is empty", { hostname: "" }],
    ["system that does not exist", { os: "plan9" }],
  ])("a %s is refused, and the field is named", async (_what, over) => {
    const response = await world.agents.announce(agent, over);
    const body = (await response.json()) as ApiErrorBody;
    expect(body.code).toBe("announce_invalid");
    expect(body.message).toContain(Object.keys(over)[0] ?? "");
  });

  test.each([
    [0, "426 protocol_too_old"],
    [9, "426 protocol_too_new"],
  ])(
    "an agent of protocol %d hears %s, whatever else it says",
    async (protocol, code) => {
      const over = { protocol_min: protocol, protocol_max: protocol, os: "?" };
      expect(await codeOf(world.agents.announce(agent, over))).toBe(code);
    },
  );

  test("the server's key is public, with its fingerprint and time", async () => {
    const response = await world.request("/api/agents/server");
    expect(await response.json()).toMatchObject({
      public_key: world.identity.publicKeyText,
      fingerprint: world.identity.fingerprint,
      server_time: "2026-01-01T00:00:00.000Z",
    });
  });

  test("the same key again is the same row, with what it says now", async () => {
    const first = await announce(agent);
    await world.clock.advance(60_000);
    const second = await announce(agent, { hostname: "nas2" });
    expect(second.pending_id).toBe(first.pending_id);
    expect(second.nonce).not.toBe(first.nonce);
    expect(await world.pendingRows()).toBe(1);
  });
});

describe("proving the key", () => {
  test("a host is shown only once it proved possession of its key", async () => {
    const answer = await announce(agent);
    expect(await world.people.waiting()).toEqual([]);
    const poll = await world.agents.startWait(agent, answer);
    expect(await world.people.waiting()).toMatchObject([
      {
        id: answer.pending_id,
        hostname: "nas",
        fingerprint: agent.fingerprint,
        announced_from_ip: "203.0.113.5",
        collision: "none",
      },
    ]);
    expect(world.emitted).toContainEqual({ type: "pending.changed" });
    await world.clock.advance(25_000);
    const next = waitAnswer.parse(await (await poll.waiting).json());
    expect(next).toMatchObject({ status: "pending" });
  });

  test("another key, another pending id, a used nonce and another server's proof are refused [ENR-03]", async () => {
    const other = createTestAgent(world.clock, 2);
    const mine = await announce(agent);
    const theirs = await announce(other, { hostname: "web" });
    const { wait } = world.agents;
    expect(await codeOf(wait(other, mine))).toBe("403 signature_invalid");
    const swapped = { pending_id: mine.pending_id, nonce: theirs.nonce };
    expect(await codeOf(wait(agent, swapped))).toBe("403 nonce_invalid");
    const crossed = { pending_id: theirs.pending_id };
    expect(await codeOf(wait(agent, mine, crossed))).toBe("403 nonce_invalid");
    const relayed = { server_key: other.publicKeyText };
    expect(await codeOf(wait(agent, mine, relayed))).toBe(
      "409 server_key_mismatch",
    );
    const unknown = { pending_id: "0".repeat(32), nonce: mine.nonce };
    expect(await codeOf(wait(agent, unknown))).toBe("404 pending_not_found");
    expect(await world.people.waiting()).toEqual([]);

    const poll = await world.agents.startWait(agent, mine);
    expect(await codeOf(wait(agent, mine))).toBe("403 nonce_invalid");
    await world.clock.advance(25_000);
    expect((await poll.waiting).status).toBe(200);
  });

  test("each answer of the long poll carries the nonce for the next and keeps the row", async () => {
    const { pending_id, ...first } = await announce(agent);
    let { nonce } = first;
    for (let round = 0; round < 200; round++) {
      const proof = { nonce, pending_id };
      const { waiting: poll } = await world.agents.startWait(agent, proof);
      await world.clock.advance(25_000);
      const answer = waitAnswer.parse(await (await poll).json());
      if (answer.status !== "pending") throw new Error("decided");
      nonce = answer.nonce;
    }
    // 200 rounds are longer than an hour: whoever still waits does not expire.
    expect(await world.people.waiting()).toHaveLength(1);
  });
});

describe("accepting", () => {
  test("answers the waiting agent at once and records who did it [ENR-05]", async () => {
    const joining = await world.agents.join(1);
    const response = await world.people.accept(agent, joining.announced);
    expect(response.status).toBe(200);
    const detail = (await response.json()) as { id: string };
    expect(detail).toMatchObject({
      name: "nas",
      online: false,
      set_up: false,
      health: "offline",
      fingerprint: agent.fingerprint,
      announced_from_ip: "203.0.113.5",
      approved_by: expect.stringMatching(/^admin-/),
    });
    expect(detail.id).toMatch(/^h[a-z0-9]{12,30}$/);

    const given = await openApproval(await joining.waiting);
    expect(given).toMatchObject({
      host_id: detail.id,
      host_name: "nas",
      public_key: agent.publicKeyText,
      server_key: world.identity.publicKeyText,
    });
    expect(given?.jwt).toMatch(
      new RegExp(`^U[A-Z2-7]{55} ${detail.id} 2026-01-31T00:00:00.000Z$`),
    );
    expect(await world.people.waiting()).toEqual([]);
    const audit = await world.db
      .selectFrom("audit_log")
      .selectAll()
      .where("action", "=", "host.approve")
      .executeTakeFirstOrThrow();
    expect(audit).toMatchObject({ target_id: detail.id, actor_kind: "user" });
    expect(JSON.parse(audit.payload)).toMatchObject({
      name: "nas",
      fingerprint: agent.fingerprint,
    });
  });

  test("an agent that lost its approval announces again and gets it again", async () => {
    const joining = await world.agents.join(1);
    await world.people.accept(agent, joining.announced);
    const first = await openApproval(await joining.waiting);
    for (const later of [0, 2 * 3_600_000, 40 * 86_400_000]) {
      await world.clock.advance(later);
      await world.clock.advance(60_000);
      const again = await announce(agent);
      const second = await openApproval(await world.agents.wait(agent, again));
      expect(second?.host_id).toBe(first?.host_id);
    }
    expect(await world.people.waiting()).toEqual([]);
    const hosts = await world.db.selectFrom("hosts").select("id").execute();
    expect(hosts).toHaveLength(1);
  });

  test("an approved host that comes with another X25519 key is sealed to that one from then on", async () => {
    const joining = await world.agents.join(1);
    await world.people.accept(agent, joining.announced);
    await joining.waiting;
    const x25519 = createTestAgent(world.clock, 7).publicKeyText;
    const again = await announce(agent, { x25519 });
    const before = await world.db.selectFrom("hosts").selectAll().execute();
    await world.agents.wait(agent, again);
    const after = await world.db.selectFrom("hosts").selectAll().execute();
    expect(Buffer.from(before[0]?.x25519 ?? []).toString("base64url")).not.toBe(
      x25519,
    );
    expect(Buffer.from(after[0]?.x25519 ?? []).toString("base64url")).toBe(
      x25519,
    );
  });

  test("needs the fingerprint, in any spelling people paste", async () => {
    const joining = await world.agents.join(1);
    const { pending_id } = joining.announced;
    const other = createTestAgent(world.clock, 2).fingerprint;
    for (const fingerprint of [other, "SHA256:abc", agent.fingerprint + "0"]) {
      expect(
        await codeOf(
          world.people.decide("accept", pending_id, { fingerprint }),
        ),
      ).toBe("409 fingerprint_mismatch");
    }
    const pasted = agent.fingerprint
      .replace("SHA256:", "")
      .toUpperCase()
      .replaceAll(/(.{4})/g, "$1 ");
    const response = await world.people.decide("accept", pending_id, {
      fingerprint: pasted,
    });
    expect(response.status).toBe(200);
    await joining.waiting;
  });

  test("a host that did not prove its key cannot be accepted", async () => {
    const answer = await announce(agent);
    expect(await codeOf(world.people.accept(agent, answer))).toBe(
      "404 pending_not_found",
    );
  });

  test("only an administrator decides", async () => {
    const { announced: answer, waiting: poll } = await world.agents.join(1);
    const headers = await world.as("operator");
    const path = `/api/pending/${answer.pending_id}`;
    const body = { fingerprint: agent.fingerprint };
    expect(
      await codeOf(world.send("POST", `${path}/accept`, body, headers)),
    ).toBe("403 forbidden");
    expect(
      await codeOf(world.send("POST", `${path}/reject`, {}, headers)),
    ).toBe("403 forbidden");
    await world.clock.advance(25_000);
    await poll;
  });

  test("of two tabs that accept and reject, the second is told, whichever it is", async () => {
    const first = await world.agents.join(1);
    const second = await world.agents.join(2, { hostname: "web" });
    expect(
      (await world.people.accept(first.agent, first.announced)).status,
    ).toBe(200);
    expect(await codeOf(world.people.reject(first.announced.pending_id))).toBe(
      "409 pending_decided",
    );
    expect(
      await codeOf(world.people.accept(first.agent, first.announced)),
    ).toBe("409 pending_decided");
    const { pending_id } = second.announced;
    expect((await world.people.reject(pending_id)).status).toBe(204);
    expect(
      await codeOf(world.people.accept(second.agent, second.announced)),
    ).toBe("409 pending_decided");
    expect((await first.waiting).status).toBe(200);
    expect((await second.waiting).status).toBe(410);
  });

  test("both decisions at the same moment leave exactly one", async () => {
    const joining = await world.agents.join(1);
    const responses = await Promise.all([
      world.people.accept(agent, joining.announced),
      world.people.accept(agent, joining.announced),
      world.people.reject(joining.announced.pending_id),
    ]);
    const decided = responses.filter((response) => response.status < 300);
    expect(decided).toHaveLength(1);
    const hosts = await world.db.selectFrom("hosts").select("id").execute();
    expect(hosts.length).toBe(decided[0]?.status === 200 ? 1 : 0);
    await joining.waiting;
  });
});

describe("rejecting", () => {
  test("ends the long poll with a definite answer that lasts until it expires [ENR-06]", async () => {
    const joining = await world.agents.join(1);
    const { pending_id } = joining.announced;
    expect((await world.people.reject(pending_id)).status).toBe(204);
    const answer = await joining.waiting;
    expect(answer.status).toBe(410);
    const { code, refusal: signed } = apiErrorBody.parse(await answer.json());
    expect(code).toBe("rejected");
    const isSigned = openSigned(
      "rm-refusal-v1",
      signedText.parse(signed),
      world.identity.publicKey,
      verifySignature,
      refusal,
    );
    expect(isSigned).toEqual({
      code: "rejected",
      public_key: agent.publicKeyText,
      about: "challenge-16-long",
    });
    expect(await world.people.waiting()).toEqual([]);
    const asksAgain = async () =>
      codeOf(world.agents.wait(agent, await announce(agent)));
    expect(await asksAgain()).toBe("410 rejected");
    await world.clock.advance(3_599_000);
    expect(await asksAgain()).toBe("410 rejected");
    await world.clock.advance(1_000);
    const again = await world.agents.join(1);
    expect(await world.people.waiting()).toHaveLength(1);
    await world.people.reject(again.announced.pending_id);
    await again.waiting;
  });
});

test("the dashboard's command names this server as the browser reached it", async () => {
  const headers = await world.as("viewer");
  const response = await world.request("/api/enrolment", { headers });
  expect(await response.json()).toEqual({
    url: "http://rm.test",
    server_key: world.identity.fingerprint,
    plain_http: true,
  });
});
