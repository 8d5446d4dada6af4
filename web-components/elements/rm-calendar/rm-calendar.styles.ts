import { css } from "lit";

export const calendarStyles = css`
  .month {
    display: flex;
    gap: 4px;
    align-items: center;
    margin-bottom: 8px;
  }
  .month p {
    flex: 1;
    text-align: center;
    font-size: var(--rm-size-13);
    font-weight: 600;
  }
  .back .icon {
    transform: rotate(180deg);
  }
  .grid {
    display: grid;
    gap: 2px;
  }
  .week {
    display: grid;
    grid-template-columns: repeat(7, minmax(0, 1fr));
    gap: 2px;
  }
  .weekday {
    text-align: center;
    font-size: var(--rm-size-11);
    line-height: 18px;
    color: var(--rm-text-2);
  }
  .day {
    position: relative;
    display: grid;
    place-items: center;
    height: 38px;
    padding-bottom: 8px;
    border-radius: var(--rm-radius-2);
    font-size: var(--rm-size-13);
    color: var(--rm-text-3);
  }
  .day:focus-visible {
    border-radius: var(--rm-radius-2);
  }
  .outside {
    visibility: hidden;
  }
  .has {
    color: var(--rm-text);
    font-weight: 550;
    cursor: pointer;
  }
  .has:hover {
    background: var(--rm-hover);
  }
  /* How many there are: up to three dots. */
  .has i {
    position: absolute;
    bottom: 6px;
    display: flex;
    gap: 2px;
  }
  .has i::before,
  .has.two i::after,
  .has.more i::after {
    content: "";
    width: 4px;
    height: 4px;
    border-radius: 2px;
    background: var(--rm-accent-text);
  }
  .has.more i::after {
    width: 10px;
  }
  .day[aria-selected="true"] {
    background: var(--rm-accent);
    color: var(--rm-on-accent);
  }
  .day[aria-selected="true"] i::before,
  .day[aria-selected="true"] i::after {
    background: var(--rm-on-accent);
  }
`;
