import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import type { Lab } from "../e2e/rig/lab.ts";
import type { Network } from "./network.ts";

const ip = "/usr/sbin/ip";
const port = 8080;
/** Bits per second towards the repositories: a backup of a megabyte takes long enough to be met. */
const storeRate = "24mbit";

/** Whether this process may make networks of its own, in which nobody else is. */
export function mayMakeNamespaces(): boolean {
  const probe = spawnSync("/usr/bin/unshare", [
    ...ownNamespaces,
    ip,
    "link",
    "set",
    "lo",
    "up",
  ]);
  return probe.status === 0;
}

/** Arguments of `unshare` for the process that makes these networks: all of it goes with that process. */
export const ownNamespaces = ["--net", "--mount"] as const;

/** Every host a network namespace with a name of its own; a bridge here, in this process's private one, joins them. */
export function createNamespaces(lab: Lab, hosts: readonly string[]): Network {
  mkdirSync("/run/netns", { recursive: true });
  run("/usr/bin/mount", "-t", "tmpfs", "tmpfs", "/run/netns");
  lab.defer(() => {
    for (const host of hosts) run(ip, "link", "delete", wire(host));
    run(ip, "link", "delete", "switch");
    run("/usr/bin/umount", "--lazy", "/run/netns");
  });
  run(ip, "link", "set", "lo", "up");
  run(ip, "link", "add", "switch", "type", "bridge");
  run(ip, "addr", "add", "10.9.0.1/24", "dev", "switch");
  run(ip, "link", "set", "switch", "up");
  const addressOf = (host: string) => `10.9.0.${2 + hosts.indexOf(host)}`;
  for (const host of hosts) {
    const inside = ["-n", host] as const;
    run(ip, "netns", "add", host);
    const peer = ["peer", "name", "eth0", "netns", host] as const;
    run(ip, "link", "add", wire(host), "type", "veth", ...peer);
    run(ip, "link", "set", wire(host), "master", "switch", "up");
    run(ip, ...inside, "link", "set", "lo", "up");
    run(ip, ...inside, "addr", "add", `${addressOf(host)}/24`, "dev", "eth0");
    run(ip, ...inside, "link", "set", "eth0", "up");
  }
  const shape = ["rate", storeRate, "burst", "64kb", "latency", "300ms"];
  run(
    "/usr/sbin/tc",
    "qdisc",
    "add",
    "dev",
    wire("store"),
    "root",
    "tbf",
    ...shape,
  );

  return {
    kind: `network namespaces, ${hosts.length} hosts on a switch`,
    listen: async (host) => ({ ip: addressOf(host), port }),
    reach: async (_from, to) => `${addressOf(to)}:${port}`,
    command: (host, line) => [
      "/usr/bin/nsenter",
      `--net=/run/netns/${host}`,
      "/usr/bin/unshare",
      "--uts",
      "/usr/bin/sh",
      "-c",
      `/usr/bin/hostname ${host} && exec "$@"`,
      "sh",
      ...line,
    ],
    cut: (host) => run(ip, "link", "set", wire(host), "down"),
    heal: (host) => run(ip, "link", "set", wire(host), "up"),
    reset: (host) =>
      run(
        "/usr/bin/nsenter",
        `--net=/run/netns/${host}`,
        ..."/usr/bin/ss --kill state connected dst 10.9.0.0/24".split(" "),
      ),
  };
}

const wire = (host: string): string => `v-${host}`;

function run(file: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(file, args, { encoding: "utf8" });
  if (status !== 0)
    throw new Error(
      `${[file, ...args].join(" ")}: ${error?.message ?? stderr}`,
    );
}
