import { css } from "lit";

export const jobFilterStyles = css`
  :host {
    margin-bottom: 14px;
  }
  .filters {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
  }
  .input {
    max-width: 100%;
  }
  select.chosen {
    border-color: var(--rm-focus);
  }
  .date {
    display: inline-flex;
    gap: 6px;
    align-items: center;
  }
  @media (max-width: 719px) {
    .filters {
      display: grid;
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }
    .date {
      display: grid;
      gap: 2px;
    }
    .date .input {
      width: 100%;
    }
  }
`;
