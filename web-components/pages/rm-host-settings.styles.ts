import { css } from "lit";

export const hostSettingsStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 16px;
    max-width: 860px;
  }
  .lead {
    margin-bottom: 14px;
    color: var(--rm-text-2);
    font-size: var(--rm-size-13);
  }
  code {
    font-family: var(--rm-mono);
    color: var(--rm-text);
  }
  h3 {
    margin: 18px 0 4px;
    font-size: var(--rm-size-13);
    line-height: 18px;
  }
  .keys li {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 16px;
    justify-content: space-between;
    padding: 7px 0;
    border-top: 1px solid var(--rm-border);
    font-size: var(--rm-size-12);
    line-height: 18px;
  }
  .keys li:first-child {
    border-top: 0;
  }
  .keys .mono {
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .danger-zone {
    border-color: color-mix(in oklab, var(--rm-bad) 45%, var(--rm-border));
  }
  .row {
    display: flex;
    gap: 12px 24px;
    align-items: center;
    justify-content: space-between;
    margin-top: 8px;
  }
  .row p {
    max-width: 62ch;
    color: var(--rm-text-2);
    font-size: var(--rm-size-13);
  }
  .row strong {
    color: var(--rm-text);
    font-weight: 550;
  }
  .row .button {
    flex: none;
  }
  @media (max-width: 719px) {
    .row {
      flex-direction: column;
      align-items: stretch;
    }
  }
`;
