import { css } from "lit";

export const hostFilterStyles = css`
  :host {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
    justify-content: space-between;
    container: filter / inline-size;
  }
  .chips {
    display: flex;
    gap: 4px;
    min-width: 0;
    overflow-x: auto;
    scrollbar-width: none;
  }
  .chip {
    appearance: none;
    display: inline-flex;
    gap: 6px;
    align-items: center;
    height: var(--rm-control-s);
    padding: 0 9px;
    border: 1px solid transparent;
    border-radius: 18px;
    background: none;
    color: var(--rm-text-2);
    font: 500 var(--rm-size-13) / 1 var(--rm-sans);
    white-space: nowrap;
    cursor: pointer;
  }
  .chip:hover {
    background: var(--rm-hover);
    color: var(--rm-text);
  }
  .chip:focus-visible {
    outline-offset: -2px;
    border-radius: 18px;
  }
  .chip[aria-pressed="true"] {
    background: var(--rm-active);
    color: var(--rm-text);
  }
  .chip .num {
    color: var(--rm-text-3);
  }
  .chip[aria-pressed="true"] .num {
    color: var(--rm-text-2);
  }
  .tags {
    flex-basis: 100%;
  }
  .find {
    position: relative;
    display: flex;
    align-items: center;
  }
  .find .icon {
    position: absolute;
    left: 9px;
    color: var(--rm-text-3);
    pointer-events: none;
  }
  .find .input {
    width: 220px;
    padding-left: 31px;
  }
  .find .key {
    position: absolute;
    right: 7px;
    pointer-events: none;
  }
  .find:focus-within .key {
    display: none;
  }
  @container filter (max-width: 620px) {
    .find,
    .find .input {
      width: 100%;
    }
    .find .key {
      display: none;
    }
    .chips {
      order: 2;
      flex-basis: auto;
      width: calc(100% + 28px);
      margin: 0 -14px;
      padding: 0 14px;
    }
  }
`;
