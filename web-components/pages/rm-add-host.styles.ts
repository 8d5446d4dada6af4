import { css } from "lit";

export const addHostStyles = css`
  rm-dialog {
    --rm-dialog-width: 760px;
  }
  nav {
    display: grid;
    grid-template-columns: repeat(2, minmax(0, 1fr));
    gap: 10px;
    margin-bottom: 20px;
  }
  nav a {
    display: grid;
    gap: 2px;
    align-content: start;
    padding: 10px 14px 12px;
    border: 1px solid var(--rm-border-2);
    border-radius: var(--rm-radius-3);
    font-size: var(--rm-size-13);
    line-height: 18px;
  }
  nav a:hover {
    background: var(--rm-hover);
  }
  nav a[aria-current] {
    border-color: var(--rm-accent-text);
    background: var(--rm-accent-soft);
  }
  nav strong {
    font-weight: 550;
  }
  nav span {
    color: var(--rm-text-2);
    font-size: var(--rm-size-12);
    line-height: 16px;
  }
  details {
    margin-bottom: 18px;
    padding: 0 14px;
    border: 1px solid var(--rm-border);
    border-radius: var(--rm-radius-3);
  }
  summary {
    padding: 10px 0;
    font-size: var(--rm-size-13);
    font-weight: 500;
    cursor: pointer;
  }
  .hint {
    margin-right: auto;
    color: var(--rm-text-2);
    font-size: var(--rm-size-12);
  }
  @media (max-width: 480px) {
    nav {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
