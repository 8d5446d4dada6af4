import { css } from "lit";

export const jobStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    min-height: max(100%, 640px);
    padding-bottom: 20px;
  }
  .notice {
    margin-bottom: 14px;
  }
  rm-job-progress {
    margin-bottom: 14px;
  }
  .columns {
    flex: 1;
    display: grid;
    grid-template-columns: minmax(0, 1fr) 292px;
    gap: 14px;
  }
  rm-job-log {
    /* As tall as what stands beside it or the page has room for, never as its lines. */
    contain: size;
    min-height: 320px;
  }
  aside {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 14px;
    align-content: start;
  }
  .files li {
    font: 400 12px/20px var(--rm-mono);
    color: var(--rm-text-2);
    overflow: hidden;
    white-space: nowrap;
    text-overflow: ellipsis;
    /* A path is told apart by its end. */
    direction: rtl;
    text-align: left;
  }
  .paths {
    margin-top: 10px;
  }
  pre {
    margin: 0;
    font: 400 12px/18px var(--rm-mono);
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    color: var(--rm-text-2);
  }
  @media (max-width: 980px) {
    :host {
      min-height: 0;
    }
    .columns {
      grid-template-columns: minmax(0, 1fr);
    }
    rm-job-log {
      height: 460px;
    }
  }
`;
