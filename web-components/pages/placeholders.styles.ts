import { css } from "lit";

export const placeholderStyles = css`
  .skeleton-row {
    gap: 24px;
    padding: 15px 16px;
  }
  .skeleton-row + .skeleton-row {
    border-top: 1px solid var(--rm-border);
  }
  .load-failed {
    display: grid;
    gap: 6px;
    justify-items: center;
    max-width: 560px;
    margin: 6vh auto 0;
    padding: 34px 24px;
    text-align: center;
  }
  .load-failed .button {
    margin-top: 10px;
  }
`;
