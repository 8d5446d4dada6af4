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

/** Bars of the last runs with round marks at the side; `unit` is what marks are round in. */
export function barChart(parts: {
  bars: readonly Bar[];
  label: string;
  unit: number;
  format: (value: number) => string;
}): TemplateResult {
  const { bars } = parts;
  const slots = Math.max(fewestSlots, bars.length);
  const step = markStep(Math.max(...bars.map((bar) => bar.value)), parts.unit);
  const marks = [0, step, 2 * step, 3 * step];
  const top = 3 * step;
  const y = (value: number) =>
    height - (Math.min(value, top) / top) * (height - 8);
  return html`<figure class="bar-chart">
    <div class="marks num" aria-hidden="true">
      ${marks.map((mark) => html`<span .style=${`top:${y(mark)}px`}>${parts.format(mark)}</span>`)}
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

/** A third of the scale: 1, 2 or 5 times a power of ten of the unit. */
function markStep(highest: number, unit: number): number {
  const third = Math.max(highest, unit) / 3;
  const power = unit * 10 ** Math.floor(Math.log10(third / unit));
  return (
    [1, 2, 5, 10]
      .map((factor) => factor * power)
      .find((step) => step >= third) ?? 10 * power
  );
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
