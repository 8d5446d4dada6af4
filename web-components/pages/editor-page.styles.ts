import { css } from "lit";

export const editorPageStyles = css`
  :host {
    max-width: 1180px;
    padding-bottom: 0;
  }
  .header {
    margin-bottom: 14px;
  }
  .choice {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    margin-top: 8px;
  }
  .missed {
    margin: 0 0 24px;
    padding: 14px 0 0;
  }
`;
