import { css } from "lit";

export const alertsStyles = css`
  .filters {
    display: flex;
    gap: 8px 12px;
    flex-wrap: wrap;
    align-items: center;
    margin: 14px 0 12px;
  }
  .filters nav {
    display: flex;
    gap: 4px;
    flex-wrap: wrap;
  }
  .filters a {
    padding: 5px 10px;
    border-radius: var(--rm-radius-2);
    color: var(--rm-text-2);
    font-size: var(--rm-size-13);
    font-weight: 500;
  }
  .filters a:hover {
    background: var(--rm-hover);
  }
  .filters a[aria-current="true"] {
    background: var(--rm-active);
    color: var(--rm-text);
  }
  .filters select {
    height: var(--rm-control-m);
  }
  @media (max-width: 719px) {
    .filters .spring {
      display: none;
    }
    .filters nav a {
      padding: 7px 8px;
    }
    .filters select {
      flex: 1;
    }
  }
  rm-older {
    padding: 12px 16px;
    border-top: 1px solid var(--rm-border);
  }
`;
