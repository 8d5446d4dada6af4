import { css } from "lit";

/** A form that is a page: cards in two columns, and its buttons always in sight. */
export const editor = css`
  .cards {
    display: grid;
    grid-template-columns: repeat(2, minmax(0, 1fr));
    gap: 16px;
    align-items: start;
  }
  .side {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 16px;
  }
  .foot {
    position: sticky;
    bottom: 0;
    z-index: 1;
    display: grid;
    gap: 10px;
    margin: 0 -4px;
    padding: 12px 4px;
    background: var(--rm-surface);
    border-top: 1px solid var(--rm-border);
  }
  .actions {
    display: flex;
    gap: 8px;
    align-items: center;
    justify-content: flex-end;
  }
  @media (max-width: 980px) {
    .cards {
      grid-template-columns: minmax(0, 1fr);
    }
  }
  @media (max-width: 719px) {
    .actions .button {
      flex: 1;
    }
  }
`;
