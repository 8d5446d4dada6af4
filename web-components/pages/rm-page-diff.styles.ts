import { css } from "lit";

export const diffPageStyles = css`
  .header {
    margin-bottom: 14px;
  }
  .sides {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto minmax(0, 1fr);
    gap: 12px;
    align-items: end;
    padding: 14px 16px;
    margin-bottom: 14px;
  }
  .sums {
    display: grid;
    grid-template-columns: repeat(3, minmax(0, 1fr));
    gap: 12px;
    padding: 12px 16px;
    margin-bottom: 14px;
  }
  .sums dt {
    color: var(--rm-text-2);
    font-size: var(--rm-size-12);
  }
  .sums dd {
    font-size: var(--rm-size-16);
    font-weight: 600;
  }
  .sums small {
    font-size: var(--rm-size-12);
    font-weight: 400;
    color: var(--rm-text-2);
  }
  .list {
    overflow: hidden;
  }
  .notice {
    margin-bottom: 12px;
    align-items: center;
    flex-wrap: wrap;
  }
  .notice > span {
    flex: 1 1 240px;
  }
  @media (max-width: 719px) {
    .sides {
      grid-template-columns: minmax(0, 1fr);
    }
    .sides .button {
      justify-self: start;
    }
  }
`;
