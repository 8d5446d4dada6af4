import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { debianRoot } from "./debian.ts";
import type { Lab } from "./lab.ts";
import { descendants } from "./processes.ts";
import type { Program } from "./program.ts";
import { waitFor } from "./wait.ts";

/** A Debian machine with systemd as its first process. It shares the network of the test, so that 127.0.0.1 is one. */
export interface Machine {
  /** Its files, seen from the test. */
  readonly root: string;
  at(path: string): string;
  /** Starts a command as its root does; it is ended with the lab. */
  start(command: readonly string[], name?: string): Program;
  /** A script for its bash, and how it ended. */
  sh(script: string): Promise<Ended>;
  /** A property of a unit, as `systemctl show` says it. */
  show(unit: string, property: string): Promise<string>;
  reboot(): Promise<void>;
}

export interface Ended {
  readonly code: number | null;
  /** Both outputs in the order they came. */
  readonly text: string;
}

/** Boots a fresh machine. Needs root, systemd-container and mmdebstrap. */
export async function bootMachine(lab: Lab, name: string): Promise<Machine> {
  const root = lab.folder(`${name}/root`);
  const layers = [
    `lowerdir=${debianRoot()}`,
    `upperdir=${lab.folder(`${name}/changes`)}`,
    `workdir=${lab.folder(`${name}/work`)}`,
  ].join(",");
  host("mount", ["-t", "overlay", "overlay", "-o", layers, root]);

  // Unique among all labs that run at the same time.
  const id = `${basename(lab.dir)}-${name}`;
  const groups = controlGroups(id);
  lab.defer(() => {
    host("umount", ["--lazy", root]);
    for (const group of groups) host("find", [group, "-type", "d", "-delete"]);
  });
  let machine = boot();
  lab.defer(async () => {
    if (machine.running()) await machine.stop(30_000);
  });
  await isUp();

  function boot(): Program {
    return lab.start(
      "/usr/bin/sh",
      [
        "-c",
        `${groups.map((group) => `echo $$ >${group}/cgroup.procs; `).join("")}exec "$@"`,
        "sh",
        "/usr/bin/systemd-nspawn",
        "--quiet",
        "--boot",
        `--directory=${root}`,
        `--machine=${id}`,
        `--hostname=${name}`,
        // There is no systemd outside that could keep a list of machines.
        "--register=no",
        "--keep-unit",
      ],
      { name },
    );
  }

  async function isUp(): Promise<void> {
    await waitFor(
      `${name} is up`,
      () => {
        if (!machine.running())
          throw new Error(`${name} cannot boot here:\n${machine.text()}`);
        const first = firstProcess(machine);
        return (
          first !== undefined &&
          enter(first, ["systemctl", "is-system-running"]).stdout.trim() ===
            "running"
        );
      },
      60_000,
      machine.text,
    );
  }

  const start = (command: readonly string[], label = name): Program => {
    const first = firstProcess(machine);
    if (first === undefined) throw new Error(`${name} is not up`);
    const [file = "", ...args] = entering(first, command);
    return lab.start(file, args, { name: label, env: environment });
  };
  const sh = async (script: string): Promise<Ended> => {
    const program = start(["bash", "-c", script], `${name}: ${script}`);
    const { code } = await program.exit(60_000);
    return { code, text: program.text() };
  };

  return {
    root,
    at: (path) => join(root, path),
    start,
    sh,
    async show(unit, property) {
      const { text } = await sh(
        `systemctl show --value --property=${property} ${unit}`,
      );
      return text.trim();
    },
    async reboot() {
      start(["systemctl", "reboot"]);
      await machine.exit(30_000);
      machine = boot();
      await isUp();
    },
  };
}

const environment = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  TMPDIR: "/tmp",
};

/**
 * Control groups of a machine's own, in each tree that its systemd uses. In shared ones two systemds take each other's
 * processes for their own, and end them.
 */
function controlGroups(id: string): readonly string[] {
  const trees = ["/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"].filter(
    (tree) => existsSync(tree),
  );
  const groups = (trees.length > 0 ? trees : ["/sys/fs/cgroup"]).map((tree) =>
    join(tree, id),
  );
  for (const group of groups) mkdirSync(group);
  return groups;
}

function firstProcess(machine: Program): number | undefined {
  return descendants(machine.pid)[0]?.pid;
}

function entering(pid: number, command: readonly string[]): string[] {
  return [
    "/usr/bin/nsenter",
    `--target=${pid}`,
    "--mount",
    "--uts",
    "--ipc",
    "--net",
    "--pid",
    "--wdns=/root",
    ...command,
  ];
}

function enter(pid: number, command: readonly string[]) {
  const [file = "", ...args] = entering(pid, command);
  return spawnSync(file, args, { encoding: "utf8", env: environment });
}

function host(file: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(file, args, { encoding: "utf8" });
  if (status !== 0)
    throw new Error(
      `a machine of its own needs root: ${file}: ${error?.message ?? stderr}`,
    );
}
