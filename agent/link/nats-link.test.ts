import { expect, test } from "bun:test";
import type { Msg } from "@nats-io/nats-core";
import { pattern, topic } from "@restic-manager/shared/protocol/topic.ts";
import { systemClock } from "../clock.ts";
import { signingKey } from "../identity/keys.ts";
import { createLog } from "../log.ts";
import { startNats } from "../testing/nats-server.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { until } from "../testing/until.ts";
import type { LinkError } from "./link.ts";
import { createNatsLink } from "./nats-link.ts";

const host = "habcdefghijkl";
const tempDir = createTempDirs();

test("answers find their questions in any order, and one that comes late finds nobody [TRN-03]", async () => {
  const agent = signingKey(new Uint8Array(32).fill(1));
  const nats = await startNats(tempDir(), {
    agent,
    server: signingKey(new Uint8Array(32).fill(2)),
    agentRights: {
      publish: [`rm.v1.${host}.req.>`],
      subscribe: [`_INBOX.${host}.>`],
    },
  });
  const far = await nats.connectAs(nats.serverKey);
  const asked: Msg[] = [];
  far.subscribe(pattern.requests, {
    callback: (_error, message) => void asked.push(message),
  });
  await far.flush();
  const connection = await createNatsLink({
    server: () => nats.server,
    trust: null,
    hostId: host,
    key: () => agent,
    jwt: () => "",
    log: createLog({
      level: "error",
      format: "text",
      clock: systemClock,
      write: (line) => process.stderr.write(line),
    }),
  }).connect();
  const ask = (body: string, limitMs: number) =>
    connection
      .request(topic.request(host, "resume"), body, limitMs)
      .catch((error: LinkError) => error.kind);

  const late = ask("late", 50);
  expect(await late).toBe("timeout");
  const [first, second] = [ask("first", 5_000), ask("second", 5_000)];
  await until("three questions", () => asked.length === 3);
  for (const question of asked.toReversed())
    question.respond(`to ${question.string()}`);
  expect(await Promise.all([first, second])).toEqual(["to first", "to second"]);

  await connection.close();
  await far.close();
  await nats.stop();
});
