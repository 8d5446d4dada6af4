import { css } from "lit";

/** Cards in a wide column and one beside it, as wide as `--rm-beside`. */
export const columns = css`
  .columns {
    display: grid;
    grid-template-columns: minmax(0, 1fr) var(--rm-beside);
    gap: 16px;
    align-items: start;
  }
  .column {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 16px;
    min-width: 0;
  }
`;
