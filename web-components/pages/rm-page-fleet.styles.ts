import { css } from "lit";
import { placeholderStyles } from "./placeholders.styles.ts";

export const fleetStyles = [
  placeholderStyles,
  css`
    .header {
      align-items: flex-end;
      margin-bottom: 18px;
    }
    .headline {
      margin-top: 2px;
      color: var(--rm-text-2);
    }
    rm-fleet-tiles,
    .tiles {
      margin-bottom: 16px;
    }
    rm-pending {
      margin-bottom: 20px;
    }
    rm-host-filter {
      margin-bottom: 10px;
    }
    .first {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: 22px;
      max-width: 860px;
      margin: 5vh auto 0;
      padding: 34px 36px 32px;
    }
    .first h1 {
      font-size: 22px;
      margin-bottom: 2px;
    }
    .tiles {
      display: grid;
      grid-template-columns: repeat(4, minmax(0, 1fr));
      gap: 12px;
    }
    .tile {
      display: grid;
      grid-template-rows: auto auto 1fr;
      gap: 8px;
      min-height: 132px;
      padding: 16px;
    }
    @media (max-width: 1100px) {
      .tiles {
        grid-template-columns: repeat(2, minmax(0, 1fr));
      }
    }
    @media (max-width: 719px) {
      .header {
        margin-bottom: 12px;
      }
      .header > .button {
        display: none;
      }
      .first {
        padding: 22px 18px;
        margin-top: 1vh;
      }
    }
  `,
];
