import { css } from "lit";

export const repositoryStyles = css`
  .pairs dt.mono {
    font-size: var(--rm-size-12);
  }
  form {
    margin-top: 16px;
    padding-top: 16px;
    border-top: 1px solid var(--rm-border);
  }
  .actions {
    display: flex;
    gap: 8px;
    justify-content: flex-end;
  }
`;
