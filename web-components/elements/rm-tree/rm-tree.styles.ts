import { css } from "lit";

export const treeStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    min-height: 0;
    --columns: minmax(0, 1fr) 84px 84px 130px;
  }
  .head,
  .line {
    display: grid;
    grid-template-columns: var(--columns);
    gap: 14px;
    align-items: center;
    padding: 0 14px;
    font-size: var(--rm-size-13);
  }
  .head {
    height: 32px;
    border-bottom: 1px solid var(--rm-border);
    background: var(--rm-sunken);
    font-size: var(--rm-size-12);
    font-weight: 500;
    color: var(--rm-text-2);
  }
  .head > :first-child {
    padding-left: 30px;
  }
  .right {
    text-align: right;
  }
  .scroller {
    position: relative;
    flex: 1;
    min-height: 0;
    overflow: auto;
    overscroll-behavior: contain;
    scrollbar-width: thin;
    outline: none;
  }
  .window {
    position: absolute;
    inset: 0 0 auto;
  }
  .line {
    height: var(--line);
    border-bottom: 1px solid var(--rm-border);
    cursor: default;
  }
  .line:hover {
    background: var(--rm-hover);
  }
  .line.chosen,
  .line.partly {
    background: var(--rm-accent-soft);
  }
  .scroller:focus-visible .line.at {
    outline: 2px solid var(--rm-focus);
    outline-offset: -2px;
    border-radius: var(--rm-radius-1);
  }
  .name {
    display: flex;
    gap: 8px;
    align-items: center;
    min-width: 0;
  }
  .twist,
  .box {
    flex: none;
    display: grid;
    place-items: center;
  }
  .twist {
    width: 22px;
    height: 28px;
    margin-left: -4px;
    color: var(--rm-text-2);
  }
  .twist.folder {
    cursor: pointer;
  }
  .open > .name > .twist .icon {
    transform: rotate(90deg);
  }
  .box {
    width: 16px;
    height: 16px;
    border: 1.5px solid var(--rm-control);
    border-radius: 4px;
    background: var(--rm-surface);
    color: var(--rm-on-accent);
    cursor: pointer;
  }
  .chosen > .name > .box,
  .partly > .name > .box {
    background: var(--rm-accent);
    border-color: transparent;
  }
  .partly > .name > .box::after {
    content: "";
    width: 8px;
    height: 2px;
    border-radius: 1px;
    background: currentColor;
  }
  .kind {
    flex: none;
    color: var(--rm-text-2);
  }
  .kind.folder {
    color: var(--rm-accent-text);
  }
  bdi {
    white-space: pre;
  }
  /* A long path is cut where it begins. */
  .path {
    direction: rtl;
    text-align: left;
  }
  .note {
    color: var(--rm-text-2);
  }
  .note button {
    margin-left: 4px;
  }
  @media (pointer: coarse) {
    .box {
      width: 20px;
      height: 20px;
    }
    .twist {
      width: 32px;
      height: 40px;
    }
  }
  @media (max-width: 980px) {
    :host {
      --columns: minmax(0, 1fr) 76px 130px;
    }
    .files {
      display: none;
    }
  }
  @media (max-width: 719px) {
    :host {
      --columns: minmax(0, 1fr) 68px;
    }
    .modified {
      display: none;
    }
  }
`;
