import { css } from "lit";

export const fingerprintStyles = css`
  :host {
    container: fingerprint / inline-size;
  }
  .layout {
    display: grid;
    grid-template-columns: auto 236px;
    gap: 8px 26px;
    align-items: center;
    justify-content: start;
  }
  .code {
    display: grid;
    grid-template-columns: repeat(8, auto);
    justify-content: start;
    gap: 1px 10px;
    font: 500 18px/25px var(--rm-mono);
    font-variant-numeric: slashed-zero;
  }
  .code span:nth-child(even) {
    color: var(--rm-text-2);
  }
  .code .hit,
  .code .hit:nth-child(even) {
    color: var(--rm-ok-text);
  }
  .code .miss,
  .code .miss:nth-child(even) {
    color: var(--rm-bad-text);
    text-decoration: underline wavy 1px;
    text-underline-offset: 4px;
  }
  .tools {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 6px;
  }
  .input {
    width: 100%;
    height: var(--rm-control-s);
    font-family: var(--rm-mono);
    font-size: var(--rm-size-12);
  }
  [role="status"] {
    grid-column: 1 / -1;
  }
  [role="status"]:not(:has(*)) {
    display: none;
  }
  @container fingerprint (max-width: 679px) {
    .layout {
      grid-template-columns: minmax(0, 1fr);
      gap: 11px;
    }
    .tools {
      max-width: 480px;
    }
  }
  @container fingerprint (max-width: 430px) {
    .code {
      grid-template-columns: repeat(4, auto);
      gap: 1px 17px;
      font-size: 20px;
      line-height: 28px;
    }
    .tools {
      max-width: none;
    }
  }
`;
