import { css } from "lit";

export const acceptStyles = css`
  .compare {
    --rm-dialog-width: 620px;
  }
  .set-up {
    --rm-dialog-width: 640px;
  }
  .body {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 16px;
  }
  .lead {
    color: var(--rm-text-2);
  }
  .lead strong {
    color: var(--rm-text);
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .hint {
    display: flex;
    gap: 8px;
    color: var(--rm-text-2);
    font-size: var(--rm-size-12);
    line-height: 18px;
  }
  .hint .icon {
    margin-top: 1px;
  }
  .hint code {
    font-family: var(--rm-mono);
    color: var(--rm-text);
    overflow-wrap: anywhere;
  }
  .missing li {
    font: 400 13px/22px var(--rm-mono);
    overflow-wrap: anywhere;
  }
  .accepted {
    display: flex;
    gap: 8px;
    align-items: center;
    margin-bottom: 18px;
    padding: 8px 12px;
    border-radius: var(--rm-radius-2);
    background: var(--rm-sunken);
    font-size: var(--rm-size-13);
  }
`;
