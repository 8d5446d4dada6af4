import { createTestBroker } from "./nats-testing.ts";

/** A server in a process of its own that can be killed: prints its broker's pid and waits. */
async function main(): Promise<void> {
  const under = createTestBroker({
    dataDir: process.env["DATA_DIR"] ?? "",
    keys: process.env["KEYS"] ?? null,
    searchPath: process.env["SEARCH"] ?? "",
  });
  await under.broker.start();
  process.stdout.write(`${under.pid()}\n`);
}

void main();
