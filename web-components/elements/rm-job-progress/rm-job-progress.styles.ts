import { css } from "lit";

export const jobProgressStyles = css`
  :host {
    container: progress / inline-size;
  }
  .progress {
    display: grid;
    gap: 13px;
    padding: 16px 18px;
  }
  .line {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 14px;
    align-items: baseline;
  }
  .percent {
    font-size: 30px;
    line-height: 34px;
    font-weight: 600;
    letter-spacing: -0.035em;
  }
  .doing {
    font-size: var(--rm-size-16);
    line-height: 34px;
    font-weight: 550;
  }
  .bar {
    height: 8px;
    border-radius: 4px;
  }
  .bar > i {
    border-radius: 4px;
  }
  .phases {
    display: flex;
    align-items: center;
    font-size: var(--rm-size-13);
    color: var(--rm-text-3);
  }
  .phases li {
    display: flex;
    gap: 7px;
    align-items: center;
    white-space: nowrap;
  }
  .phases li + li::before {
    content: "";
    width: 22px;
    height: 1px;
    margin: 0 9px;
    background: var(--rm-border-2);
  }
  .phases .done {
    color: var(--rm-text-2);
  }
  .phases .current {
    color: var(--rm-text);
    font-weight: 550;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    gap: 12px 34px;
    align-items: end;
  }
  div.facts > dl {
    flex: 1;
    display: flex;
    flex-wrap: wrap;
    gap: 10px 34px;
  }
  dt {
    font-size: var(--rm-size-12);
    line-height: 18px;
    color: var(--rm-text-2);
  }
  dd {
    font-size: var(--rm-size-14);
    line-height: 20px;
    font-weight: 550;
    white-space: nowrap;
  }
  .rates {
    width: 260px;
  }
  code {
    font-family: var(--rm-mono);
    font-size: 0.92em;
  }
  @container progress (max-width: 620px) {
    .progress {
      padding: 14px;
    }
    .phases {
      display: none;
    }
    dl.facts,
    div.facts > dl {
      display: grid;
      grid-template-columns: 1fr 1fr;
      gap: 10px 14px;
      width: 100%;
      flex: none;
    }
    .rates {
      width: 100%;
    }
  }
`;
