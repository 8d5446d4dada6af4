import { expect, test } from "bun:test";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { RejectedError, RemovedError } from "../identity/refusals.ts";
import { ServerFault } from "../identity/server-fault.ts";
import { createLog } from "../log.ts";
import { keepConnected, type KeeperDeps } from "./keeper.ts";
import { createMemoryLink } from "./memory-link.ts";
import { ProtocolMismatchError } from "./session.ts";

function setUp(change: Partial<KeeperDeps> = {}, fraction = 1) {
  const clock = createManualClock();
  const lines: string[] = [];
  const attempts: number[] = [];
  const { link, server } = createMemoryLink();
  const stop = new AbortController();
  const random = {
    bytes: (n: number) => new Uint8Array(n),
    id: () => "",
    fraction: () => fraction,
  };
  const kept = keepConnected({
    link: {
      connect() {
        attempts.push(clock.now());
        return link.connect();
      },
    },
    clock,
    random,
    log: createLog({
      level: "info",
      format: "text",
      clock,
      write: (line) => lines.push(line),
    }),
    meet: async () => {},
    session: async (connection) => {
      await connection.closed;
      return "closed";
    },
    recover: async () => true,
    addresses: { next() {}, first() {} },
    signal: stop.signal,
    ...change,
  });
  const waits = () => attempts.slice(1).map((at, i) => at - (attempts[i] ?? 0));
  const end = async () => {
    stop.abort();
    return kept;
  };
  return { clock, lines, attempts, waits, server, kept, end };
}

test("attempts grow from one to sixty seconds apart [TRN-04]", async () => {
  const { clock, server, waits, end } = setUp();
  server.refuseConnects("unreachable");
  await clock.advance(0);
  await clock.advance(5 * 60_000);
  expect(waits().slice(0, 8)).toEqual([
    1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000,
  ]);
  expect(await end()).toBe("stopped");
});

test("each attempt is at a random instant of its span [TRN-04]", async () => {
  const { clock, server, waits, end } = setUp({}, 0.5);
  server.refuseConnects("unreachable");
  await clock.advance(0);
  await clock.advance(60_000);
  expect(waits().slice(0, 4)).toEqual([600, 1_100, 2_100, 4_100]);
  await end();
});

test("the same reason is logged once, however long the server is away", async () => {
  const { clock, server, lines, end } = setUp();
  server.refuseConnects("unreachable");
  await clock.advance(0);
  await clock.advance(24 * 3_600_000);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("backups go on");
  await end();
});

test("after a connection that lasted it is quick again", async () => {
  const { clock, server, attempts, end } = setUp();
  server.refuseConnects("unreachable");
  await clock.advance(0);
  await clock.advance(10 * 60_000);
  server.refuseConnects(false);
  await clock.advance(20 * 60_000);
  const before = attempts.length;
  server.cut();
  await clock.advance(0);
  await clock.advance(1_000);
  expect(attempts.length).toBe(before + 1);
  await end();
});

test("a server that finds the agent too old is asked once a minute and complained about once [TRN-05]", async () => {
  const session = async () => {
    throw new ProtocolMismatchError("too old");
  };
  const { clock, waits, lines, end } = setUp({ session });
  await clock.advance(0);
  await clock.advance(5 * 60_000);
  expect(waits()).toEqual([60_000, 60_000, 60_000, 60_000, 60_000]);
  expect(lines).toHaveLength(1);
  await end();
});

test("a credential the broker refuses is renewed", async () => {
  let renewals = 0;
  const { clock, server, attempts, end } = setUp({
    recover: async () => {
      renewals++;
      server.refuseConnects(false);
      return true;
    },
  });
  server.refuseConnects("unauthorized");
  await clock.advance(0);
  await clock.advance(5_000);
  expect(renewals).toBe(1);
  expect(attempts).toHaveLength(2);
  await end();
});

test("a broker that hangs up without a word may mean the credential: now and then the server is asked", async () => {
  let asked = 0;
  const { clock, server, end } = setUp({
    recover: async () => {
      asked++;
      return true;
    },
  });
  server.refuseConnects("unreachable");
  await clock.advance(0);
  await clock.advance(6_999);
  expect(asked).toBe(0);
  await clock.advance(1);
  expect(asked).toBe(1);
  await clock.advance(10 * 60_000);
  expect(asked).toBeLessThan(5);
  await end();
});

test("a host that was approved under another id, rejected or removed ends the keeper", async () => {
  const changed = setUp({ recover: async () => false });
  changed.server.refuseConnects("unauthorized");
  await changed.clock.advance(1_000);
  expect(await changed.kept).toBe("host_changed");

  const rejected = setUp({
    recover: async () => {
      throw new RejectedError();
    },
  });
  rejected.server.refuseConnects("unauthorized");
  await rejected.clock.advance(1_000);
  expect(await rejected.kept).toBe("rejected");

  const removed = setUp({
    meet: async () => {
      throw new RemovedError("https://x");
    },
  });
  await removed.clock.advance(1_000);
  expect(await removed.kept).toBe("removed");
});

test("a busy server is left alone for as long as it asks, and then not by all at once", async () => {
  const busy = new ServerFault("api", "Later.", "rate_limited", 30_000);
  const { clock, attempts, server, end } = setUp({
    recover: async () => {
      throw busy;
    },
  });
  server.refuseConnects("unauthorized");
  await clock.advance(0);
  await clock.advance(30_999);
  expect(attempts).toHaveLength(1);
  await clock.advance(1);
  expect(attempts).toHaveLength(2);
  await end();
});

test("several addresses are tried in turn, a refused credential is not the address's fault, and each reason is told once [TRN-12]", async () => {
  const moves: string[] = [];
  const faults = [
    new ServerFault("refused", "Nothing listens at a."),
    new ServerFault("dns", "The name b cannot be resolved."),
  ];
  let asks = 0;
  const { clock, lines, server, end } = setUp({
    meet: async () => {
      const fault = faults[asks++ % 3];
      if (fault !== undefined) throw fault;
    },
    addresses: {
      next: () => void moves.push("next"),
      first: () => void moves.push("first"),
    },
  });
  server.refuseConnects("unauthorized");
  await clock.advance(0);
  await clock.advance(60_000);
  expect(asks).toBeGreaterThan(5);
  expect(moves.length).toBe(asks - Math.floor(asks / 3));
  expect(new Set(moves)).toEqual(new Set(["next"]));
  expect(lines).toHaveLength(3);

  server.refuseConnects(false);
  asks = 2;
  await clock.advance(60_000);
  server.cut();
  await clock.advance(0);
  expect(moves.at(-1)).toBe("first");
  await end();
});

test("a fault of the network has its own sentence", async () => {
  const meet = async () => {
    throw new ServerFault("dns", "The name x cannot be resolved.");
  };
  const { clock, lines, attempts, end } = setUp({ meet });
  await clock.advance(0);
  await clock.advance(3_000);
  expect(lines.join("")).toContain("The name x cannot be resolved.");
  expect(attempts).toEqual([]);
  await end();
});
