import { css } from "lit";

export const dialogStyles = css`
  dialog {
    width: min(var(--rm-dialog-width, 560px), calc(100vw - 32px));
    max-width: none;
    max-height: min(88dvh, 900px);
    margin: auto;
    padding: 0;
    overflow: hidden;
    border: 1px solid var(--rm-border-2);
    border-radius: var(--rm-radius-4);
    background: var(--rm-surface);
    color: var(--rm-text);
    box-shadow: var(--rm-shadow-2);
  }
  dialog[open] {
    display: flex;
    flex-direction: column;
  }
  dialog::backdrop {
    background: oklch(0.1 0.01 285 / 0.45);
  }
  header {
    display: flex;
    gap: 12px;
    align-items: center;
    padding: 14px 14px 14px 20px;
    border-bottom: 1px solid var(--rm-border);
  }
  h2 {
    flex: 1;
    font-size: var(--rm-size-16);
    line-height: 24px;
    letter-spacing: -0.01em;
    outline: none;
    overflow-wrap: anywhere;
  }
  .body {
    /* Holds what is positioned in it, which would otherwise make the dialog itself scroll. */
    position: relative;
    padding: 18px 20px;
    overflow: auto;
    overscroll-behavior: contain;
    /* A field that gets the focus comes to lie above a footer that sticks. */
    scroll-padding-bottom: 140px;
    min-height: 0;
    scrollbar-width: thin;
  }
  footer {
    border-top: 1px solid var(--rm-border);
    background: var(--rm-sunken);
  }
  footer ::slotted(*) {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    justify-content: flex-end;
    align-items: center;
    padding: 12px 20px;
  }
  @media (max-width: 719px) {
    dialog {
      width: 100vw;
      height: 100dvh;
      max-height: none;
      border: 0;
      border-radius: 0;
    }
    header {
      padding-left: 14px;
    }
    .body {
      flex: 1;
      padding: 14px;
    }
    footer ::slotted(*) {
      padding: 10px 14px calc(10px + env(safe-area-inset-bottom));
    }
  }
`;
