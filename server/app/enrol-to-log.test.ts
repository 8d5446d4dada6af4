import { expect, test } from "bun:test";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import {
  parseJson,
  signedText,
} from "@restic-manager/shared/identity/signed.ts";
import { command } from "@restic-manager/shared/protocol/command.ts";
import { topic } from "@restic-manager/shared/protocol/topic.ts";
import { createMemoryBus } from "../adapters/memory-bus.ts";
import { createSealedSecrets } from "../adapters/sealed-secrets.ts";
import { identityOf } from "../identity.ts";
import { createTestAgent } from "../testing/test-agent.ts";
import { createTestApi, createTestWorld } from "../testing/test-api.ts";
import { found, setUpBody } from "../testing/test-backups.ts";
import { createTestAgentAccess } from "../testing/test-agent-access.ts";
import { settle } from "../testing/test-endpoint.ts";
import { createFeatures } from "./features.ts";

/** The features as the server puts them together, between HTTP and a bus without a broker. */
function start() {
  const world = createTestWorld();
  const { random } = world;
  const bus = createMemoryBus(world);
  const identity = identityOf(random.bytes(32), random);
  const features = createFeatures({
    ...world,
    bus,
    identity,
    secrets: createSealedSecrets(random.bytes(32), random),
    broker: createTestAgentAccess(),
    config: {
      pendingExpiry: 3_600_000,
      offlineAfter: 90_000,
      heartbeatInterval: 30_000,
    },
  });
  features.start();
  bus.start();
  const api = createTestApi(world, { routes: features.routes });
  return { ...world, ...api, bus, identity };
}

test("one process from the announcement to the job's log [TST-05]", async () => {
  const { clock, identity, bus, send, request, as, db } = start();
  const admin = await as("admin");
  const agent = createTestAgent(clock);
  const server_key = identity.publicKeyText;
  // oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into, field by field
  const json = async (answer: Response | Promise<Response>): Promise<any> => {
    const response = await answer;
    expect([response.status, response.ok]).toEqual([response.status, true]);
    return response.json();
  };
  const get = (path: string) => json(request(path, { headers: admin }));
  const post = (path: string, body: unknown) =>
    json(send("POST", path, body, admin));
  const signedBody = (text: string) => JSON.parse(text) as object;

  const announced = await json(
    send(
      "POST",
      "/api/agents/announce",
      signedBody(
        agent.signed("rm-announce-v1", {
          v: 1,
          public_key: agent.publicKeyText,
          x25519: toBase64Url(new Uint8Array(32).fill(9)),
          server_key,
          hostname: "nas",
          os: "linux",
          arch: "x64",
          tz: "Europe/Berlin",
          agent_version: "0.1.0",
          restic_version: "0.19.1",
          protocol_min: 1,
          protocol_max: 1,
        }),
      ),
    ),
  );
  const { pending_id, nonce } = announced;
  const waiting = json(
    send(
      "POST",
      `/api/agents/announce/${pending_id}/wait`,
      signedBody(
        agent.signed("rm-proof-v1", { pending_id, nonce, server_key }),
      ),
    ),
  );
  await settle();
  const [pending] = (await get("/api/pending")).pending;
  expect(pending.fingerprint).toBe(agent.fingerprint);
  const host = await post(`/api/pending/${pending.id}/accept`, {
    fingerprint: agent.fingerprint,
  });
  expect((await waiting).status).toBe("approved");

  const line = bus.agent(host.id);
  const verbs: string[] = [];
  line.answer((verb, text) => {
    verbs.push(verb);
    const sent = parseJson(parseJson(text, signedText)?.b ?? "", command);
    const result = verb === "repo.test" ? found() : null;
    return agent.signed("rm-event-v1", { id: sent?.id, ok: true, result });
  });
  await line.request(
    topic.request(host.id, "hello"),
    agent.hello({ host: host.id }),
  );
  const made = await post(`/api/hosts/${host.id}/setup`, setUpBody());
  const job = await post(`/api/hosts/${host.id}/jobs`, {
    kind: "backup",
    source_group_id: made.group_id,
  });
  expect(verbs).toEqual(["repo.test", "cfg.changed", "job.start"]);

  const origin = {
    job_id: job.id,
    kind: "backup",
    actor: "user",
    schedule_id: null,
    source_group_id: made.group_id,
    repository_id: made.repository.id,
    started_at: "2026-01-01T00:00:00.000Z",
  };
  const report = async (
    seq: number,
    kind: "job.started" | "job.done",
    p: object,
  ) => {
    const { text } = agent.event(seq, kind, p, { host: host.id });
    await line.publish(topic.event(host.id, kind), text);
  };
  await report(1, "job.started", { ...origin, command: "restic backup" });
  const said = {
    n: 1,
    t: origin.started_at,
    s: "stdout",
    l: "Saved.",
    k: "info",
  };
  await line.publish(
    topic.log(host.id, job.id),
    agent.event(2, "log", { job_id: job.id, lines: [said] }, { host: host.id })
      .text,
  );
  await report(3, "job.done", {
    ...origin,
    outcome: "succeeded",
    finished_at: "2026-01-01T00:00:05.000Z",
    exit_code: 0,
    error: null,
    stats: { snapshot_id: "c".repeat(64) },
    log_lines: 1,
  });
  await settle();

  expect(await get(`/api/jobs/${job.id}`)).toMatchObject({
    state: "succeeded",
    snapshot_id: "c".repeat(64),
    log_lines: 1,
  });
  expect((await get(`/api/jobs/${job.id}/log`)).lines).toEqual([said]);
  expect(await get(`/api/hosts/${host.id}`)).toMatchObject({
    name: "nas",
    online: true,
    health: "healthy",
    last_backup: { state: "succeeded" },
  });
  const audit = await db.selectFrom("audit_log").select("action").execute();
  expect(audit.map(({ action }) => action)).toEqual([
    "host.approve",
    "repository.test",
    "repository.create",
    "host.set_up",
    "job.run",
  ]);
});
