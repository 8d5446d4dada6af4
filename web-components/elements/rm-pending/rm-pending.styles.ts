import { css } from "lit";

export const pendingStyles = css`
  :host {
    container: pending / inline-size;
  }
  section {
    border: 1px solid
      color-mix(in oklab, var(--rm-accent-text) 32%, var(--rm-border));
    border-radius: var(--rm-radius-3);
    background: linear-gradient(
      180deg,
      var(--rm-accent-soft),
      var(--rm-surface) 72px
    );
    overflow: hidden;
  }
  header {
    display: flex;
    gap: 10px;
    align-items: baseline;
    padding: 14px 18px 12px;
  }
  header .icon {
    align-self: center;
    color: var(--rm-accent-text);
  }
  header h2 {
    white-space: nowrap;
  }
  header p {
    color: var(--rm-text-2);
    font-size: var(--rm-size-13);
  }
  li {
    display: grid;
    grid-template-columns: minmax(150px, 1fr) minmax(0, 690px) auto;
    gap: 8px 26px;
    align-items: center;
    padding: 13px 18px;
    border-top: 1px solid var(--rm-border);
  }
  .who {
    min-width: 0;
  }
  h3 {
    font-size: 15px;
    line-height: 21px;
    letter-spacing: -0.01em;
  }
  .who p {
    color: var(--rm-text-2);
    font-size: var(--rm-size-12);
    line-height: 17px;
  }
  .actions {
    display: flex;
    gap: 8px;
    justify-content: flex-end;
  }
  .notice {
    grid-column: 1 / -1;
  }
  @container pending (max-width: 1080px) {
    li {
      grid-template-columns: minmax(0, 1fr) auto;
    }
    rm-fingerprint {
      grid-column: 1 / -1;
      grid-row: 2;
    }
  }
  @container pending (max-width: 620px) {
    header {
      flex-wrap: wrap;
      gap: 4px 10px;
      padding: 14px 14px 12px;
    }
    header h2 {
      white-space: normal;
    }
    header p {
      flex-basis: 100%;
    }
    li {
      grid-template-columns: minmax(0, 1fr);
      gap: 11px;
      padding: 14px;
    }
    rm-fingerprint {
      grid-row: auto;
    }
    .actions {
      display: grid;
      grid-template-columns: 1fr 1fr;
    }
  }
`;
