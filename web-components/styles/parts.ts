import { css } from "lit";

/** Cards with a heading, label and value pairs, legends and empty places. */
export const parts = css`
  .block {
    display: block;
  }
  .section {
    padding: 14px 16px 16px;
    min-width: 0;
  }
  .section-head {
    display: flex;
    gap: 8px;
    align-items: center;
    margin-bottom: 12px;
    min-height: 20px;
  }
  .pairs {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 8px 14px;
    font-size: var(--rm-size-13);
  }
  .pairs dt {
    color: var(--rm-text-2);
  }
  .pairs dd {
    text-align: right;
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .pairs.wide {
    grid-template-columns: minmax(120px, 180px) minmax(0, 1fr);
  }
  .pairs.wide dd {
    text-align: left;
  }
  .legend {
    display: flex;
    gap: 2px 12px;
    flex-wrap: wrap;
    font-size: var(--rm-size-12);
    line-height: 16px;
    color: var(--rm-text-2);
  }
  .legend span {
    display: inline-flex;
    gap: 5px;
    align-items: center;
    white-space: nowrap;
  }
  .legend i {
    width: 7px;
    height: 7px;
    border-radius: 2px;
    background: currentColor;
  }
  .nothing {
    padding: 40px 16px;
    text-align: center;
    color: var(--rm-text-2);
    font-size: var(--rm-size-13);
  }
  .nothing h2 {
    color: var(--rm-text);
    margin-bottom: 2px;
  }
  .nothing .button {
    margin-top: 12px;
  }
  @media (max-width: 719px) {
    .section {
      padding: 12px 14px 14px;
    }
    .section-head {
      flex-wrap: wrap;
    }
  }
`;
