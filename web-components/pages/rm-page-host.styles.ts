import { css } from "lit";
import { barChartStyles } from "../elements/bar-chart.ts";
import { historyCellsStyles } from "../elements/history-cells.ts";

export const hostStyles = [
  barChartStyles,
  historyCellsStyles,
  css`
    .vitals {
      display: grid;
      grid-template-columns: repeat(6, minmax(0, 1fr));
      margin-bottom: 12px;
      border: 1px solid var(--rm-border);
      border-radius: var(--rm-radius-3);
      overflow: hidden;
    }
    .vitals div {
      min-width: 0;
      padding: 11px 16px 12px;
      border-left: 1px solid var(--rm-border);
    }
    .vitals div:first-child {
      border-left: 0;
    }
    .vitals dt {
      font-size: var(--rm-size-12);
      line-height: 16px;
      color: var(--rm-text-2);
    }
    .vitals dd {
      display: flex;
      flex-wrap: wrap;
      gap: 0 7px;
      align-items: center;
      font-size: 15px;
      line-height: 22px;
      font-weight: 550;
      letter-spacing: -0.01em;
      white-space: nowrap;
    }
    .vitals small {
      flex-basis: 100%;
      font-size: var(--rm-size-12);
      line-height: 16px;
      font-weight: 400;
      letter-spacing: 0;
      color: var(--rm-text-2);
      overflow: hidden;
      text-overflow: ellipsis;
    }
    .notice {
      margin-bottom: 12px;
    }
    rm-tabs {
      margin-bottom: 16px;
    }
    .columns {
      display: grid;
      grid-template-columns: minmax(0, 1fr) 292px;
      gap: 16px;
      align-items: start;
    }
    .column {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: 16px;
      min-width: 0;
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
    .legend .none {
      color: var(--rm-active);
    }
    .more {
      display: flex;
      justify-content: center;
      padding-top: 12px;
    }
    .fingerprint {
      margin-top: 12px;
      padding-top: 10px;
      border-top: 1px solid var(--rm-border);
      overflow-wrap: anywhere;
    }
    @media (max-width: 1400px) {
      .vitals {
        grid-template-columns: repeat(3, minmax(0, 1fr));
      }
      .vitals div:nth-child(4) {
        border-left: 0;
      }
      .vitals div:nth-child(n + 4) {
        border-top: 1px solid var(--rm-border);
      }
    }
    @media (max-width: 980px) {
      .columns {
        grid-template-columns: minmax(0, 1fr);
      }
    }
    @media (max-width: 719px) {
      .vitals {
        grid-template-columns: 1fr 1fr;
      }
      .vitals div {
        border-top: 1px solid var(--rm-border);
      }
      .vitals div:nth-child(-n + 2) {
        border-top: 0;
      }
      .vitals div:nth-child(odd) {
        border-left: 0;
      }
      .vitals div:nth-child(even) {
        border-left: 1px solid var(--rm-border);
      }
    }
  `,
];
