import { arch, platform } from "node:os";

export type Target = {
  readonly os: "linux" | "windows";
  readonly arch: "x64" | "arm64";
};

export const linuxX64: Target = { os: "linux", arch: "x64" };
export const linuxArm64: Target = { os: "linux", arch: "arm64" };
export const windowsX64: Target = { os: "windows", arch: "x64" };

export const targetName = (target: Target): string =>
  `${target.os}-${target.arch}`;

export const exe = (target: Target, name: string): string =>
  target.os === "windows" ? `${name}.exe` : name;

/** The machine this build runs on. Builds are made on Linux only. */
export const hostTarget = (): Target => {
  if (platform() !== "linux")
    throw new Error(`builds run on Linux, not on ${platform()}`);
  if (arch() === "x64") return linuxX64;
  if (arch() === "arm64") return linuxArm64;
  throw new Error(`builds run on x64 or arm64, not on ${arch()}`);
};

export const sameTarget = (a: Target, b: Target): boolean =>
  targetName(a) === targetName(b);
