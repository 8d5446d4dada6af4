import { css } from "lit";

/** The six things to know about something, in one strip. */
export const vitals = css`
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
`;
