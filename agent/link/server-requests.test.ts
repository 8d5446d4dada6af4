import { expect, test } from "bun:test";
import type { RequestOp } from "@restic-manager/shared/protocol/topic.ts";
import { treeAnswer } from "@restic-manager/shared/protocol/tree.ts";
import { LinkError, type Connection } from "./link.ts";
import { createServerRequests } from "./server-requests.ts";

/** How long an answer to a question is waited for. */
async function patience(op: RequestOp): Promise<number> {
  let waited = 0;
  const connection: Pick<Connection, "request"> = {
    async request(_subject, _body, timeoutMs) {
      waited = timeoutMs;
      throw new LinkError("timeout", "No answer in time.");
    },
  };
  const requests = createServerRequests({
    hostId: "habcdefghijkl",
    sign: () => new Uint8Array(64),
    serverKey: new Uint8Array(32),
    time: { stamp: () => "2026-11-28T10:00:00Z" },
  });
  const asked = requests.ask(connection as Connection, op, {}, treeAnswer);
  await expect(asked).rejects.toThrow("No answer in time.");
  return waited;
}

test("a server that is busy with folders of other hosts is waited for, so that nothing is sent twice [RTR-01]", async () => {
  expect(await patience("tree.put")).toBe(60_000);
  expect(await patience("tree.have")).toBe(10_000);
  expect(await patience("hello")).toBe(10_000);
});
