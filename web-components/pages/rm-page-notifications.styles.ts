import { css } from "lit";

export const notificationsStyles = css`
  .header {
    margin-bottom: 14px;
  }
  .channels {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 16px;
    max-width: 820px;
  }
  .section-head {
    flex-wrap: wrap;
  }
  .actions {
    display: flex;
    gap: 8px;
    flex-wrap: wrap;
    margin-top: 14px;
  }
  .notice {
    margin-top: 12px;
  }
`;
