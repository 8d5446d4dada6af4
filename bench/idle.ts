import { join } from "node:path";
import { approvedHost, enrolAgent, enrolAt } from "../install/e2e/rig/agent.ts";
import { setUp } from "../install/e2e/rig/jobs.ts";
import type { Lab } from "../install/e2e/rig/lab.ts";
import { descendants, residentBytes } from "../install/e2e/rig/processes.ts";
import { writeFiles } from "../install/e2e/rig/repository.ts";
import { startServer } from "../install/e2e/rig/server.ts";
import { type Figure, figure, mebibytes } from "./figures.ts";
import { openTlsFront } from "./tls-front.ts";

/** Resident memory after `seconds` in which nothing happened but heartbeats. */
export async function measureIdle(
  lab: Lab,
  seconds: number,
): Promise<Figure[]> {
  const server = await startServer(lab);
  const api = await server.logIn();
  const front = await openTlsFront(lab, server.port);
  const plain = await enrolAgent(lab, server, { name: "plain" });
  const overTls = enrolAt(
    lab,
    `https://127.0.0.1:${front.port}`,
    await server.serverKey(),
    {
      name: "tls",
      env: { NODE_EXTRA_CA_CERTS: front.certificate },
    },
  );
  for (const agent of [plain, overTls]) {
    const source = join(lab.dir, "source");
    writeFiles(source, 1);
    const host = await approvedHost(api, agent);
    await setUp(api, host, {
      url: join(agent.stateDir, "../repository"),
      includes: [source],
    });
  }
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));

  const resident = (pid: number) => residentBytes(pid);
  const serverPid = server.program().pid;
  const broker = descendants(serverPid).reduce(
    (sum, { pid }) => sum + resident(pid),
    0,
  );
  const note = `VmRSS after ${seconds} s, host set up`;
  return [
    figure(
      "Agent idle, plain",
      mebibytes(resident(plain.program().pid)),
      "<= 45 MiB",
      note,
    ),
    figure(
      "Agent idle, over TLS",
      mebibytes(resident(overTls.program().pid)),
      "<= 50 MiB",
      note,
    ),
    figure(
      "Server and broker idle",
      mebibytes(resident(serverPid) + broker),
      "<= 110 MiB",
      `${note}; broker ${mebibytes(broker)}`,
    ),
  ];
}
