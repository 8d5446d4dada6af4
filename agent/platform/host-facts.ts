import { readFileSync, readlinkSync } from "node:fs";
import {
  arch,
  hostname,
  platform,
  release,
  uptime as uptimeSeconds,
  version,
} from "node:os";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Env } from "./env.ts";

export interface HostFacts {
  readonly hostname: string;
  readonly os: "linux" | "windows" | "darwin";
  readonly osVersion: string;
  readonly arch: "x64" | "arm64";
  /** IANA zone, for example Europe/Berlin. */
  readonly tz: string;
  /** RFC 3339 UTC. */
  readonly bootTime: string;
}

export function hostFacts(clock: Clock, env: Env): HostFacts {
  return {
    hostname: hostname(),
    os:
      platform() === "win32"
        ? "windows"
        : platform() === "darwin"
          ? "darwin"
          : "linux",
    osVersion: osVersion().slice(0, 200),
    arch: arch() === "arm64" ? "arm64" : "x64",
    tz: timeZone(env),
    bootTime: toTimestamp(clock.now() - uptime()),
  };
}

/** Milliseconds since this machine's boot, asleep or awake. */
export function uptime(): number {
  return Math.round(uptimeSeconds() * 1000);
}

/** The host's zone as the system sets it, read anew each time, because people change it while the agent runs. */
export function timeZone(env: Env): string {
  const name = env["TZ"]?.replace(/^:/, "");
  if (name !== undefined && isZone(name)) return name;
  if (platform() !== "linux")
    return Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    [linkedZone, zoneFile].map((read) => read()).find((z) => isZone(z)) ?? "UTC"
  );
}

function linkedZone(): string {
  const target = readOr(() => readlinkSync("/etc/localtime"));
  return target.replace(/^.*\/zoneinfo\//, "");
}

function zoneFile(): string {
  return readOr(() => readFileSync("/etc/timezone", "utf8")).trim();
}

/** Whether the scheduler's own engine knows the zone. */
function isZone(name: string): boolean {
  if (name === "") return false;
  try {
    Bun.cron.parse("0 0 * * *", 0, { tz: name });
    return true;
  } catch {
    return false;
  }
}

function osVersion(): string {
  if (platform() !== "linux") return version();
  const release_ = readOr(() => readFileSync("/etc/os-release", "utf8"));
  const pretty = /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(release_)?.[1];
  return pretty === undefined
    ? `Linux ${release()}`
    : `${pretty}, Linux ${release()}`;
}

/** Absent system files are normal (containers, other distributions): then the text is empty. */
function readOr(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
