import { css } from "lit";

export const upkeepStyles = css`
  :host {
    container: upkeep / inline-size;
  }
  .rows > li {
    display: grid;
    grid-template-columns: 32px minmax(0, 1fr) 190px auto;
    gap: 4px 12px;
    align-items: start;
    padding: 12px 0;
    border-top: 1px solid var(--rm-border);
  }
  .rows > li:first-child {
    border-top: 0;
    padding-top: 0;
  }
  .badge {
    display: grid;
    place-items: center;
    width: 32px;
    height: 32px;
    border-radius: var(--rm-radius-2);
    background: var(--rm-active);
    color: var(--rm-text-2);
  }
  .what {
    display: grid;
    gap: 2px;
  }
  .what h3 {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 8px;
    align-items: center;
  }
  .when {
    display: grid;
    gap: 3px;
  }
  .when div {
    display: grid;
    grid-template-columns: 32px minmax(0, 1fr);
    gap: 6px;
  }
  .when dt {
    color: var(--rm-text-2);
  }
  .when a {
    display: inline-flex;
    gap: 5px;
    align-items: center;
  }
  .when .cron {
    display: block;
  }
  .runner {
    padding-top: 12px;
    border-top: 1px solid var(--rm-border);
  }
  .kind {
    display: grid;
    grid-template-columns: 200px minmax(0, 1fr);
    gap: 8px 16px;
    align-items: start;
    padding-bottom: 16px;
    border-bottom: 1px solid var(--rm-border);
  }
  .actions {
    display: flex;
    gap: 8px;
    justify-content: flex-end;
  }
  @container upkeep (max-width: 620px) {
    .rows > li {
      grid-template-columns: 32px minmax(0, 1fr);
    }
    .kind {
      grid-template-columns: minmax(0, 1fr);
    }
    .when,
    .rows .button {
      grid-column: 2;
      justify-self: start;
    }
  }
`;
