import { css } from "lit";

/**
 * The one shared sheet: native elements, controls as classes on native elements, and small helpers. Every element
 * takes it first; the light-DOM shell adopts it on the document.
 */
export const base = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  :host {
    display: block;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  h1,
  h2,
  h3,
  p,
  ul,
  ol,
  dl,
  dd,
  figure,
  fieldset {
    margin: 0;
    padding: 0;
    border: 0;
    min-width: 0;
  }
  ul,
  ol {
    list-style: none;
  }
  h1 {
    font-size: var(--rm-size-20);
    line-height: 28px;
    font-weight: 600;
    letter-spacing: -0.015em;
    outline: none;
  }
  h2 {
    font-size: var(--rm-size-14);
    line-height: 20px;
    font-weight: 600;
    letter-spacing: -0.005em;
  }
  h3 {
    font-size: var(--rm-size-13);
    line-height: 18px;
    font-weight: 600;
  }
  a {
    color: inherit;
    text-decoration: none;
  }
  a.link {
    color: var(--rm-accent-text);
  }
  a.link:hover,
  p a.link {
    text-decoration: underline;
    text-underline-offset: 2px;
  }
  :focus-visible {
    outline: 2px solid var(--rm-focus);
    outline-offset: 2px;
    border-radius: var(--rm-radius-1);
  }
  h1:focus-visible,
  h2:focus-visible {
    outline: none;
  }
  .icon {
    fill: none;
    stroke: currentColor;
    stroke-width: 1.75;
    stroke-linecap: round;
    stroke-linejoin: round;
    flex: none;
    display: block;
  }
  .glyph {
    flex: none;
    display: block;
  }
  .spin {
    transform-origin: 7px 7px;
    animation: spin 1s linear infinite;
  }
  @keyframes spin {
    to {
      transform: rotate(360deg);
    }
  }

  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation: none !important;
      transition: none !important;
    }
  }

  .mono {
    font-family: var(--rm-mono);
    font-size: 0.95em;
  }
  .num {
    font-variant-numeric: tabular-nums;
  }
  .text-2 {
    color: var(--rm-text-2);
  }
  .text-3 {
    color: var(--rm-text-3);
  }
  .small {
    font-size: var(--rm-size-12);
    line-height: 16px;
  }
  .truncate {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .row {
    display: flex;
    align-items: center;
    gap: 8px;
  }
  .spring {
    flex: 1;
  }
  .ok {
    color: var(--rm-ok);
  }
  .warn {
    color: var(--rm-warn);
  }
  .bad {
    color: var(--rm-bad);
  }
  .run {
    color: var(--rm-run);
  }
  .off {
    color: var(--rm-off);
  }
  .ok-text {
    color: var(--rm-ok-text);
  }
  .warn-text {
    color: var(--rm-warn-text);
  }
  .bad-text {
    color: var(--rm-bad-text);
  }
  .run-text {
    color: var(--rm-run-text);
  }

  .card {
    background: var(--rm-surface);
    border: 1px solid var(--rm-border);
    border-radius: var(--rm-radius-3);
  }
  .button {
    appearance: none;
    font: 500 var(--rm-size-13) / 1 var(--rm-sans);
    height: var(--rm-control-m);
    padding: 0 12px;
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 7px;
    border-radius: var(--rm-radius-2);
    border: 1px solid var(--rm-border-2);
    background: var(--rm-raised);
    color: var(--rm-text);
    cursor: pointer;
    white-space: nowrap;
    box-shadow: var(--rm-shadow-1);
    transition:
      background 0.12s,
      border-color 0.12s;
    user-select: none;
  }
  .button:hover {
    background: var(--rm-hover);
  }
  .button:disabled,
  .button[aria-disabled="true"] {
    opacity: 0.55;
    cursor: not-allowed;
  }
  .button.primary {
    background: var(--rm-accent);
    border-color: transparent;
    color: var(--rm-on-accent);
    box-shadow:
      inset 0 1px 0 oklch(1 0 0 / 0.14),
      var(--rm-shadow-1);
  }
  .button.primary:hover {
    background: var(--rm-accent-hover);
  }
  .button.danger {
    color: var(--rm-bad-text);
  }
  .button.ghost {
    background: none;
    border-color: transparent;
    box-shadow: none;
    color: var(--rm-text-2);
  }
  .button.ghost:hover {
    background: var(--rm-hover);
    color: var(--rm-text);
  }
  .button.ghost[aria-pressed="true"] {
    background: var(--rm-active);
    color: var(--rm-text);
  }
  .button.s {
    height: var(--rm-control-s);
    padding: 0 9px;
    font-size: var(--rm-size-12);
    gap: 6px;
  }
  .button.square {
    width: var(--rm-control-m);
    padding: 0;
  }
  .button.square.s {
    width: var(--rm-control-s);
  }
  .button:focus-visible {
    border-radius: var(--rm-radius-2);
  }

  .pill {
    display: inline-flex;
    align-items: center;
    gap: 5px;
    height: 20px;
    padding: 0 7px;
    border-radius: 5px;
    font-size: var(--rm-size-12);
    font-weight: 500;
    line-height: 20px;
    letter-spacing: 0;
    white-space: nowrap;
  }
  .pill.ok {
    background: var(--rm-ok-soft);
    color: var(--rm-ok-text);
  }
  .pill.warn {
    background: var(--rm-warn-soft);
    color: var(--rm-warn-text);
  }
  .pill.bad {
    background: var(--rm-bad-soft);
    color: var(--rm-bad-text);
  }
  .pill.run {
    background: var(--rm-run-soft);
    color: var(--rm-run-text);
  }
  .pill.off {
    background: var(--rm-off-soft);
    color: var(--rm-off-text);
  }
  .tag {
    display: inline-block;
    max-width: 100%;
    height: 18px;
    padding: 0 6px;
    overflow: hidden;
    text-overflow: ellipsis;
    border-radius: 4px;
    border: 1px solid var(--rm-border);
    color: var(--rm-text-2);
    font-size: var(--rm-size-11);
    line-height: 16px;
    white-space: nowrap;
  }
  .count {
    font-size: var(--rm-size-11);
    font-variant-numeric: tabular-nums;
    padding: 0 6px;
    border-radius: 8px;
    line-height: 17px;
    background: var(--rm-active);
    color: var(--rm-text-2);
  }
  .key {
    font: 500 10.5px/1 var(--rm-mono);
    padding: 3px 5px;
    border-radius: 4px;
    border: 1px solid var(--rm-border-2);
    color: var(--rm-text-2);
    background: var(--rm-surface);
  }
  .input {
    font: 400 var(--rm-size-13) / 1.2 var(--rm-sans);
    height: var(--rm-control-m);
    padding: 0 10px;
    border-radius: var(--rm-radius-2);
    border: 1px solid var(--rm-control);
    background: var(--rm-surface);
    color: var(--rm-text);
    min-width: 0;
  }
  .input::placeholder {
    color: var(--rm-text-3);
    opacity: 1;
  }
  .input:focus-visible {
    outline-offset: 0;
    border-color: var(--rm-focus);
    border-radius: var(--rm-radius-2);
  }
  .input[aria-invalid="true"] {
    border-color: var(--rm-bad);
  }
  .notice {
    display: flex;
    gap: 8px;
    align-items: start;
    padding: 8px 10px;
    border-radius: var(--rm-radius-2);
    font-size: var(--rm-size-13);
    line-height: 18px;
    overflow-wrap: anywhere;
  }
  .notice .icon {
    margin-top: 1px;
  }
  .notice.ok {
    background: var(--rm-ok-soft);
    color: var(--rm-ok-text);
  }
  .notice.warn {
    background: var(--rm-warn-soft);
    color: var(--rm-warn-text);
  }
  .notice.bad {
    background: var(--rm-bad-soft);
    color: var(--rm-bad-text);
  }
  .notice.run {
    background: var(--rm-run-soft);
    color: var(--rm-run-text);
  }
  .bar {
    height: 6px;
    border-radius: 3px;
    background: var(--rm-active);
    overflow: hidden;
  }
  .bar > i {
    display: block;
    height: 100%;
    border-radius: 3px;
    background: var(--rm-run);
    transition: width 0.4s linear;
  }
  .skeleton {
    background: linear-gradient(
        90deg,
        var(--rm-active),
        var(--rm-hover) 50%,
        var(--rm-active)
      )
      0 0 / 300% 100%;
    border-radius: 4px;
    animation: skeleton 1.4s linear infinite;
  }
  @keyframes skeleton {
    to {
      background-position: -150% 0;
    }
  }
`;
