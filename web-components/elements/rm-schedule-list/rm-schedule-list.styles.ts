import { css } from "lit";

export const scheduleListStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 16px;
    max-width: 820px;
  }
  .acts {
    display: flex;
    gap: 8px;
    align-items: center;
    flex: none;
  }
  .acts .switch {
    margin-left: 8px;
  }
  .wait {
    display: flex;
    gap: 8px;
    align-items: center;
    color: var(--rm-text-2);
    font-size: var(--rm-size-13);
  }
  .switch {
    display: inline-flex;
    gap: 8px;
    align-items: center;
    font-size: var(--rm-size-13);
    font-weight: 500;
    cursor: pointer;
  }
  .switch input {
    appearance: none;
    position: relative;
    width: 34px;
    height: 20px;
    margin: 0;
    border-radius: 10px;
    border: 1px solid var(--rm-control);
    background: var(--rm-active);
    cursor: inherit;
    transition: background 0.12s;
  }
  .switch input::before {
    content: "";
    position: absolute;
    top: 2px;
    left: 2px;
    width: 14px;
    height: 14px;
    border-radius: 50%;
    background: var(--rm-control);
    transition: transform 0.12s;
  }
  .switch input:checked {
    border-color: var(--rm-accent);
    background: var(--rm-accent);
  }
  .switch input:checked::before {
    background: var(--rm-on-accent);
    transform: translateX(14px);
  }
  .switch input:focus-visible {
    border-radius: 10px;
  }
  .switch:has(:disabled) {
    cursor: default;
  }
`;
