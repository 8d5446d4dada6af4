import { css } from "lit";

export const jobsStyles = css`
  .header {
    margin-bottom: 18px;
  }
`;
