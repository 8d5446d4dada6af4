import { css } from "lit";

/** A plain table of facts. */
export const table = css`
  .scroll {
    /* Auto in one direction alone makes it auto in both: a pixel too much would be a second bar. */
    overflow: auto hidden;
    scrollbar-width: thin;
  }
  table {
    width: 100%;
    border-collapse: collapse;
    font-size: var(--rm-size-13);
  }
  th {
    padding: 0 10px 8px;
    border-bottom: 1px solid var(--rm-border);
    font-size: var(--rm-size-12);
    font-weight: 500;
    text-align: left;
    white-space: nowrap;
    color: var(--rm-text-2);
  }
  td {
    padding: 9px 10px;
    border-bottom: 1px solid var(--rm-border);
    white-space: nowrap;
  }
  tr:last-child td {
    border-bottom: 0;
    padding-bottom: 2px;
  }
  th:first-child,
  td:first-child {
    padding-left: 0;
  }
  th:last-child,
  td:last-child {
    padding-right: 0;
  }
  .right {
    text-align: right;
  }
  td .truncate {
    max-width: 340px;
  }
  td a:hover {
    text-decoration: underline;
    text-underline-offset: 3px;
  }
  @media (max-width: 980px) {
    .wide {
      display: none;
    }
  }
  @media (max-width: 719px) {
    .medium {
      display: none;
    }
    td,
    th {
      padding-left: 6px;
      padding-right: 6px;
    }
    td .truncate {
      max-width: 26vw;
    }
  }
`;
