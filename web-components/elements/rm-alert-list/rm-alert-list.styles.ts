import { css } from "lit";

export const alertListStyles = css`
  li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 6px 16px;
    align-items: start;
    padding: 12px 16px;
    border-top: 1px solid var(--rm-border);
    font-size: var(--rm-size-13);
  }
  li:first-child {
    border-top: 0;
  }
  .head {
    display: flex;
    gap: 4px 8px;
    align-items: center;
    flex-wrap: wrap;
  }
  .title {
    font-weight: 550;
  }
  .message {
    margin-top: 4px;
    max-width: 90ch;
    line-height: 19px;
    overflow-wrap: anywhere;
  }
  .sub {
    margin-top: 3px;
    color: var(--rm-text-2);
    font-size: var(--rm-size-12);
    line-height: 17px;
  }
  .actions {
    display: flex;
    gap: 8px;
  }
  @media (max-width: 719px) {
    li {
      grid-template-columns: minmax(0, 1fr);
      padding: 12px 14px;
    }
    .actions .button {
      flex: 1;
    }
  }
`;
