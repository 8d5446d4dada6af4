import { beforeEach, describe, expect, test } from "bun:test";
import type { RestoreBody } from "@restic-manager/shared/api/restores.ts";
import { ok, refused } from "../../testing/test-endpoint.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";
import {
  createTestRestores,
  findings,
  toFolder,
  toldTo,
} from "../../testing/test-restores.ts";
import type { TestRestores } from "../../testing/test-restores.ts";
import { refusalOf } from "../../testing/test-upkeep.ts";

let server: TestRestores;
let nas: TestEndpoint;

beforeEach(async () => {
  server = await createTestRestores();
  ({ nas } = server);
});

describe("who may", () => {
  async function as(role: "operator" | "viewer", over: Partial<RestoreBody>) {
    const headers = await server.api.as(role);
    const body = { ...toFolder(nas), ...over };
    const path = `${server.snapshot}/restore`;
    const restore = await server.api.send("POST", path, body, headers);
    const { confirm: _, ...asked } = body;
    const check = await server.api.send(
      "POST",
      `${path}/check`,
      asked,
      headers,
    );
    return [restore.status, check.status];
  }

  test("an operator restores on a host's own repositories, and not across hosts; a viewer not at all, whatever the address [RTR-07]", async () => {
    nas.onCommand("restore.check", () => ok(findings));
    const other = await server.addHost(2, "other");
    other.onCommand("restore.check", () => ok(findings));
    const across = { host_id: other.hostId, confirm: "other" };
    expect(await as("operator", {})).toEqual([202, 200]);
    const inPlace = { target: { mode: "in_place" }, confirm: "nas" } as const;
    expect(await as("operator", inPlace)).toEqual([202, 200]);
    expect(await as("operator", across)).toEqual([403, 403]);
    expect(await as("viewer", {})).toEqual([403, 403]);
    expect(other.received).toEqual([]);
  });
});

describe("the check before", () => {
  test("asks the host, writes nothing, and says what it finds [RTR-02]", async () => {
    nas.onCommand("restore.check", () =>
      ok({ ...findings, target_state: "not_empty", warnings: ["A warning."] }),
    );
    const { status, body } = await server.check({
      paths: ["/etc/hosts", "/etc/passwd"],
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      ...findings,
      target_state: "not_empty",
      warnings: ["A warning."],
      revocation: "own_access",
    });
    expect(toldTo(nas, "restore.check")[0]).toMatchObject({
      url: "rest:http://nas:8000/backup",
      credential: { password: "correct horse" },
      total_bytes: 320,
    });
    expect(await server.jobs()).toEqual([]);
  });

  test("hands on why the host cannot [RTR-02]", async () => {
    nas.onCommand("restore.check", () =>
      refused("repository_locked", "Somebody has locked the repository."),
    );
    const answer = await server.check();
    expect(refusalOf(answer)).toEqual([409, "restore_refused"]);
    expect(answer.body).toMatchObject({
      message: "Somebody has locked the repository.",
      cause: "repository_locked",
    });
  });
});
