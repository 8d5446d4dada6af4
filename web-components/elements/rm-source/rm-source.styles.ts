import { css } from "lit";

export const sourceStyles = css`
  :host {
    display: block;
    max-width: 720px;
  }
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
  .actions {
    display: flex;
    gap: 8px;
    justify-content: flex-end;
  }
`;
