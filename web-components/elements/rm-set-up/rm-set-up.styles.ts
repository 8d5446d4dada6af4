import { css } from "lit";

export const setUpStyles = css`
  section + section {
    border-top: 1px solid var(--rm-border);
    padding-top: 18px;
    margin-top: 2px;
  }
  h3 {
    font-size: var(--rm-size-14);
    line-height: 20px;
  }
  .address {
    margin-top: -6px;
    overflow-wrap: anywhere;
  }
  code {
    font-family: var(--rm-mono);
    font-size: 0.95em;
  }
  .minted {
    display: grid;
    gap: 10px;
    padding: 12px 14px 14px;
    border: 1px solid var(--rm-border);
    border-radius: var(--rm-radius-3);
    background: var(--rm-sunken);
  }
  .minted-row {
    display: flex;
    gap: 10px;
    align-items: center;
  }
  .minted-row .icon {
    color: var(--rm-text-2);
  }
  .minted-row code {
    flex: 1;
    min-width: 0;
    font-size: 14px;
    line-height: 20px;
    font-weight: 500;
    overflow-wrap: anywhere;
  }
  .outcome {
    display: flex;
    gap: 8px;
    align-items: center;
    color: var(--rm-text-2);
    font-size: var(--rm-size-13);
  }
  [role="status"]:not(:has(*)) {
    display: none;
  }
  /* Always in sight, with what was answered to the last attempt. */
  .foot {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 10px;
    position: sticky;
    bottom: -18px;
    margin: 0 -20px -18px;
    padding: 12px 20px;
    border-top: 1px solid var(--rm-border);
    background: var(--rm-surface);
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    justify-content: flex-end;
  }
  @media (max-width: 719px) {
    .foot {
      bottom: -14px;
      margin: 0 -14px -14px;
      padding: 10px 14px;
    }
    .actions .button {
      flex: 1;
    }
  }
`;
