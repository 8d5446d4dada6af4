import { css } from "lit";

/** Cards below each other, with what they are and a way to add one above. */
export const hostListStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 16px;
    max-width: 820px;
  }
  .list-head {
    display: flex;
    gap: 8px 16px;
    align-items: center;
    justify-content: space-between;
    font-size: var(--rm-size-13);
  }
  .list-head .button {
    flex: none;
  }
  .used-by {
    display: grid;
    gap: 4px;
    margin-top: 8px;
  }
  @media (max-width: 719px) {
    .list-head {
      flex-direction: column;
      align-items: stretch;
    }
  }
`;
