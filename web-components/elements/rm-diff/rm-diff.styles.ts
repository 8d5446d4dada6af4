import { css } from "lit";

export const diffStyles = css`
  :host {
    display: block;
  }
  .line {
    display: grid;
    grid-template-columns: minmax(0, 1.3fr) minmax(0, 1fr) minmax(0, 1fr) 64px;
    gap: 12px;
    align-items: center;
    min-height: 36px;
    padding: 0 14px;
    border-bottom: 1px solid var(--rm-border);
    font-size: var(--rm-size-13);
    content-visibility: auto;
    contain-intrinsic-size: auto 36px;
  }
  .line:last-child {
    border-bottom: 0;
  }
  .line:hover {
    background: var(--rm-hover);
  }
  .line[aria-expanded],
  .note {
    cursor: pointer;
  }
  .line:focus-visible {
    outline: 2px solid var(--rm-focus);
    outline-offset: -2px;
    border-radius: var(--rm-radius-1);
  }
  .name {
    display: flex;
    gap: 7px;
    align-items: center;
    min-width: 0;
    padding-left: calc(var(--level) * 20px);
  }
  .name .icon {
    flex: none;
    color: var(--rm-text-2);
  }
  .note .name {
    padding-left: calc(var(--level) * 20px + 23px);
    color: var(--rm-accent-text);
  }
  bdi {
    white-space: pre;
  }
  .twist {
    flex: none;
    width: 16px;
    display: grid;
    place-items: center;
  }
  .twist.open .icon {
    transform: rotate(90deg);
  }
  .kind,
  .what {
    min-width: 0;
    overflow: hidden;
    white-space: nowrap;
    text-overflow: ellipsis;
    color: var(--rm-text-2);
  }
  .sign {
    display: inline-block;
    width: 16px;
    font: 600 14px/1 var(--rm-mono);
  }
  .added .sign {
    color: var(--rm-ok-text);
  }
  .removed .sign {
    color: var(--rm-bad-text);
  }
  .changed .sign {
    color: var(--rm-warn-text);
  }
  .removed bdi {
    text-decoration: line-through;
    text-decoration-color: var(--rm-control);
  }
  .acts {
    display: flex;
    justify-content: flex-end;
  }
  @media (max-width: 980px) {
    .line {
      grid-template-columns: minmax(0, 1.4fr) minmax(0, 1fr) 64px;
    }
    .what {
      display: none;
    }
  }
  @media (max-width: 719px) {
    .line {
      gap: 8px;
      padding: 0 10px;
      min-height: 44px;
      grid-template-columns: minmax(0, 1.3fr) minmax(0, 1fr) 80px;
    }
    .name {
      padding-left: calc(var(--level) * 12px);
    }
  }
`;
