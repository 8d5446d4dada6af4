import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { RestoreBody } from "@restic-manager/shared/api/restores.ts";
import type { SealPurpose } from "@restic-manager/shared/identity/seal.ts";
import type { Command } from "@restic-manager/shared/protocol/command.ts";
import type { CommandVerb } from "@restic-manager/shared/protocol/topic.ts";
import { ok, settle } from "./test-endpoint.ts";
import type { TestEndpoint } from "./test-endpoint.ts";
import { createTestTrees, snapshotOf, treesOf } from "./test-trees.ts";

export type TestRestores = Awaited<ReturnType<typeof createTestRestores>>;

export const keyId = "c".repeat(64);

/** Where the host `nas` has one snapshot, whose contents are known, and nobody else uses its repository. */
export async function createTestRestores() {
  const server = await createTestTrees();
  const { nas, base } = server;
  await server.list(nas, [1]);
  await server.tell(
    1,
    treesOf({ etc: { hosts: 20, passwd: 300 }, home: { ada: { plan: 4 } } }),
  );
  nas.onCommand("repo.key", () => ok({ key_id: keyId }));
  nas.received.length = 0;
  server.startRestores();
  const at = (number: number) => `${base}/snapshots/${snapshotOf(number)}`;
  const snapshot = at(1);

  return {
    ...server,
    at,
    snapshot,
    restore: (over: Partial<RestoreBody> = {}, path = snapshot) =>
      server.call("POST", `${path}/restore`, { ...toFolder(nas), ...over }),
    check: (over: Partial<RestoreBody> = {}) =>
      server.call("POST", `${snapshot}/restore/check`, {
        ...toFolder(nas),
        ...over,
      }),
    /** Lets the agent say how a restore ended. */
    end: (host: TestEndpoint, job: { id: string }, over: object = {}) =>
      server.report(
        host,
        "job.done",
        { id: job.id, kind: "restore" },
        { restore: { files_restored: 2, bytes_restored: 320 }, ...over },
      ),
    keys: () => server.db.selectFrom("temporary_keys").selectAll().execute(),
    async minutes(count: number) {
      for (let minute = 0; minute < count; minute++) {
        await server.clock.advance(60_000);
        await settle();
      }
    },
    /** The first message of a stream. */
    opening: (host: TestEndpoint, token: string, over: object = {}) =>
      host.signed("rm-stream-v1", {
        v: 1,
        host: host.hostId,
        token,
        t: toTimestamp(server.clock.now()),
        ...over,
      }),
  };
}

export const toFolder = (host: TestEndpoint): RestoreBody => ({
  host_id: host.hostId,
  paths: ["/etc"],
  target: { mode: "new_directory", path: "/srv/back" },
  overwrite: "if-changed",
});

const purposes: Partial<Record<CommandVerb, SealPurpose>> = {
  "job.start": "job",
  "restore.check": "restore-check",
  "dump.start": "dump",
  "repo.key": "repo-key",
};

/** What a host was told by commands of a kind, opened. */
export function toldTo(host: TestEndpoint, verb: CommandVerb) {
  return host.received
    .filter((command) => command.verb === verb)
    .map((command) => opened(host, command));
}

export function opened(host: TestEndpoint, command: Command) {
  const { box } = command.p as { box: string };
  return host.open(purposes[command.verb] ?? "job", command.id, box);
}

export const findings = {
  target: "/srv/back",
  target_state: "absent",
  space_free: 1_000_000,
  space_needed: 320,
  sets_owners: true,
  dry_run: null,
  dry_run_problem: null,
  warnings: [],
};
