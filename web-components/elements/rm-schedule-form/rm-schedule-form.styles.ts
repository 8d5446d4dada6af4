import { css } from "lit";

export const scheduleFormStyles = css`
  .weekdays {
    display: grid;
    grid-template-columns: repeat(7, minmax(0, 52px));
    gap: 6px;
  }
  .weekdays label {
    display: grid;
    place-items: center;
    height: var(--rm-control-m);
    border: 1px solid var(--rm-border-2);
    border-radius: var(--rm-radius-2);
    color: var(--rm-text-2);
    font-size: var(--rm-size-12);
    font-weight: 500;
    cursor: pointer;
  }
  .weekdays input {
    position: absolute;
    opacity: 0;
    pointer-events: none;
  }
  .weekdays label:has(:checked) {
    border-color: var(--rm-accent-text);
    background: var(--rm-accent-soft);
    color: var(--rm-accent-text);
    font-weight: 600;
  }
  .weekdays label:has(:focus-visible) {
    outline: 2px solid var(--rm-focus);
    outline-offset: 1px;
  }
  .words {
    font-size: var(--rm-size-14);
    line-height: 20px;
    font-weight: 550;
  }
  .wait {
    display: flex;
    gap: 8px;
    align-items: center;
    min-height: 20px;
    color: var(--rm-text-2);
    font-size: var(--rm-size-13);
  }
  .preview {
    display: grid;
    gap: 10px;
    /* As high as five runs, so that nothing jumps while they are asked for. */
    min-height: 226px;
    align-content: start;
  }
  .groups {
    display: grid;
    gap: 8px;
  }
  .groups label,
  .groups .help {
    overflow-wrap: anywhere;
  }
  .order {
    margin-top: 4px;
  }
  .order li {
    display: flex;
    gap: 8px;
    align-items: center;
    min-height: var(--rm-control-s);
    font-size: var(--rm-size-13);
  }
`;
