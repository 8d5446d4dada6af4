import { statSync } from "node:fs";
import { join } from "node:path";
import { freePort, type Lab } from "../install/e2e/rig/lab.ts";
import { agentFile, serverFile } from "../install/e2e/rig/places.ts";
import { type Figure, figure, median, milliseconds } from "./figures.ts";

const megabytes = (file: string): string =>
  `${(statSync(file).size / 1e6).toFixed(1)} MB`;

export function measureSizes(): Figure[] {
  return [
    figure(
      "Size of restic-manager-server",
      megabytes(serverFile),
      "<= 125 MB",
      "broker and dashboard inside",
    ),
    figure(
      "Size of restic-manager-agent",
      megabytes(agentFile),
      "<= 125 MB",
      "restic inside",
    ),
  ];
}

/** From starting the process to the first answer of any kind, and to readiness. */
export async function measureStart(
  lab: Lab,
  rounds: number,
): Promise<Figure[]> {
  const first: number[] = [];
  const ready: number[] = [];
  const fresh: number[] = [];
  const env = {
    RM_LISTEN: `127.0.0.1:${await freePort()}`,
    RM_DATA_DIR: join(lab.dir, "data"),
  };
  const url = `http://${env.RM_LISTEN}`;
  for (let round = 0; round <= rounds; round += 1) {
    const started = performance.now();
    const program = lab.start(serverFile, [], { env });
    await answered(`${url}/healthz`, () => true);
    const toFirst = performance.now() - started;
    await answered(`${url}/readyz`, ({ ok }) => ok);
    if (round === 0) fresh.push(performance.now() - started);
    else {
      first.push(toFirst);
      ready.push(performance.now() - started);
    }
    await program.stop();
  }
  const how = `median of ${rounds} starts`;
  return [
    figure("Start to first HTTP answer", milliseconds(median(first)), "", how),
    figure("Start to ready", milliseconds(median(ready)), "", how),
    figure(
      "First start ever to ready",
      milliseconds(median(fresh)),
      "",
      "makes keys, unpacks the broker",
    ),
  ];
}

async function answered(
  url: string,
  good: (response: Response) => boolean,
): Promise<void> {
  for (let attempt = 0; attempt < 10_000; attempt += 1) {
    const response = await fetch(url).catch(() => null);
    if (response !== null && good(response)) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`${url} never answered`);
}
