import { css } from "lit";

export const repositoryViewStyles = css`
  .notices:not(:has(*)) {
    display: none;
  }
  .notice {
    margin-bottom: 12px;
    align-items: center;
    flex-wrap: wrap;
  }
  .notice > span {
    flex: 1 1 240px;
  }
  :host {
    --rm-beside: 340px;
  }
  .users {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 14px;
    font-size: var(--rm-size-13);
    overflow-wrap: anywhere;
  }
  .danger .button {
    margin-top: 10px;
  }
  @media (max-width: 1100px) {
    .columns {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
