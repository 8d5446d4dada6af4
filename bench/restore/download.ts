import { spawn } from "node:child_process";
import { join } from "node:path";
import { residentBytes } from "../../install/e2e/rig/processes.ts";
import {
  downloadAddress,
  downloadOf,
  type RestoreStand,
} from "../../install/e2e/rig/restores.ts";
import { type Command, runBare } from "../bare.ts";
import {
  type Figure,
  figure,
  mebibytes,
  median,
  milliseconds,
  seconds,
} from "../figures.ts";
import { seenRestic } from "./seen-restic.ts";

/** A folder of so many bytes as tar, against the product's own `restic dump` by hand. */
export async function measureDownload(
  stand: RestoreStand,
  { bytes, rounds }: { readonly bytes: number; readonly rounds: number },
): Promise<Figure[]> {
  const { agent, server, source } = stand;
  const folder = join(source, "mixed");
  const memory = () => [
    residentBytes(agent.program().pid),
    residentBytes(server.program().pid),
  ];
  const product: number[] = [];
  const firstBytes: number[] = [];
  const bare: number[] = [];
  let command: Command | null = null;
  // The first one fills the page cache, and shows how restic is started.
  for (let round = 0; round <= rounds; round += 1) {
    const downloading = readByCurl(stand, folder);
    command ??= await seenRestic(agent.program().pid, "dump");
    const { firstByte, wall } = await downloading;
    if (round === 0) continue;
    product.push(wall);
    firstBytes.push(firstByte);
    bare.push((await runBare(command)).wall);
  }
  const before = memory();
  const slow = await downloadOf(stand, [folder], "tar");
  const reader = slow.body?.getReader();
  await reader?.read();
  await Bun.sleep(10_000);
  const after = memory();
  await reader?.cancel();
  const grown = after.map((value, at) => mebibytes(value - (before[at] ?? 0)));
  return [
    figure(
      `Download of ${mebibytes(bytes)}, speed: product / restic dump`,
      (median(bare) / median(product)).toFixed(3),
      ">= 0.8",
      `${seconds(median(product))} and ${seconds(median(bare))}; median of ${rounds} alternating rounds`,
    ),
    figure(
      "the same, until its first byte",
      milliseconds(median(firstBytes)),
      "",
      "with the time in which restic opens the repository",
    ),
    figure(
      "Memory that a browser costs which stops reading, agent and server",
      grown.join(", "),
      "",
      "VmRSS 10 s later, against before",
    ),
  ];
}

/** Reads a download as fast as it comes, at the least cost to the machine that it shares. Times in ms. */
function readByCurl(
  stand: Pick<RestoreStand, "server" | "api" | "at">,
  folder: string,
): Promise<{ readonly firstByte: number; readonly wall: number }> {
  const headers = Object.entries(stand.api.headers);
  const options = "--silent --show-error --fail --output /dev/null --header @-";
  return new Promise((resolve, reject) => {
    const curl = spawn(
      "curl",
      options
        .split(" ")
        .concat("--write-out", "%{time_starttransfer} %{time_total}")
        .concat(downloadAddress(stand, [folder], "tar")),
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    let said = "";
    curl.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    curl.on("error", reject);
    curl.on("close", (code) => {
      if (code !== 0) return reject(new Error(`curl: exit ${code}`));
      const [firstByte = 0, wall = 0] = said.split(" ").map(Number);
      resolve({ firstByte: firstByte * 1000, wall: wall * 1000 });
    });
    curl.stdin.end(headers.map((header) => header.join(": ")).join("\n"));
  });
}
