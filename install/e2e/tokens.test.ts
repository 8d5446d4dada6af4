import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { online } from "./rig/agent.ts";
import type { Api } from "./rig/api.ts";
import { jobEnds, runNow } from "./rig/jobs.ts";
import { freePort, inLab, type Lab } from "./rig/lab.ts";
import { processesOf } from "./rig/processes.ts";
import {
  resticByHand,
  serveRest,
  snapshotsByHand,
  writeFiles,
} from "./rig/repository.ts";
import { startServer } from "./rig/server.ts";
import type { Host } from "./rig/types.ts";
import { waitFor } from "./rig/wait.ts";

interface TokenMade {
  readonly id: string;
  readonly token: string;
  readonly script: string;
  readonly script_name: string;
  readonly minted_password: string;
  readonly minted_user_password: string;
  readonly htpasswd: string;
}

const systemPath = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };

/** Runs the downloaded script as root of a machine whose files are below `machine`. */
async function install(lab: Lab, file: string, machine: string, token: string) {
  const program = lab.start("/usr/bin/bash", [file, "--root", machine], {
    name: "install",
    env: systemPath,
  });
  const seen = new Set<string>();
  await waitFor(
    "the script ends",
    () => {
      for (const { pid, args } of processesOf(lab.dir))
        if (`${args}${environmentOf(pid)}`.includes(token)) seen.add(args);
      return !program.running();
    },
    60_000,
    program.text,
  );
  expect([...seen]).toEqual([]);
  return { ...(await program.exit()), text: program.text() };
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return "";
  }
}

async function actions(api: Api): Promise<string[]> {
  const { entries } = await api.get<{ entries: { action: string }[] }>(
    "/api/audit",
  );
  return entries.map(({ action }) => action);
}

test(
  "the downloaded script makes a machine a host without editing, its first backup runs, and it works once [ENR-09] [ENR-10] [ENR-11] [ENR-12]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const api = await server.logIn();
    const source = join(lab.dir, "source");
    writeFiles(source, 1);
    const port = await freePort();
    const made = await api.post<TokenMade>("/api/enrolment/tokens", {
      hostname: "attic",
      repository: {
        url: `rest:http://127.0.0.1:${port}/attic/`,
        mode: "create",
        credential: { username: "attic" },
      },
      source: { name: "default", includes: [source] },
    });
    const { token, minted_password } = made;
    await serveRest(lab, port, made.htpasswd);
    const file = join(lab.folder("downloads"), made.script_name);
    writeFileSync(file, made.script);

    const machine = lab.folder("machine");
    const installed = await install(lab, file, machine, token);
    expect([installed.code, installed.text]).toEqual([0, installed.text]);

    const stateDir = join(machine, "var/lib/restic-manager");
    lab.start(
      join(machine, "usr/local/bin/restic-manager-agent"),
      [
        "run",
        "--config",
        join(machine, "etc/restic-manager/agent.yaml"),
        "--state-dir",
        stateDir,
      ],
      { name: "agent" },
    );
    const { hosts } = await api.get<{ hosts: Host[] }>("/api/hosts");
    expect(hosts.map(({ name }) => name)).toEqual(["attic"]);
    const host = await online(api, hosts[0]?.id ?? "");
    const path = `/api/hosts/${host.id}`;
    await waitFor("its repository is ready", async () => {
      const { repositories } = await api.get<{
        repositories: { status: string }[];
      }>(`${path}/repositories`);
      return repositories[0]?.status === "ready";
    });
    const { groups } = await api.get<{ groups: { id: string }[] }>(
      `${path}/sources`,
    );
    const job = await runNow(api, host, groups[0]?.id ?? "");
    expect(await jobEnds(api, job.id)).toMatchObject({ state: "succeeded" });

    const login = `attic:${made.minted_user_password}@`;
    const repository = `rest:http://${login}127.0.0.1:${port}/attic/`;
    expect(await snapshotsByHand(repository, minted_password)).toMatchObject([
      { paths: [source] },
    ]);
    const wrong = repository.replace(login, "attic:wrong@");
    const refused = await resticByHand(wrong, minted_password, ["snapshots"]);
    expect(refused.code).not.toBe(0);

    const second = await install(lab, file, lab.folder("thief"), token);
    expect(second.code).toBe(1);
    expect(second.text).toMatch(/one-time token was used already/);
    expect(await actions(api)).toEqual(
      expect.arrayContaining(["token.create", "token.use", "token.refuse"]),
    );

    expect((await server.stop()).code).toBe(0);
    const stored = readdirSync(server.dataDir, { recursive: true })
      .map((name) => join(server.dataDir, String(name)))
      .filter((name) => /\.db(-wal)?$|\.log$/.test(name))
      .map((name) => readFileSync(name, "latin1"));
    expect(stored.length).toBeGreaterThan(0);
    const secrets = [token.slice(-43), minted_password, login.slice(6, -1)];
    for (const secret of secrets)
      expect(stored.filter((text) => text.includes(secret))).toEqual([]);
  }),
  120_000,
);
