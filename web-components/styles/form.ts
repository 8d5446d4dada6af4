import { css } from "lit";

/** Fields with their label, help and error. */
export const form = css`
  form,
  .fields {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 16px;
  }
  .field {
    display: grid;
    gap: 5px;
    align-content: start;
    min-width: 0;
  }
  .field > label,
  legend,
  .label {
    font-size: var(--rm-size-13);
    line-height: 18px;
    font-weight: 550;
    padding: 0;
  }
  .help {
    font-size: var(--rm-size-12);
    line-height: 16px;
    color: var(--rm-text-2);
  }
  .error {
    display: flex;
    gap: 5px;
    align-items: start;
    font-size: var(--rm-size-12);
    line-height: 16px;
    color: var(--rm-bad-text);
  }
  .error .icon {
    margin-top: 1px;
  }
  .field .input {
    width: 100%;
  }
  textarea.input {
    height: auto;
    min-height: 56px;
    padding: 8px 10px;
    font: 400 12.5px/19px var(--rm-mono);
    resize: vertical;
    field-sizing: content;
  }
  .input.code {
    font-family: var(--rm-mono);
    font-size: 12.5px;
  }
  .pair {
    display: grid;
    grid-template-columns: repeat(2, minmax(0, 1fr));
    gap: 16px 12px;
  }
  .check {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 1px 10px;
    align-items: start;
    font-size: var(--rm-size-13);
    line-height: 20px;
  }
  .check input {
    width: 16px;
    height: 16px;
    margin: 2px 0 0;
    accent-color: var(--rm-accent);
  }
  .check .help {
    grid-column: 2;
  }
  .checks {
    display: grid;
    grid-template-columns: repeat(2, minmax(0, 1fr));
    gap: 8px 16px;
  }
  .segments {
    display: inline-flex;
    width: max-content;
    max-width: 100%;
    gap: 2px;
    padding: 2px;
    border: 1px solid var(--rm-control);
    border-radius: var(--rm-radius-2);
  }
  .segments label {
    padding: 0 12px;
    height: calc(var(--rm-control-m) - 6px);
    line-height: calc(var(--rm-control-m) - 6px);
    border-radius: 4px;
    font-size: var(--rm-size-13);
    font-weight: 500;
    color: var(--rm-text-2);
    cursor: pointer;
    white-space: nowrap;
  }
  .segments input {
    position: absolute;
    opacity: 0;
    pointer-events: none;
  }
  .segments label:has(:checked) {
    background: var(--rm-active);
    color: var(--rm-text);
  }
  .segments label:has(:focus-visible) {
    outline: 2px solid var(--rm-focus);
  }
  legend {
    margin-bottom: 6px;
  }
  details summary {
    font-size: var(--rm-size-13);
    font-weight: 500;
    color: var(--rm-accent-text);
    cursor: pointer;
    width: max-content;
  }
  details[open] summary {
    margin-bottom: 12px;
  }
  @media (max-width: 480px) {
    .checks,
    .pair {
      grid-template-columns: minmax(0, 1fr);
    }
    .segments label {
      padding: 0 9px;
    }
  }
`;
