import { css } from "lit";

/** What every page in the panel shares: its frame, breadcrumb and header. */
export const page = css`
  :host {
    max-width: 1500px;
    margin: 0 auto;
    padding: 22px 28px 48px;
  }
  .breadcrumb {
    display: flex;
    gap: 6px;
    align-items: center;
    margin: -6px 0 10px;
    color: var(--rm-text-2);
    font-size: var(--rm-size-13);
    min-width: 0;
  }
  .breadcrumb a:hover {
    color: var(--rm-text);
  }
  .header {
    min-height: var(--rm-control-m);
    display: flex;
    gap: 10px 12px;
    align-items: center;
    flex-wrap: wrap;
  }
  .header h1 {
    display: flex;
    gap: 6px 11px;
    align-items: center;
    flex-wrap: wrap;
    overflow-wrap: anywhere;
  }
  .facts {
    display: flex;
    gap: 4px 14px;
    flex-wrap: wrap;
    align-items: center;
    overflow-wrap: anywhere;
    margin: 5px 0 16px;
    color: var(--rm-text-2);
    font-size: var(--rm-size-13);
  }
  @media (max-width: 719px) {
    :host {
      padding: 14px 14px 40px;
    }
    .breadcrumb {
      margin-top: -2px;
    }
    .header .spring {
      display: none;
    }
    .header h1 {
      flex-basis: 100%;
    }
    .header .button:not(.square) {
      flex: 1;
    }
  }
`;
