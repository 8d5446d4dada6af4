import { css } from "lit";

export const jobLogStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    position: relative;
    min-height: 0;
    border: 1px solid var(--rm-border);
    border-radius: var(--rm-radius-3);
    background: var(--rm-sunken);
    overflow: hidden;
  }
  .tools {
    display: flex;
    gap: 6px;
    align-items: center;
    padding: 7px 8px 7px 14px;
    border-bottom: 1px solid var(--rm-border);
    background: var(--rm-surface);
  }
  .find {
    position: relative;
    display: flex;
    align-items: center;
  }
  .find .icon {
    position: absolute;
    left: 8px;
    color: var(--rm-text-3);
    pointer-events: none;
  }
  .find .input {
    width: 180px;
    height: var(--rm-control-s);
    padding-left: 27px;
    font-size: var(--rm-size-12);
  }
  .tools .small {
    white-space: nowrap;
  }
  .scroller {
    flex: 1;
    min-height: 0;
    padding: 8px 0;
    overflow: auto;
    overflow-anchor: none;
    overscroll-behavior: contain;
    scrollbar-width: thin;
    font: 400 12px/19px var(--rm-mono);
  }
  .scroller:focus-visible {
    outline-offset: -2px;
    border-radius: 0 0 var(--rm-radius-3) var(--rm-radius-3);
  }
  .chunk {
    content-visibility: auto;
    contain-intrinsic-size: auto 3800px;
  }
  .line {
    display: flex;
    min-width: max-content;
    padding-right: 14px;
    white-space: pre;
  }
  .wrapped .line {
    min-width: 0;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  .line:hover {
    background: var(--rm-hover);
  }
  .number,
  .at {
    flex: none;
    color: var(--rm-text-3);
    user-select: none;
  }
  .number {
    width: 58px;
    padding-right: 14px;
    text-align: right;
  }
  .at {
    padding-right: 14px;
  }
  .kind {
    flex: none;
    width: 9ch;
    color: var(--rm-ok-text);
  }
  .text {
    flex: 1;
    min-width: 0;
  }
  .info .text {
    color: var(--rm-text-2);
  }
  .warning {
    background: color-mix(in oklab, var(--rm-warn-soft) 70%, transparent);
  }
  .warning .text {
    color: var(--rm-warn-text);
  }
  .error {
    background: color-mix(in oklab, var(--rm-bad-soft) 75%, transparent);
  }
  .error .text {
    color: var(--rm-bad-text);
  }
  .gap {
    padding: 2px 14px;
    background: var(--rm-warn-soft);
    color: var(--rm-warn-text);
    font-family: var(--rm-sans);
  }
  .placeholder {
    padding: 4px 14px;
    font-family: var(--rm-sans);
    font-size: var(--rm-size-13);
    color: var(--rm-text-2);
  }
  .jump {
    position: absolute;
    right: 18px;
    bottom: 14px;
    box-shadow: var(--rm-shadow-2);
  }
  @media (max-width: 719px) {
    .tools {
      flex-wrap: wrap;
    }
    .find {
      order: 1;
      flex: 1 1 150px;
    }
    .download {
      order: 2;
    }
    .find .input {
      width: 100%;
      height: var(--rm-control-m);
    }
    .at {
      display: none;
    }
    .number {
      width: 46px;
      padding-right: 10px;
    }
    .scroller {
      font-size: 11.5px;
    }
  }
`;
