import { css } from "lit";

/** For the document: the doors render into the light DOM. */
export const doorStyles = css`
  .door {
    min-height: 100dvh;
  }
  .door-card {
    width: min(380px, calc(100vw - 28px));
    margin: 0 auto;
    padding: clamp(24px, 16vh, 150px) 0 40px;
  }
  .door-brand {
    display: flex;
    gap: 10px;
    align-items: center;
    margin-bottom: 28px;
    font-size: 15px;
    font-weight: 600;
    letter-spacing: -0.015em;
  }
  .door-card h1 {
    font-size: 24px;
    line-height: 32px;
    letter-spacing: -0.02em;
    margin-bottom: 18px;
  }
  .door-card > .notice,
  .door-card > p:not([class]) {
    margin-bottom: 16px;
  }
  .door-card form {
    padding: 22px;
    border: 1px solid var(--rm-border);
    border-radius: var(--rm-radius-4);
    background: var(--rm-surface);
  }
  .door-card .input {
    height: 36px;
  }
  .door-card .button.primary {
    height: 36px;
    margin-top: 2px;
  }
  .door-card .lead {
    margin: -12px 0 18px;
    color: var(--rm-text-2);
  }
`;
