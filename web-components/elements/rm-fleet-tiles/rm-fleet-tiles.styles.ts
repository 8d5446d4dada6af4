import { css } from "lit";

export const fleetTilesStyles = css`
  :host {
    display: grid;
    grid-template-columns: repeat(4, minmax(0, 1fr));
    gap: 12px;
  }
  .tile {
    display: grid;
    grid-template-rows: auto auto 1fr;
    gap: 6px;
    min-width: 0;
    min-height: 132px;
    padding: 14px 16px 13px;
  }
  h2 {
    font-size: var(--rm-size-12);
    line-height: 16px;
    font-weight: 500;
    letter-spacing: 0;
    color: var(--rm-text-2);
  }
  .value {
    display: flex;
    flex-wrap: wrap;
    gap: 0 8px;
    align-items: baseline;
    font-size: var(--rm-size-28);
    line-height: 32px;
    font-weight: 600;
    letter-spacing: -0.03em;
  }
  small {
    font-size: var(--rm-size-13);
    line-height: 18px;
    font-weight: 400;
    letter-spacing: 0;
    color: var(--rm-text-2);
  }
  .foot {
    align-self: end;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 8px;
  }
  .list li {
    display: flex;
    gap: 8px;
    justify-content: space-between;
    font-size: var(--rm-size-12);
    line-height: 24px;
    color: var(--rm-text-2);
  }
  .list a {
    font-weight: 550;
    color: var(--rm-text);
  }
  .list a:hover {
    text-decoration: underline;
    text-underline-offset: 3px;
  }
  .list .num {
    white-space: nowrap;
  }
  @media (max-width: 1100px) {
    :host {
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }
  }
  @media (max-width: 719px) {
    :host {
      gap: 10px;
    }
    .tile {
      min-height: 118px;
      padding: 12px;
    }
    .value {
      font-size: 24px;
    }
    .legend {
      gap: 2px 10px;
    }
  }
`;
