import { css } from "lit";

export const sourceStyles = css`
  .lists {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(240px, 100%), 1fr));
    gap: 16px 24px;
  }
  h3 {
    margin-bottom: 6px;
    font-size: var(--rm-size-12);
    font-weight: 500;
    color: var(--rm-text-2);
  }
  li {
    font: 400 12.5px/20px var(--rm-mono);
    overflow-wrap: anywhere;
  }
  li.word {
    font: 400 var(--rm-size-13) / 20px var(--rm-sans);
  }
  .notice {
    margin-bottom: 12px;
  }
  .pairs {
    margin-top: 14px;
    padding-top: 14px;
    border-top: 1px solid var(--rm-border);
  }
  .run-time {
    display: block;
  }
`;
