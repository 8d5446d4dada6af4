import type { HostHealth } from "@restic-manager/shared/api/hosts.ts";
import type { JobState } from "@restic-manager/shared/domain/job.ts";
import {
  html,
  nothing,
  svg,
  type SVGTemplateResult,
  type TemplateResult,
} from "lit";

/** Class of the shared sheet that colours a state. Colour never stands alone: shape and word go with it. */
export type Tone = "ok" | "warn" | "bad" | "run" | "off";

type Shape =
  | "disc"
  | "ring"
  | "triangle"
  | "cross"
  | "circle"
  | "dashes"
  | "square"
  | "crescent";

export interface State {
  readonly word: string;
  readonly tone: Tone;
  readonly shape: Shape;
}

export const healthStates: Readonly<Record<HostHealth, State>> = {
  failed: { word: "Failed", tone: "bad", shape: "cross" },
  offline: { word: "Offline", tone: "off", shape: "circle" },
  degraded: { word: "Degraded", tone: "warn", shape: "triangle" },
  running: { word: "Running", tone: "run", shape: "ring" },
  no_backup: { word: "No backup yet", tone: "off", shape: "dashes" },
  asleep: { word: "Asleep", tone: "off", shape: "crescent" },
  healthy: { word: "Healthy", tone: "ok", shape: "disc" },
};

export const jobStates: Readonly<Record<JobState, State>> = {
  queued: { word: "Queued", tone: "off", shape: "dashes" },
  sent: { word: "Starting", tone: "run", shape: "ring" },
  running: { word: "Running", tone: "run", shape: "ring" },
  succeeded: { word: "Succeeded", tone: "ok", shape: "disc" },
  succeeded_with_issues: {
    word: "With issues",
    tone: "warn",
    shape: "triangle",
  },
  failed: { word: "Failed", tone: "bad", shape: "cross" },
  cancelled: { word: "Cancelled", tone: "off", shape: "square" },
  lost: { word: "Lost", tone: "bad", shape: "cross" },
};

const shapes: Readonly<Record<Shape, SVGTemplateResult>> = {
  disc: svg`<circle cx="7" cy="7" r="5" fill="currentColor"/>`,
  ring: svg`<circle cx="7" cy="7" r="5" fill="none" stroke="currentColor" stroke-width="2" opacity=".28"/><path class="spin" d="M7 2a5 5 0 0 1 5 5" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"/>`,
  triangle: svg`<path d="M7 1.6 13 12H1Z" fill="currentColor" stroke="currentColor" stroke-width="1.4" stroke-linejoin="round"/>`,
  cross: svg`<rect x="2" y="2" width="10" height="10" rx="2" fill="currentColor"/><path d="m5 5 4 4m0-4-4 4" stroke="var(--rm-surface)" stroke-width="1.6" stroke-linecap="round"/>`,
  circle: svg`<circle cx="7" cy="7" r="4.2" fill="none" stroke="currentColor" stroke-width="1.8"/>`,
  dashes: svg`<circle cx="7" cy="7" r="4.4" fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="2.3 2.3"/>`,
  square: svg`<rect x="2.9" y="2.9" width="8.2" height="8.2" rx="1.5" fill="none" stroke="currentColor" stroke-width="1.8"/>`,
  crescent: svg`<path d="M11.9 8.6A5.2 5.2 0 1 1 5.6 2.1 4.3 4.3 0 0 0 11.9 8.6Z" fill="currentColor" stroke="currentColor" stroke-width=".8" stroke-linejoin="round"/>`,
};

/** The state's shape. `labelled` when no word stands beside it. */
export function glyph(
  { shape, tone, word }: State,
  { labelled = false } = {},
): TemplateResult {
  return html`<svg
    class="glyph ${tone}"
    width="14"
    height="14"
    viewBox="0 0 14 14"
    role=${labelled ? "img" : nothing}
    aria-label=${labelled ? word : nothing}
    aria-hidden=${labelled ? nothing : "true"}
  >
    ${shapes[shape]}
  </svg>`;
}

export function pill(state: State): TemplateResult {
  return html`<span class="pill ${state.tone}"
    >${glyph(state)}${state.word}</span
  >`;
}

/** A turning ring for what is waited for. */
export function busy(): TemplateResult {
  return glyph(healthStates.running);
}
