import type { HostHooksSpec } from "@restic-manager/shared/api/hooks.ts";
import type { HookSpec } from "@restic-manager/shared/domain/hook.ts";
import { isWhole } from "../whole-number.ts";

export type HookSource = "host" | "own" | "none";
export type ShellChoice = keyof typeof shells | "own";

export interface HookDraft {
  readonly from: HookSource;
  readonly text: string;
}

/** Hooks as they stand in their form. */
export interface HooksDraft {
  readonly pre: HookDraft;
  readonly post: HookDraft;
  readonly minutes: string;
  readonly shell: ShellChoice;
  /** One argument a line. */
  readonly ownShell: string;
}

const shells = {
  system: null,
  bash: ["/bin/bash", "-c"],
  powershell: ["powershell.exe", "-NoProfile", "-NonInteractive", "-Command"],
} as const;

/** `isHost`: of a host, which inherits from nobody. */
export function hooksDraft(
  { pre, post, timeout_s }: HookSpec,
  shell: HostHooksSpec["shell"],
  isHost: boolean,
): HooksDraft {
  const one = (text: string | null): HookDraft => ({
    from:
      text === null && !isHost
        ? "host"
        : text === null || text === ""
          ? "none"
          : "own",
    text: text ?? "",
  });
  const known = (Object.keys(shells) as (keyof typeof shells)[]).find(
    (name) => JSON.stringify(shells[name]) === JSON.stringify(shell),
  );
  return {
    pre: one(pre),
    post: one(post),
    minutes: String(timeout_s / 60),
    shell: known ?? "own",
    ownShell: known === undefined ? (shell ?? []).join("\n") : "",
  };
}

export function hooksSpec(draft: HooksDraft): HostHooksSpec {
  return {
    pre: textOf(draft.pre),
    post: textOf(draft.post),
    timeout_s: Math.round(Number(draft.minutes) * 60),
    shell: shellOf(draft),
  };
}

function textOf({ from, text }: HookDraft): string | null {
  if (from === "host") return null;
  return from === "none" ? "" : text;
}

function shellOf({ shell, ownShell }: HooksDraft): HostHooksSpec["shell"] {
  if (shell === "own") return argumentsOf(ownShell);
  const known = shells[shell];
  return known === null ? null : [...known];
}

/** Field id → what is wrong, as far as it can be told without the server. */
export function hooksFaults(draft: HooksDraft): Record<string, string> {
  const faults: Record<string, string> = {};
  for (const name of ["pre", "post"] as const)
    if (draft[name].from === "own" && draft[name].text.trim() === "")
      faults[name] = "Write the script, or choose none.";
  const seconds = String(Math.round(Number(draft.minutes) * 60));
  if (draft.minutes.trim() === "" || !isWhole(seconds, 1, 86_400))
    faults["minutes"] = "Use up to 1440 minutes.";
  if (draft.shell === "own" && argumentsOf(draft.ownShell).length === 0)
    faults["ownShell"] = "Name the program.";
  return faults;
}

/** The field that a dotted path of the body came from. */
export function hooksField(path: string): string | null {
  if (path === "timeout_s") return "minutes";
  if (path.startsWith("shell")) return "ownShell";
  return path === "pre" || path === "post" ? path : null;
}

function argumentsOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}
