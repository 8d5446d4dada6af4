import type { DiffPage } from "@restic-manager/shared/api/trees.ts";
import { bytes, count, time } from "./format.ts";
import { pathText } from "./tree-path.ts";

export type Change = DiffPage["entries"][number];
export type ChangeSum = DiffPage["sum"];

/** A folder that was there before and afterwards changes by what is in it. */
export function isFolderChange({ before, after }: Change): boolean {
  return (after ?? before)?.t === "dir";
}

/** `3 added, 1 removed, 12 changed`; what did not happen is left out. */
export function sumText({ added, removed, changed }: ChangeSum): string {
  const parts = [
    [added, "added"],
    [removed, "removed"],
    [changed, "changed"],
  ] as const;
  const said = parts
    .filter(([number]) => number > 0)
    .map(([number, word]) => `${count(number)} ${word}`);
  return said.length === 0 ? "nothing" : said.join(", ");
}

/** What is different about something that was there before and is still there, and its size otherwise. */
export function changeText({ before, after }: Change): string {
  if (before === null || after === null) {
    const only = after ?? before;
    if (only === null || only.t === "dir") return "";
    const sign = after === null ? "−" : "+";
    return only.l === undefined
      ? `${sign}${bytes(only.s)}`
      : `→ ${pathText(only.l)}`;
  }
  if (before.t !== after.t)
    return `${kinds[before.t]} became a ${kinds[after.t]}`;
  const said: string[] = [];
  if (after.t !== "dir" && before.s !== after.s)
    said.push(`${bytes(before.s)} → ${bytes(after.s)}`);
  if (before.l !== after.l) said.push(`→ ${pathText(after.l ?? "")}`);
  if (before.p !== after.p) said.push(`permissions ${before.p} → ${after.p}`);
  if (before.u !== after.u || before.g !== after.g)
    said.push(
      `owner ${before.u ?? "?"}:${before.g ?? "?"} → ${after.u ?? "?"}:${after.g ?? "?"}`,
    );
  if (said.length === 0 && before.m !== after.m)
    said.push(`written ${time(after.m * 1000, "dateTime")}`);
  return said.join(", ");
}

const kinds = {
  dir: "folder",
  file: "file",
  symlink: "symbolic link",
  other: "special file",
} as const;
