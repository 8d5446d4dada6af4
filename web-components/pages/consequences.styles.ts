import { css } from "lit";

/** What a change that cannot be undone takes and leaves. */
export const consequenceStyles = css`
  p {
    color: var(--rm-text-2);
  }
  p strong {
    color: var(--rm-text);
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .consequences {
    display: grid;
    grid-template-columns: repeat(2, minmax(0, 1fr));
    gap: 16px 24px;
    font-size: var(--rm-size-13);
    line-height: 19px;
  }
  h3 {
    margin-bottom: 4px;
    font-size: var(--rm-size-13);
  }
  ul {
    display: grid;
    gap: 4px;
    color: var(--rm-text-2);
  }
  li {
    position: relative;
    padding-left: 14px;
  }
  li::before {
    content: "–";
    position: absolute;
    left: 0;
  }
  .present {
    font-size: var(--rm-size-12);
    overflow-wrap: anywhere;
  }
  .key-dialog {
    --rm-dialog-width: 620px;
  }
  .outcome {
    display: flex;
    gap: 8px;
    align-items: center;
    font-size: var(--rm-size-13);
  }
  [role="status"]:not(:has(*)) {
    display: none;
  }
  @media (max-width: 480px) {
    .consequences {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
