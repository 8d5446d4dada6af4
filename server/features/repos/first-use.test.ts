import { beforeEach, describe, expect, test } from "bun:test";
import type { Repository } from "@restic-manager/shared/api/repos.ts";
import { createNewAgent } from "../../testing/features-world.ts";
import type { NewAgent } from "../../testing/features-world.ts";
import { found } from "../../testing/test-backups.ts";
import { ok, refused, settle } from "../../testing/test-endpoint.ts";
import { createTestTokens, tokenBody } from "../../testing/test-tokens.ts";
import type { TestTokens } from "../../testing/test-tokens.ts";
let tokens: TestTokens;

beforeEach(async () => {
  tokens = await createTestTokens();
});

describe("the first connection", () => {
  async function repository() {
    const row = await tokens.db
      .selectFrom("repositories")
      .selectAll()
      .executeTakeFirstOrThrow();
    return row;
  }

  async function joined(body?: object) {
    const made = await tokens.make(body);
    const agent = createNewAgent(tokens);
    return { made, agent, hostId: await tokens.join(agent, made.token) };
  }

  const opened = (agent: NewAgent, hostId: string) =>
    agent.sent
      .filter(({ verb }) => verb === "repo.test")
      .map(({ id, p }) =>
        agent.open(hostId, "repo-test", id, (p as { box: string }).box),
      );

  test("creates the repository with the minted secrets, which only the agent learns [ENR-11]", async () => {
    const { made, agent, hostId } = await joined();
    expect(await repository()).toMatchObject({ status: "unknown" });
    agent.onCommand("repo.test", () => ok(found({ created: true })));
    await agent.connect(hostId);
    await settle();
    expect(opened(agent, hostId)).toEqual([
      {
        url: "rest:http://nas:8000/attic",
        mode: "create",
        includes: ["/etc"],
        credential: {
          password: made.minted_password,
          username: "attic",
          user_password: made.minted_user_password,
          env: {},
        },
      },
    ]);
    expect(await repository()).toMatchObject({
      status: "ready",
      restic_id: found().repository_id,
    });
    await agent.connect(hostId);
    await settle();
    expect(opened(agent, hostId)).toHaveLength(1);
  });

  test("with a wrong login says so at the repository, and tries again with the corrected one", async () => {
    const { agent, hostId } = await joined();
    agent.onCommand("repo.test", () =>
      refused("repository_denied", "The rest-server refused the login."),
    );
    await agent.connect(hostId);
    await settle();
    const { id, ...wrong } = await repository();
    expect(wrong).toMatchObject({
      status: "init_failed",
      status_code: "repository_denied",
    });
    const shown = await tokens.request(`/api/repositories/${id}`, {
      headers: tokens.admin,
    });
    expect(await shown.json()).toMatchObject({
      status: "init_failed",
      status_code: "repository_denied",
      status_message: "The rest-server refused the login.",
    });
    agent.onCommand("repo.test", () => ok(found({ created: true })));
    const patch = { user_password: "right" };
    await tokens.send("PATCH", `/api/repositories/${id}`, patch, tokens.admin);
    await settle();
    expect(opened(agent, hostId).at(-1).credential.user_password).toBe("right");
    expect(await repository()).toMatchObject({
      status: "ready",
      status_code: null,
    });
  });

  test("tries what was corrected while the agent still tried what was wrong [TST-07]", async () => {
    const { agent, hostId } = await joined();
    let patched = false;
    const { id } = await repository();
    const correct = () =>
      tokens.send(
        "PATCH",
        `/api/repositories/${id}`,
        { user_password: "right" },
        tokens.admin,
      );
    const patching: Promise<Response>[] = [];
    agent.onCommand("repo.test", ({ id: command, p }) => {
      const { box } = p as { box: string };
      const { credential } = agent.open(hostId, "repo-test", command, box);
      if (!patched) patching.push(correct());
      patched = true;
      return credential.user_password === "right"
        ? ok(found({ created: true }))
        : refused("repository_denied", "The rest-server refused the login.");
    });
    await agent.connect(hostId);
    await Promise.all(patching);
    await settle();
    expect(await repository()).toMatchObject({
      status: "ready",
      status_code: null,
    });
  });

  test("takes a repository that is there already, and tries again after a while when its server is away", async () => {
    const { agent, hostId } = await joined();
    agent.onCommand("repo.test", () => refused("repository_unreachable", "x"));
    await agent.connect(hostId);
    await settle();
    expect((await repository()).status).toBe("init_failed");
    agent.onCommand("repo.test", ({ id, p }) => {
      const { box } = p as { box: string };
      const { mode } = agent.open(hostId, "repo-test", id, box);
      return mode === "create"
        ? refused("repository_exists", "It is there.")
        : ok(found());
    });
    await tokens.clock.advance(60_000);
    tokens.events.emit({ type: "host.configured", hostId });
    await settle();
    expect(opened(agent, hostId).map(({ mode }) => mode)).toEqual([
      "create",
      "create",
      "existing",
    ]);
    expect((await repository()).status).toBe("ready");
  });

  async function two() {
    const join = async (number: number, username: string) => {
      const secrets = { username, password: "p", user_password: "u" };
      const { token } = await tokens.make(tokenBody(secrets));
      const agent = createNewAgent(tokens, number);
      return { agent, hostId: await tokens.join(agent, token) };
    };
    return { first: await join(1, "one"), second: await join(2, "two") };
  }

  async function listed(hostId: string) {
    const path = `/api/hosts/${hostId}/repositories`;
    const shown = await tokens.request(path, { headers: tokens.admin });
    const { repositories } = (await shown.json()) as {
      repositories: Repository[];
    };
    expect(repositories).toHaveLength(1);
    return repositories[0];
  }

  const other = "e".repeat(64);

  test("of a host that finds another repository at the address gives it one of its own, and leaves the first host's as it is", async () => {
    const { first, second } = await two();
    first.agent.onCommand("repo.test", () => ok(found({ created: true })));
    await first.agent.connect(first.hostId);
    await settle();
    const stored = await listed(first.hostId);
    await tokens.db
      .updateTable("source_groups")
      .set({ repository_id: stored?.id ?? "" })
      .execute();
    second.agent.onCommand("repo.test", () =>
      ok(found({ created: true, repository_id: other })),
    );
    await second.agent.connect(second.hostId);
    await settle();
    expect(await listed(first.hostId)).toEqual({
      ...stored,
      host_ids: [first.hostId],
    } as Repository);
    const own = await listed(second.hostId);
    expect(own).toMatchObject({
      url: "rest:http://nas:8000/attic",
      status: "ready",
      repository_id: other,
      host_ids: [second.hostId],
      credential: { username: "two", user_password_set: true },
    });
    const logins = await tokens.db
      .selectFrom("repository_credentials")
      .select(["repository_id", "host_id"])
      .execute();
    expect(logins).toEqual([
      { repository_id: stored?.id ?? "", host_id: null },
      { repository_id: own?.id ?? "", host_id: null },
    ]);
    expect(await tokens.audited("repository.create")).toHaveLength(2);
    const groups = await tokens.db
      .selectFrom("source_groups")
      .select("repository_id")
      .where("host_id", "=", second.hostId)
      .execute();
    expect(groups).toEqual([{ repository_id: own?.id ?? "" }]);
    expect(second.agent.sent.at(-1)?.verb).toBe("cfg.changed");
    // It is open: whoever comes back is not asked again.
    await second.agent.connect(second.hostId);
    await settle();
    expect(opened(second.agent, second.hostId)).toHaveLength(1);
  });

  test("that fails says so at the host, and nothing at a repository that another host has opened", async () => {
    const { first, second } = await two();
    first.agent.onCommand("repo.test", () => ok(found()));
    await first.agent.connect(first.hostId);
    await settle();
    const told: string[] = [];
    tokens.events.on(({ type }) => void told.push(type));
    second.agent.onCommand("repo.test", () =>
      refused("wrong_password", "The repository password is wrong."),
    );
    await second.agent.connect(second.hostId);
    await settle();
    const wrong = {
      status: "unreachable",
      status_code: "wrong_password",
      status_message: "The repository password is wrong.",
    };
    // Whoever looks at the host's page asks again what its own view is.
    expect(told).toContain("repository.changed");
    expect(await repository()).toMatchObject({ status: "ready" });
    expect(await listed(first.hostId)).toMatchObject({ status: "ready" });
    expect(await listed(second.hostId)).toMatchObject(wrong);
    second.agent.onCommand("repo.test", () => ok(found()));
    await second.agent.connect(second.hostId);
    await settle();
    expect(await listed(second.hostId)).toMatchObject({
      status: "ready",
      status_code: null,
      status_message: null,
    });
  });

  test("of a second host shares the repository at the same address", async () => {
    const secrets = { password: "p", user_password: "u" };
    const first = await tokens.make(tokenBody(secrets));
    const second = await tokens.make(tokenBody(secrets));
    await tokens.join(createNewAgent(tokens, 1), first.token);
    await tokens.join(createNewAgent(tokens, 2), second.token);
    const count = async (table: "repositories" | "host_repositories") =>
      (await tokens.db.selectFrom(table).selectAll().execute()).length;
    expect(await count("repositories")).toBe(1);
    expect(await count("host_repositories")).toBe(2);
    expect((await tokens.hosts()).map(({ name }) => name)).toEqual([
      "attic",
      "attic-2",
    ]);
  });
});
