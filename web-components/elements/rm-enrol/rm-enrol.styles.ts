import { css } from "lit";

export const enrolStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 20px;
    container: enrol / inline-size;
  }
  .systems {
    display: flex;
    gap: 4px;
    margin-bottom: -12px;
  }
  .commands {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 8px;
    font-size: var(--rm-size-13);
    color: var(--rm-text-2);
  }
  .commands p:not(:first-child) {
    margin-top: 8px;
  }
  .skeleton.text {
    width: 60%;
    height: 14px;
    margin: 3px 0;
  }
  .skeleton.command-shape {
    height: 46px;
    border-radius: var(--rm-radius-3);
  }
  .steps {
    display: grid;
    grid-template-columns: repeat(3, minmax(0, 1fr));
    gap: 18px;
  }
  .steps li {
    display: grid;
    gap: 4px;
    align-content: start;
    padding-top: 12px;
    border-top: 2px solid var(--rm-border-2);
  }
  .steps li.current {
    border-color: var(--rm-accent-text);
  }
  .steps p {
    color: var(--rm-text-2);
    font-size: var(--rm-size-13);
  }
  .caution {
    display: flex;
    gap: 10px;
    color: var(--rm-warn-text);
    font-size: var(--rm-size-13);
  }
  .caution svg {
    flex: none;
    margin-top: 3px;
  }
  .wait {
    display: flex;
    gap: 10px;
    align-items: center;
    color: var(--rm-text-2);
    font-size: var(--rm-size-13);
  }
  @container enrol (max-width: 560px) {
    .steps {
      grid-template-columns: minmax(0, 1fr);
      gap: 14px;
    }
  }
`;
