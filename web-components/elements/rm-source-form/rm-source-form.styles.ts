import { css } from "lit";

export const sourceFormStyles = css`
  .counts {
    display: grid;
    grid-template-columns: repeat(6, minmax(0, 1fr));
    gap: 12px 10px;
  }
  @media (max-width: 480px), (min-width: 981px) and (max-width: 1200px) {
    .counts {
      grid-template-columns: repeat(3, minmax(0, 1fr));
    }
  }
  .keeps {
    display: grid;
    gap: 6px;
    padding-top: 12px;
    border-top: 1px solid var(--rm-border);
    font-size: var(--rm-size-13);
    line-height: 19px;
  }
  .keeps strong {
    font-weight: 600;
  }
  .rules {
    color: var(--rm-text-2);
  }
  .rules li {
    position: relative;
    padding-left: 14px;
  }
  .rules li::before {
    content: "–";
    position: absolute;
    left: 0;
  }
  .timeline {
    width: 100%;
    margin-top: 6px;
    font-size: 15px;
  }
  .timeline line {
    stroke: var(--rm-border-2);
    stroke-width: 1.5;
  }
  .timeline circle {
    fill: var(--rm-accent);
    fill-opacity: 0.75;
  }
  .timeline text {
    fill: var(--rm-text-2);
  }
  .waits {
    font-size: var(--rm-size-13);
    line-height: 18px;
    color: var(--rm-text-2);
  }
`;
