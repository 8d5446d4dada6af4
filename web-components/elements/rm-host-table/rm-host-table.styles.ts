import { css } from "lit";

export const hostTableStyles = css`
  :host {
    container: hosts / inline-size;
  }
  .table {
    border: 1px solid var(--rm-border);
    border-radius: var(--rm-radius-3);
    overflow: hidden;
    background: var(--rm-surface);
  }
  .head,
  .row {
    display: grid;
    grid-template-columns:
      minmax(180px, 1.1fr) minmax(200px, 1.5fr)
      148px minmax(80px, 0.4fr) 92px 108px;
    column-gap: 24px;
    align-items: center;
    padding: 0 14px 0 16px;
  }
  .tagged .head,
  .tagged .row {
    grid-template-columns:
      minmax(180px, 1.1fr) minmax(200px, 1.5fr)
      148px minmax(80px, 0.4fr) 92px minmax(96px, 0.5fr) 108px;
    column-gap: 20px;
  }
  .tags {
    display: flex;
    gap: 4px;
    min-width: 0;
    overflow: hidden;
  }
  .head {
    height: 34px;
    border-bottom: 1px solid var(--rm-border);
    background: var(--rm-sunken);
    font-size: var(--rm-size-12);
    font-weight: 500;
    color: var(--rm-text-2);
  }
  .head button {
    all: unset;
    cursor: pointer;
    display: inline-flex;
    gap: 4px;
    align-items: center;
  }
  .head button:hover {
    color: var(--rm-text);
  }
  .head button:focus-visible {
    outline: 2px solid var(--rm-focus);
    outline-offset: 2px;
    border-radius: 3px;
  }
  .snapshots {
    text-align: right;
  }
  .row {
    position: relative;
    gap: 0 24px;
    min-height: var(--rm-row);
    border-bottom: 1px solid var(--rm-border);
    font-size: var(--rm-size-13);
    cursor: pointer;
  }
  .row:last-child {
    border-bottom: 0;
  }
  .row:hover,
  .row:focus-within {
    background: var(--rm-hover);
  }
  .row::before {
    content: "";
    position: absolute;
    inset: 0 auto 0 0;
    width: 3px;
  }
  .row.failed::before {
    background: var(--rm-bad);
  }
  .row.degraded::before {
    background: var(--rm-warn);
  }
  .row.offline::before {
    background: var(--rm-off);
  }
  .row.running::before {
    background: var(--rm-run);
  }
  .name {
    display: flex;
    gap: 10px;
    align-items: center;
    min-width: 0;
  }
  .name div {
    min-width: 0;
  }
  .name a {
    font-weight: 550;
    letter-spacing: -0.005em;
  }
  .name a:hover {
    text-decoration: underline;
    text-underline-offset: 3px;
  }
  .name a:focus-visible {
    outline-offset: -2px;
  }
  .sub {
    color: var(--rm-text-3);
    font-size: var(--rm-size-12);
    line-height: 15px;
  }
  .conflict {
    display: flex;
    gap: 4px;
    align-items: center;
    color: var(--rm-bad-text);
  }
  .last {
    min-width: 0;
    line-height: 17px;
  }
  .note {
    font-size: var(--rm-size-12);
    line-height: 15px;
  }
  .note:not([class*="-text"]) {
    color: var(--rm-text-2);
  }
  .next {
    color: var(--rm-text-2);
  }
  .next .label {
    display: none;
  }
  .action {
    display: flex;
    justify-content: flex-end;
  }
  .action .button {
    min-width: 92px;
  }
  .progress {
    display: grid;
    gap: 5px;
    max-width: 260px;
  }
  .progress-text {
    display: flex;
    justify-content: space-between;
    font-size: var(--rm-size-12);
    line-height: 15px;
  }
  .none {
    padding: 44px 16px;
    text-align: center;
    color: var(--rm-text-2);
    font-size: var(--rm-size-13);
  }
  .none .button {
    margin-left: 6px;
  }
  .strip {
    display: block;
  }
  @container hosts (max-width: 940px) {
    .head,
    .row,
    .tagged .head,
    .tagged .row {
      grid-template-columns:
        minmax(150px, 1.1fr) minmax(170px, 1.4fr)
        148px 84px 108px;
      column-gap: 16px;
    }
    .snapshots,
    .tags {
      display: none;
    }
  }
  @container hosts (max-width: 760px) {
    .head,
    .row,
    .tagged .head,
    .tagged .row {
      grid-template-columns: minmax(150px, 1fr) minmax(160px, 1.3fr) 84px 108px;
    }
    .days {
      display: none;
    }
  }
  @container hosts (max-width: 620px) {
    .head {
      display: none;
    }
    .row,
    .tagged .row {
      grid-template-columns: minmax(0, 1fr) auto;
      row-gap: 8px;
      align-items: start;
      padding: 12px 12px 12px 15px;
    }
    .action {
      grid-column: 2;
      grid-row: 1;
    }
    .last {
      grid-column: 1 / -1;
      display: flex;
      gap: 8px;
      align-items: baseline;
      padding-left: 24px;
    }
    .next {
      grid-column: 1 / -1;
      padding-left: 24px;
      font-size: var(--rm-size-12);
    }
    .next .label {
      display: inline;
    }
    .next.none {
      display: none;
    }
    .last .note {
      flex: 1;
    }
    .progress {
      flex: 1;
      max-width: none;
    }
    .days {
      display: block;
      grid-column: 1 / -1;
      padding-left: 24px;
    }
    .strip {
      width: 100%;
      height: 14px;
    }
    .healthy .days,
    .no_backup .days {
      display: none;
    }
  }
`;
