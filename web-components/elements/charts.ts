import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import { html, nothing, svg, type TemplateResult } from "lit";

type Day = HostRow["days"][number];

const dayFill: Readonly<Record<Day, string>> = {
  ok: "var(--rm-ok)",
  issues: "var(--rm-warn)",
  failed: "var(--rm-bad)",
  none: "var(--rm-active)",
};

/**
 * The days of a host, oldest first, told apart by shape too: a failed day is split, one with issues is shorter, a day
 * without a run is a stub. One path per state, because a table has many rows.
 */
export function historyStrip(days: readonly Day[]): TemplateResult {
  const [bar, gap, height] = [3, 2, 18];
  const width = days.length * (bar + gap) - gap;
  const paths: Record<Day, string> = {
    ok: "",
    issues: "",
    failed: "",
    none: "",
  };
  days.forEach((day, index) => {
    paths[day] += dayShape(day, index * (bar + gap), bar, height);
  });
  const number = (day: Day) => days.filter((other) => other === day).length;
  return html`<svg
    class="strip"
    width=${width}
    height=${height}
    viewBox="0 0 ${width} ${height}"
    preserveAspectRatio="none"
    role="img"
    aria-label="Last ${days.length} days: ${number("ok")} backed up, ${number("issues")} with issues, ${number("failed")} failed, ${number("none")} without a run"
  >
    ${Object.entries(paths).map(([day, path]) => (path === "" ? nothing : svg`<path d=${path} fill=${dayFill[day as Day]}/>`))}
  </svg>`;
}

function dayShape(day: Day, x: number, width: number, height: number): string {
  const box = (y: number, h: number) => `M${x} ${y}h${width}v${h}h-${width}z`;
  switch (day) {
    case "ok":
      return box(1, height - 2);
    case "issues":
      return box(height * 0.3, height * 0.7 - 1);
    case "failed":
      return box(1, height / 2 - 2.5) + box(height / 2 + 1.5, height / 2 - 2.5);
    case "none":
      return box(height - 5, 4);
  }
}

export interface Share {
  readonly value: number;
  readonly fill: string;
}

/** One bar shared out in parts. */
export function stackedBar(
  parts: readonly Share[],
  height = 6,
): TemplateResult {
  const shown = parts.filter((part) => part.value > 0);
  const total = shown.reduce((sum, part) => sum + part.value, 0);
  const gap = 0.4;
  let x = 0;
  const rects = shown.map((part, index) => {
    const start = x + (index === 0 ? 0 : gap);
    x += (part.value / total) * 100;
    const end = x - (index === shown.length - 1 ? 0 : gap);
    return svg`<rect x="${start}%" width="${end - start}%" height=${height} rx="2" fill=${part.fill}/>`;
  });
  return html`<svg
    class="block"
    width="100%"
    height=${height}
    aria-hidden="true"
  >
    ${rects}
  </svg>`;
}

/** Columns of stacked parts on one scale, for example jobs per hour. An empty column is a stub. */
export function columns(
  data: readonly (readonly Share[])[],
  height = 26,
): TemplateResult {
  const highest = Math.max(1, ...data.map((parts) => sum(parts)));
  const scale = (height - 2) / highest;
  return html`<svg
    class="block"
    width="100%"
    height=${height}
    viewBox="0 0 ${data.length * 10} ${height}"
    preserveAspectRatio="none"
    aria-hidden="true"
  >
    ${data.map((parts, index) => column(parts, index * 10 + 1, height, scale))}
  </svg>`;
}

function column(
  parts: readonly Share[],
  x: number,
  height: number,
  scale: number,
) {
  if (sum(parts) === 0)
    return svg`<rect x=${x} y=${height - 1.5} width="8" height="1.5" fill="var(--rm-active)"/>`;
  let y = height;
  return parts.map((part) => {
    const tall = part.value * scale;
    y -= tall;
    return part.value === 0
      ? nothing
      : svg`<rect x=${x} y=${y} width="8" height=${Math.max(1, tall - 1)} rx="1" fill=${part.fill}/>`;
  });
}

function sum(parts: readonly Share[]): number {
  return parts.reduce((total, part) => total + part.value, 0);
}

/** A filled line over equal steps, for example throughput. `label` says it in words. */
export function area(
  values: readonly number[],
  label: string,
  { steps = values.length, height = 28 } = {},
): TemplateResult {
  const width = 260;
  const highest = Math.max(1, ...values) * 1.1;
  const points = values.map((value, index) => {
    const x =
      ((steps - values.length + index) / Math.max(1, steps - 1)) * width;
    return `${x.toFixed(1)} ${(height - (value / highest) * (height - 2)).toFixed(1)}`;
  });
  const first = points[0]?.split(" ")[0] ?? "0";
  const line = points.join("L");
  return html`<svg
    class="block"
    width="100%"
    height=${height}
    viewBox="0 0 ${width} ${height}"
    preserveAspectRatio="none"
    role="img"
    aria-label=${label}
  >
    ${
      points.length < 2
        ? nothing
        : svg`<path d="M${first} ${height}L${line}L${width} ${height}Z" fill="var(--rm-run)" opacity=".14"/><path d="M${line}" fill="none" stroke="var(--rm-run)" stroke-width="1.5" vector-effect="non-scaling-stroke"/>`
    }
  </svg>`;
}
