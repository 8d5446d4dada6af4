import { css } from "lit";

export const tokenMadeStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 20px;
  }
  section {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 10px;
  }
  h3 {
    display: flex;
    gap: 8px;
    align-items: center;
    font-size: var(--rm-size-14);
    line-height: 20px;
    overflow-wrap: anywhere;
  }
  code {
    font-family: var(--rm-mono);
    overflow-wrap: anywhere;
  }
  .secrets {
    gap: 14px;
    padding: 14px 16px 16px;
    border: 1px solid color-mix(in oklab, var(--rm-warn) 45%, var(--rm-border));
    border-radius: var(--rm-radius-3);
    background: var(--rm-sunken);
  }
  .secrets h3 .icon {
    color: var(--rm-warn-text);
  }
  .secret {
    display: grid;
    gap: 4px;
    min-width: 0;
  }
  .value {
    display: flex;
    gap: 10px;
    align-items: center;
  }
  .value code {
    flex: 1;
    min-width: 0;
    font-size: 14px;
    line-height: 20px;
    font-weight: 500;
  }
  .or {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
    color: var(--rm-text-2);
    font-size: var(--rm-size-13);
  }
  .or code {
    color: var(--rm-text);
  }
  .wait {
    display: flex;
    gap: 10px;
    align-items: center;
    color: var(--rm-text-2);
    font-size: var(--rm-size-13);
  }
`;
