import type { HostRow } from "@restic-manager/shared/api/hosts.ts";

const names: Readonly<Record<HostRow["os"], string>> = {
  linux: "Linux",
  windows: "Windows",
  darwin: "macOS",
};

/** `Linux · x64`. */
export function platform({ os, arch }: Pick<HostRow, "os" | "arch">): string {
  return `${names[os]} · ${arch}`;
}

export function osName(os: HostRow["os"]): string {
  return names[os];
}
