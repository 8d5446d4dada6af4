import { css } from "lit";

export const restoreStyles = css`
  .header {
    margin-bottom: 14px;
  }
  .steps {
    display: flex;
    align-items: center;
    font-size: var(--rm-size-13);
  }
  .steps li {
    display: flex;
    align-items: center;
  }
  .steps li + li::before {
    content: "";
    width: 22px;
    height: 1px;
    margin: 0 2px;
    background: var(--rm-border-2);
  }
  .steps button {
    display: flex;
    gap: 8px;
    align-items: center;
    padding: 4px 6px;
    border: 0;
    border-radius: var(--rm-radius-2);
    background: none;
    color: var(--rm-text-2);
    font: inherit;
    cursor: pointer;
  }
  .steps button:disabled {
    cursor: not-allowed;
  }
  .steps button:not(:disabled):hover {
    background: var(--rm-hover);
  }
  .number {
    display: grid;
    place-items: center;
    width: 22px;
    height: 22px;
    border: 1.5px solid var(--rm-border-2);
    border-radius: 50%;
    font-size: var(--rm-size-11);
    font-weight: 600;
  }
  .done .number {
    border-color: transparent;
    background: var(--rm-ok-soft);
    color: var(--rm-ok-text);
  }
  .current button {
    color: var(--rm-text);
    font-weight: 550;
  }
  .current .number {
    border-color: transparent;
    background: var(--rm-accent);
    color: var(--rm-on-accent);
  }

  .files {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 312px;
    gap: 14px;
    height: clamp(360px, calc(100dvh - 202px), 1000px);
  }
  .tree {
    display: flex;
    flex-direction: column;
    min-height: 0;
    overflow: hidden;
  }
  .tree > .notice {
    margin: 0 10px 8px;
  }
  rm-tree {
    flex: 1;
    border-top: 1px solid var(--rm-border);
  }
  .find-bar {
    display: flex;
    gap: 12px;
    align-items: center;
    padding: 8px 10px 8px 14px;
  }
  .all {
    display: flex;
    gap: 8px;
    align-items: center;
    font-size: var(--rm-size-13);
    white-space: nowrap;
  }
  .all input {
    width: 16px;
    height: 16px;
    margin: 0;
    accent-color: var(--rm-accent);
  }
  .find {
    position: relative;
    display: flex;
    align-items: center;
    min-width: 0;
  }
  .find .icon {
    position: absolute;
    left: 9px;
    color: var(--rm-text-3);
  }
  .find .input {
    width: 240px;
    padding-left: 30px;
  }
  .find-note {
    padding: 0 14px;
    font-size: var(--rm-size-12);
    line-height: 16px;
  }
  .find-note:not(:empty) {
    padding-bottom: 6px;
  }
  .reading {
    justify-content: center;
  }
  .selected {
    display: flex;
    flex-direction: column;
    gap: 8px;
    min-height: 0;
  }
  .total b {
    margin-right: 4px;
    font-size: 22px;
    line-height: 28px;
    font-weight: 600;
    letter-spacing: -0.025em;
  }
  .selected ul {
    display: grid;
    align-content: start;
    min-height: 0;
    margin: 0 -8px;
    overflow: auto;
    scrollbar-width: thin;
  }
  .selected li {
    display: grid;
    grid-template-columns: 16px minmax(0, 1fr) auto auto;
    gap: 8px;
    align-items: center;
    padding: 2px 4px 2px 8px;
  }
  .path {
    overflow: hidden;
    direction: rtl;
    text-align: left;
    text-overflow: ellipsis;
    white-space: nowrap;
    font-size: var(--rm-size-12);
  }
  .promise {
    display: flex;
    gap: 7px;
    margin-top: auto;
    padding: 9px 10px;
    border-radius: var(--rm-radius-2);
    background: var(--rm-sunken);
  }

  .review,
  .findings {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 14px;
  }
  .review {
    max-width: 860px;
  }
  .review h2 {
    overflow-wrap: anywhere;
  }
  .review dl.pairs {
    margin-top: 12px;
  }
  .findings {
    gap: 9px;
    font-size: var(--rm-size-13);
    line-height: 20px;
  }
  .findings li {
    display: grid;
    grid-template-columns: 16px minmax(0, 1fr);
    gap: 9px;
    overflow-wrap: anywhere;
  }
  .findings .icon {
    margin-top: 2px;
  }
  .trial {
    display: flex;
    flex-wrap: wrap;
    gap: 8px 28px;
    margin: 14px 0 4px;
    font-size: var(--rm-size-12);
    color: var(--rm-text-2);
  }
  .trial dd {
    font-size: var(--rm-size-16);
    line-height: 24px;
    font-weight: 550;
    color: var(--rm-text);
  }
  .trial dd.warn-text {
    color: var(--rm-warn-text);
  }
  .paths {
    max-height: 220px;
    padding: 8px 10px;
    border: 1px solid var(--rm-border);
    border-radius: var(--rm-radius-2);
    overflow: auto;
    scrollbar-width: thin;
    font-size: var(--rm-size-12);
    line-height: 18px;
    overflow-wrap: anywhere;
  }
  .confirm {
    display: grid;
    gap: 12px;
    border-color: var(--rm-warn);
    font-size: var(--rm-size-13);
    line-height: 20px;
  }
  .confirm .input {
    /* Above the buttons, which stick. */
    scroll-margin-bottom: 140px;
  }
  .confirm .field {
    max-width: 420px;
  }

  :host {
    padding-bottom: 8px;
  }
  .step {
    outline: none;
  }
  .foot {
    margin-top: 14px;
  }
  .foot .summary {
    font-size: var(--rm-size-13);
  }
  .hosts a {
    display: flex;
    gap: 12px;
    align-items: center;
    padding: 12px 16px;
    border-top: 1px solid var(--rm-border);
    font-size: var(--rm-size-13);
  }
  .hosts li:first-child a {
    border-top: 0;
  }
  .hosts a:hover {
    background: var(--rm-hover);
  }
  .hosts b {
    font-weight: 550;
    overflow-wrap: anywhere;
  }
  @media (max-width: 980px) {
    .files {
      grid-template-columns: minmax(0, 1fr);
      height: auto;
    }
    .tree {
      height: clamp(340px, calc(100dvh - 300px), 800px);
    }
    .selected ul {
      max-height: 200px;
    }
  }
  @media (max-width: 719px) {
    .steps {
      width: 100%;
    }
    .steps li:not(.current) .word {
      position: absolute;
      width: 1px;
      height: 1px;
      overflow: hidden;
      clip-path: inset(50%);
    }
    .steps li + li,
    .steps li + li::before {
      flex: 1;
    }
    .find,
    .find .input {
      width: 100%;
    }
    .foot .summary,
    .foot .spring {
      display: none;
    }
  }
`;
