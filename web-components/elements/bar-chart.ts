import { css, html, svg, type TemplateResult } from "lit";
import type { Tone } from "./status.ts";

export interface Bar {
  readonly value: number;
  readonly tone: Tone;
  /** What the bar says when pointed at. */
  readonly title: string;
}

const height = 140;
const slot = 10;
const fewestSlots = 30;
const shownSteps = 3;

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** Distances between marks that read well on a scale of milliseconds. */
export const timeSteps = [
  ...[1, 2, 5, 10, 20, 30].map((value) => value * second),
  ...[1, 2, 5, 10, 20, 30].map((value) => value * minute),
  ...[1, 2, 4, 8, 12, 24].map((value) => value * hour),
];

/** The same for a scale of bytes, in SI units. */
export const byteSteps = [3, 6, 9, 12].flatMap((power) =>
  [1, 2, 5, 10, 20, 50, 100, 200, 500].map((value) => value * 10 ** power),
);

/** Bars of the last runs, the newest at the right, with marks at the side. */
export function barChart(parts: {
  bars: readonly Bar[];
  label: string;
  /** Allowed distances between marks, ascending. */
  steps: readonly number[];
  format: (value: number) => string;
}): TemplateResult {
  const { bars, steps } = parts;
  const slots = Math.max(fewestSlots, bars.length);
  const highest = Math.max(...bars.map((bar) => bar.value));
  const step =
    steps.find((size) => size * shownSteps >= highest) ?? highest / shownSteps;
  const marks = Array.from(
    { length: shownSteps + 1 },
    (_, index) => index * step,
  );
  const y = (value: number) =>
    height - (value / (step * shownSteps)) * (height - 8);
  return html`<figure class="bar-chart">
    <div class="marks num" aria-hidden="true">
      ${marks.map((mark) => html`<span .style=${`top:${y(mark)}px`}>${mark === 0 ? "0" : parts.format(mark)}</span>`)}
    </div>
    <svg
      width="100%"
      height=${height}
      viewBox="0 0 ${slots * slot} ${height}"
      preserveAspectRatio="none"
      role="img"
      aria-label=${parts.label}
    >
      ${marks.map((mark) => svg`<line x1="0" x2=${slots * slot} y1=${y(mark)} y2=${y(mark)} stroke="var(--rm-border)" vector-effect="non-scaling-stroke"/>`)}
      ${bars.map(
        ({ value, tone, title }, index) =>
          svg`<rect x=${(slots - bars.length + index) * slot + 1.5} width=${slot - 3} y=${Math.min(y(value), height - 2)} height=${Math.max(2, height - y(value))} rx="1.5" fill="var(--rm-${tone})"><title>${title}</title></rect>`,
      )}
    </svg>
  </figure>`;
}

export const barChartStyles = css`
  .bar-chart {
    display: grid;
    grid-template-columns: 52px minmax(0, 1fr);
    padding-bottom: 4px;
  }
  .bar-chart svg {
    display: block;
    overflow: visible;
  }
  .bar-chart .marks {
    position: relative;
    font-size: var(--rm-size-11);
    color: var(--rm-text-3);
  }
  .bar-chart .marks span {
    position: absolute;
    right: 8px;
    transform: translateY(-50%);
    line-height: 14px;
    white-space: nowrap;
  }
`;
