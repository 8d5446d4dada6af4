import { beforeEach, describe, expect, test } from "bun:test";
import { createNewAgent } from "../../testing/features-world.ts";
import { codeOf } from "../../testing/hosts-world.ts";
import { createTestTokens, tokensPath } from "../../testing/test-tokens.ts";
import type { TestTokens } from "../../testing/test-tokens.ts";
import { settle } from "../../testing/test-endpoint.ts";
let tokens: TestTokens;

beforeEach(async () => {
  tokens = await createTestTokens();
});

describe("joining by a token", () => {
  test("makes a host with repository, credential, source and schedule at once, approved by who made the token [ENR-11]", async () => {
    const { id, token } = await tokens.make();
    const agent = createNewAgent(tokens);
    const hostId = await tokens.join(agent, token);

    const user = await tokens.db
      .selectFrom("users")
      .select("id")
      .executeTakeFirstOrThrow();
    expect(await tokens.hosts()).toMatchObject([
      {
        id: hostId,
        name: "attic",
        hostname: "nas",
        tags: '["home"]',
        approved_by: user.id,
        fingerprint: agent.fingerprint,
      },
    ]);
    for (const table of [
      "repositories",
      "host_repositories",
      "repository_credentials",
      "source_groups",
      "schedules",
    ] as const)
      expect(
        await tokens.db.selectFrom(table).selectAll().execute(),
      ).toHaveLength(1);
    expect(await tokens.list()).toMatchObject([{ id, host_id: hostId }]);
    expect(await tokens.audited("token.use")).toMatchObject([
      {
        actor_kind: "agent",
        target_id: id,
        payload: { host_id: hostId, fingerprint: agent.fingerprint },
      },
    ]);
    const actions = await tokens.db
      .selectFrom("audit_log")
      .select("action")
      .orderBy("id")
      .execute();
    expect(actions.map(({ action }) => action)).toEqual([
      "token.create",
      "host.approve",
      "repository.create",
      "host.set_up",
      "token.use",
    ]);
    const row = await tokens.db
      .selectFrom("enrolment_tokens")
      .selectAll()
      .executeTakeFirstOrThrow();
    expect(row.sealed).toBeNull();
  });

  test("works once: another machine is refused and that is audited, the same one may ask again [ENR-09]", async () => {
    const { id, token } = await tokens.make();
    const agent = createNewAgent(tokens);
    const hostId = await tokens.join(agent, token);
    expect(await tokens.join(agent, token)).toBe(hostId);

    const thief = createNewAgent(tokens, 2);
    expect(await codeOf(tokens.show(thief, token))).toBe("409 token_used");
    expect(await tokens.hosts()).toHaveLength(1);
    expect(await tokens.audited("token.refuse")).toMatchObject([
      {
        actor_kind: "agent",
        target_id: id,
        ip: "203.0.113.5",
        payload: {
          code: "token_used",
          fingerprint: thief.fingerprint,
          used_by: hostId,
        },
      },
    ]);
    expect(
      await tokens.db.selectFrom("pending_hosts").selectAll().execute(),
    ).toHaveLength(1);
  });

  test("two machines at the same moment: one is the host, the other is refused [TST-07]", async () => {
    const { token } = await tokens.make();
    const agents = [1, 2, 3].map((number) => createNewAgent(tokens, number));
    const responses = await Promise.all(
      agents.map((agent) => tokens.show(agent, token)),
    );
    const codes = responses.map(({ status }) => status).toSorted();
    expect(codes).toEqual([200, 409, 409]);
    expect(await tokens.hosts()).toHaveLength(1);
  });

  test("is refused after an hour, and the secrets are gone then [ENR-09]", async () => {
    const { token } = await tokens.make();
    await tokens.clock.advance(3_599_000);
    expect(await tokens.list()).toHaveLength(1);
    await tokens.clock.advance(61_000);
    await settle();
    expect(await tokens.list()).toEqual([]);
    const agent = createNewAgent(tokens);
    expect(await codeOf(tokens.show(agent, token))).toBe("410 token_expired");
    expect(await tokens.audited("token.refuse")).toHaveLength(1);
    const sealedOnes = await tokens.db
      .selectFrom("enrolment_tokens")
      .select("sealed")
      .execute();
    expect(sealedOnes).toEqual([{ sealed: null }]);
    await tokens.clock.advance(25 * 3_600_000);
    await settle();
    expect(await codeOf(tokens.show(agent, token))).toBe("403 token_invalid");
    expect(await tokens.hosts()).toEqual([]);
  });

  test("is refused with a changed token, a revoked one, or a box copied from another agent", async () => {
    const { id, token } = await tokens.make();
    const agent = createNewAgent(tokens);
    const other = createNewAgent(tokens, 2);
    const edited = token.slice(0, -1) + (token.endsWith("A") ? "B" : "A");
    expect(await codeOf(tokens.show(agent, edited))).toBe("403 token_invalid");
    expect(await codeOf(tokens.show(agent, "rmt_nonsense"))).toBe(
      "403 token_invalid",
    );
    expect(await codeOf(agent.announce({ token: "AAAA" }))).toBe(
      "403 token_invalid",
    );
    const copied = tokens.sealed(token, other.publicKeyText);
    expect(await codeOf(agent.announce({ token: copied }))).toBe(
      "403 token_invalid",
    );
    await tokens.send("DELETE", `${tokensPath}/${id}`, {}, tokens.admin);
    expect(await codeOf(tokens.show(agent, token))).toBe("403 token_invalid");
    expect(await tokens.hosts()).toEqual([]);
  });

  test("is refused once its maker may not approve hosts any more", async () => {
    const { token } = await tokens.make();
    const agent = createNewAgent(tokens);
    await tokens.db.updateTable("users").set({ role: "operator" }).execute();
    expect(await codeOf(tokens.show(agent, token))).toBe("403 token_invalid");
    await tokens.db
      .updateTable("users")
      .set({ role: "admin", disabled_at: "2026-01-01T00:00:00.000Z" })
      .execute();
    expect(await codeOf(tokens.show(agent, token))).toBe("403 token_invalid");
    expect(await tokens.audited("token.refuse")).toHaveLength(2);
    await tokens.db.updateTable("users").set({ disabled_at: null }).execute();
    expect((await tokens.show(agent, token)).status).toBe(200);
  });

  test("that fails half-way leaves no host and the token as it was [ENR-11]", async () => {
    const { token } = await tokens.make();
    const agent = createNewAgent(tokens);
    const broken = tokens.db.schema
      .alterTable("schedules")
      .renameTo("schedules_away");
    await broken.execute();
    expect((await tokens.show(agent, token)).status).toBe(500);
    expect(await tokens.hosts()).toEqual([]);
    expect(
      await tokens.db.selectFrom("repositories").selectAll().execute(),
    ).toEqual([]);
    await tokens.db.schema
      .alterTable("schedules_away")
      .renameTo("schedules")
      .execute();
    await tokens.join(agent, token);
    expect(await tokens.hosts()).toHaveLength(1);
  });

  test("brings back a host that was removed, as another one", async () => {
    const agent = createNewAgent(tokens);
    const before = await tokens.join(agent, (await tokens.make()).token);
    const path = `/api/hosts/${before}`;
    await tokens.send("DELETE", path, { name: "attic" }, tokens.admin);
    expect(await tokens.hosts()).toEqual([]);
    const after = await tokens.join(agent, (await tokens.make()).token);
    expect(after).not.toBe(before);
    expect(await tokens.hosts()).toMatchObject([{ id: after, name: "attic" }]);
  });

  test("finds room while a hundred strangers wait", async () => {
    const { token } = await tokens.make();
    const at = (ms: number) => new Date(tokens.clock.now() + ms).toISOString();
    for (let i = 0; i < 100; i++) {
      await tokens.db
        .insertInto("pending_hosts")
        .values({
          id: `stranger-${i}`,
          hostname: "x",
          os: "linux",
          arch: "x64",
          tz: "",
          agent_version: "",
          restic_version: null,
          public_key: new Uint8Array(32).fill(i),
          fingerprint: `f${i}`,
          x25519: new Uint8Array(32),
          document: "",
          signature: new Uint8Array(64),
          nonce: null,
          proved_at: at(0),
          announced_from_ip: "192.0.2.1",
          first_seen_at: at(0),
          last_seen_at: at(0),
          expires_at: at(3_600_000),
          decision: null,
          decided_at: null,
          host_id: null,
        })
        .execute();
    }
    const agent = createNewAgent(tokens, 200);
    expect(await codeOf(agent.announce())).toBe("503 pending_full");
    await tokens.join(agent, token);
  });
});
