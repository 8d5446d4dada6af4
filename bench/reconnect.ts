import { createConnection, createServer, type Socket } from "node:net";
import {
  accept,
  type Agent,
  enrolAt,
  pendingOf,
} from "../install/e2e/rig/agent.ts";
import type { Lab } from "../install/e2e/rig/lab.ts";
import { type Server, startServer } from "../install/e2e/rig/server.ts";
import { waitFor } from "../install/e2e/rig/wait.ts";
import { type Figure, figure, seconds } from "./figures.ts";

/** `count` agents lose their server for some seconds; when and how spread they come back. */
export async function measureReconnect(
  lab: Lab,
  count: number,
  awayMs: number,
): Promise<Figure[]> {
  const server = await startServer(lab, {
    env: { RM_HEARTBEAT_INTERVAL: "2s", RM_OFFLINE_AFTER: "6s" },
  });
  const api = await server.logIn();
  const key = await server.serverKey();
  const attempts: number[] = [];
  const agents: Agent[] = [];
  for (let index = 0; index < count; index += 1) {
    const port = await ownAddress(
      lab,
      server.port,
      `127.0.1.${index + 1}`,
      () => attempts.push(performance.now()),
    );
    const agent = enrolAt(lab, `http://127.0.0.1:${port}`, key, {
      name: `agent-${index}`,
    });
    await accept(api, await pendingOf(api, await agent.fingerprint()));
    agents.push(agent);
  }
  await waitFor("all are connected", () => greetings(server) >= count, 60_000);

  await server.kill();
  await new Promise((resolve) => setTimeout(resolve, awayMs));
  const back = performance.now();
  await server.start();
  const times: number[] = [];
  await waitFor(
    "all are back",
    () => {
      const now = greetings(server);
      while (times.length < now) times.push(performance.now() - back);
      return now >= count;
    },
    120_000,
  );

  const perSecond = Map.groupBy(
    attempts.filter((at) => at > back),
    (at) => Math.floor((at - back) / 1000),
  );
  const most = Math.max(
    ...[...perSecond.values()].map((group) => group.length),
  );
  const half = times[Math.floor(count / 2)] ?? 0;
  return [
    figure(
      `${count} agents back after ${awayMs / 1000} s without a server`,
      `half in ${seconds(half)}, all in ${seconds(times.at(-1) ?? 0)}`,
      "",
      `from the server's start; at most ${most} connection attempts in one second`,
    ),
  ];
}

/** How often the running server was greeted by an agent. */
function greetings(server: Server): number {
  return server.program().text().split("A host said hello").length - 1;
}

/** A relay that gives an agent an address of its own, as if it were another machine. */
async function ownAddress(
  lab: Lab,
  target: number,
  localAddress: string,
  tried: () => void,
): Promise<number> {
  const sockets = new Set<Socket>();
  const relay = createServer((from) => {
    tried();
    const to = createConnection({
      port: target,
      host: "127.0.0.1",
      localAddress,
    });
    for (const socket of [from, to]) {
      sockets.add(socket);
      socket.on("error", () => [from, to].forEach((end) => end.destroy()));
      socket.on("close", () => [from, to].forEach((end) => end.destroy()));
    }
    from.pipe(to);
    to.pipe(from);
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  lab.defer(() => {
    relay.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = relay.address();
  if (address === null || typeof address === "string")
    throw new Error("no port");
  return address.port;
}
