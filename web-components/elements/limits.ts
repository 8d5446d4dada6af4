import type { RunBody } from "@restic-manager/shared/api/jobs.ts";
import type { Bandwidth } from "@restic-manager/shared/protocol/command.ts";
import { html, type TemplateResult } from "lit";
import { textField } from "./field.ts";
import { bytes } from "./format.ts";
import { isWhole } from "./whole-number.ts";

/** Bandwidth as typed, in KiB per second; empty is no limit. */
export interface LimitsDraft {
  readonly up: string;
  readonly down: string;
}

export function limitsDraft({ up_kbps, down_kbps }: Bandwidth): LimitsDraft {
  return { up: String(up_kbps ?? ""), down: String(down_kbps ?? "") };
}

export function limitsSpec(draft: LimitsDraft): NonNullable<RunBody["limits"]> {
  const number = (text: string): number | null =>
    text.trim() === "" ? null : Number(text);
  return { up_kbps: number(draft.up), down_kbps: number(draft.down) };
}

/** Field id → what is wrong. */
export function limitsFaults(draft: LimitsDraft): Record<string, string> {
  return Object.fromEntries(
    (["up", "down"] as const)
      .filter(
        (key) =>
          draft[key].trim() !== "" && !isWhole(draft[key], 1, 10_000_000),
      )
      .map((key) => [
        key,
        "Use a whole number from 1, or leave it empty for no limit.",
      ]),
  );
}

/** The field that a dotted path of a `bandwidthSpec` came from. */
export function limitsField(path: string): string | null {
  if (path.endsWith("up_kbps")) return "up";
  return path.endsWith("down_kbps") ? "down" : null;
}

export function limitsFields(parts: {
  draft: LimitsDraft;
  errors: Readonly<Record<string, string>>;
  change: (change: Partial<LimitsDraft>) => void;
}): TemplateResult {
  const field = (id: "up" | "down", label: string): TemplateResult =>
    textField({
      id,
      label,
      type: "number",
      placeholder: "no limit",
      value: parts.draft[id],
      help: inWords(parts.draft[id]),
      error: parts.errors[id],
      onInput: (text) => parts.change({ [id]: text }),
    });
  return html`<div class="pair">
    ${field("up", "Upload limit, KiB/s")}${field("down", "Download limit, KiB/s")}
  </div>`;
}

function inWords(text: string): string {
  return isWhole(text, 1, 10_000_000)
    ? `${bytes(Number(text) * 1024)}/s`
    : "Empty: as fast as it goes.";
}

/** `up 2.1 MB/s, down without limit` */
export function limitsInWords({ up_kbps, down_kbps }: Bandwidth): string {
  const one = (kbps: number | null): string =>
    kbps === null ? "without limit" : `${bytes(kbps * 1024)}/s`;
  return up_kbps === null && down_kbps === null
    ? "no limit"
    : `up ${one(up_kbps)}, down ${one(down_kbps)}`;
}
