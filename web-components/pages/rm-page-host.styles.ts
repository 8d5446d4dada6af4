import { css } from "lit";
import { barChartStyles } from "../elements/bar-chart.ts";
import { historyCellsStyles } from "../elements/history-cells.ts";
import { columns } from "../styles/columns.ts";
import { vitals } from "../styles/vitals.ts";

export const hostStyles = [
  barChartStyles,
  historyCellsStyles,
  vitals,
  columns,
  css`
    .notice {
      margin-bottom: 12px;
    }
    rm-tabs {
      margin-bottom: 16px;
    }
    :host {
      --rm-beside: 292px;
    }
    .two {
      display: grid;
      grid-template-columns: repeat(auto-fit, minmax(min(320px, 100%), 1fr));
      gap: 16px;
    }
    .span {
      display: flex;
      justify-content: space-between;
      margin-top: 6px;
    }
    .pairs.runs {
      grid-template-columns: minmax(0, 1fr) auto;
    }
    .legend .none {
      color: var(--rm-active);
    }
    .features li {
      display: grid;
      grid-template-columns: minmax(0, 1fr) auto;
      gap: 2px 8px;
      align-items: center;
      padding: 6px 0;
      font-size: var(--rm-size-13);
    }
    .features li:last-child {
      padding-bottom: 0;
    }
    .features p {
      grid-column: 1 / -1;
    }
    .limits {
      display: grid;
      gap: 6px;
      margin-bottom: 8px;
      padding-left: 16px;
      list-style: disc;
    }
    .restores {
      display: grid;
      gap: 10px;
      font-size: var(--rm-size-13);
    }
    .restores li {
      display: grid;
      grid-template-columns: auto minmax(0, 1fr);
      gap: 8px;
      overflow-wrap: anywhere;
    }
    .restores .glyph {
      margin-top: 3px;
    }
    .fingerprint {
      margin-top: 12px;
      padding-top: 10px;
      border-top: 1px solid var(--rm-border);
      overflow-wrap: anywhere;
    }
    @media (max-width: 980px) {
      .columns {
        grid-template-columns: minmax(0, 1fr);
      }
    }
  `,
];
