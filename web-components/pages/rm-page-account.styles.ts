import { css } from "lit";

export const accountStyles = css`
  .header {
    margin-bottom: 16px;
  }
  .cards {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 16px;
    max-width: 560px;
  }
  .section > .button {
    margin-top: 16px;
  }
  .server-key {
    display: grid;
    gap: 4px;
    margin-top: 14px;
    padding-top: 12px;
    border-top: 1px solid var(--rm-border);
  }
  code {
    flex: 1;
    min-width: 0;
    font: 400 12px/18px var(--rm-mono);
    overflow-wrap: anywhere;
  }
`;
