import { css } from "lit";

/** For the document, not for a shadow root. */
export const shellStyles = css`
  rm-app {
    display: grid;
    grid-template: minmax(0, 1fr) / 224px minmax(0, 1fr);
    height: 100dvh;
  }
  rm-app:has(> .door) {
    display: block;
    height: auto;
  }
  .skip {
    position: absolute;
    left: 8px;
    top: -60px;
    z-index: 50;
  }
  .skip:focus {
    top: 8px;
  }
  .side {
    display: flex;
    flex-direction: column;
    gap: 14px;
    min-height: 0;
    padding: 12px 10px 10px;
  }
  .brand {
    display: flex;
    gap: 9px;
    align-items: center;
    padding: 4px 8px;
    font-size: 15px;
    font-weight: 600;
    letter-spacing: -0.015em;
  }
  .logo {
    flex: none;
    color: var(--rm-accent-text);
  }
  .side nav ul {
    display: grid;
    gap: 1px;
  }
  .side nav a {
    position: relative;
    display: flex;
    gap: 10px;
    align-items: center;
    height: 32px;
    padding: 0 8px;
    border-radius: var(--rm-radius-2);
    color: var(--rm-text-2);
    font-size: var(--rm-size-13);
    font-weight: 500;
  }
  .side nav a:hover,
  .side nav a[aria-current] {
    background: var(--rm-active);
    color: var(--rm-text);
  }
  .side nav a[aria-current] .icon {
    color: var(--rm-accent-text);
  }
  .side nav .count {
    margin-left: auto;
  }
  .side nav a[aria-current] .count {
    background: var(--rm-surface);
  }
  .me {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 4px;
    align-items: center;
    margin-top: auto;
  }
  .who {
    display: flex;
    gap: 8px;
    align-items: center;
    padding: 5px 8px;
    border-radius: var(--rm-radius-2);
  }
  .who:hover {
    background: var(--rm-active);
  }
  .who .name {
    display: grid;
    min-width: 0;
    font-size: var(--rm-size-12);
    line-height: 17px;
  }
  .avatar {
    display: grid;
    place-items: center;
    flex: none;
    width: 26px;
    height: 26px;
    border-radius: 50%;
    background: var(--rm-accent-soft);
    color: var(--rm-accent-text);
    font-size: 11px;
    font-weight: 600;
  }
  .live {
    display: inline-flex;
    gap: 6px;
    align-items: center;
    color: var(--rm-text-2);
  }
  .live i {
    width: 7px;
    height: 7px;
    border-radius: 50%;
    background: var(--rm-ok);
  }
  .live.waiting i {
    background: none;
    border: 1.5px solid var(--rm-warn);
  }
  .panel {
    min-width: 0;
    margin: 8px 8px 8px 0;
    border: 1px solid var(--rm-border);
    border-radius: 12px;
    background: var(--rm-surface);
    overflow: auto;
    overscroll-behavior: contain;
    scrollbar-width: thin;
    outline: none;
    position: relative;
  }
  .banner {
    display: flex;
    gap: 10px;
    align-items: center;
    padding: 10px 28px;
    font-size: var(--rm-size-13);
    line-height: 19px;
  }
  .banner p {
    flex: 1;
  }
  .banner strong {
    font-weight: 600;
  }
  .banner code {
    overflow-wrap: anywhere;
  }
  .banner.warn {
    background: var(--rm-warn-soft);
    color: var(--rm-warn-text);
  }
  .banner.bad,
  .banner[role="alert"] {
    position: sticky;
    top: 0;
    z-index: 5;
  }
  .banner.bad {
    background: var(--rm-bad-soft);
    color: var(--rm-bad-text);
    /* A short break is not worth a banner. */
    animation: appear 0s 2s both;
  }
  .banner .button.ghost {
    color: inherit;
    margin: -4px -8px -4px 0;
  }
  @keyframes appear {
    from {
      height: 0;
      padding-block: 0;
      overflow: hidden;
      visibility: hidden;
    }
  }
  .top,
  .tabs {
    display: none;
  }
  .lost {
    display: grid;
    gap: 8px;
    justify-items: center;
    max-width: 440px;
    margin: 18vh auto 0;
    padding: 36px 28px;
    text-align: center;
  }
  .lost .button {
    margin-top: 10px;
  }
  @media (min-width: 720px) and (max-width: 1100px) {
    rm-app {
      grid-template-columns: 60px minmax(0, 1fr);
    }
    .side {
      padding: 12px 8px;
    }
    .side .brand {
      justify-content: center;
      padding: 4px 0;
    }
    .side .brand span,
    .side nav a > span:not(.count),
    .who .name {
      position: absolute;
      width: 1px;
      height: 1px;
      overflow: hidden;
      clip-path: inset(50%);
    }
    .side nav a {
      justify-content: center;
      padding: 0;
    }
    .side nav .count {
      position: absolute;
      top: 1px;
      right: 2px;
    }
    .me {
      grid-template-columns: minmax(0, 1fr);
      justify-items: center;
    }
  }
  @media (max-width: 719px) {
    rm-app {
      display: flex;
      flex-direction: column;
    }
    .side {
      display: none;
    }
    .panel {
      flex: 1;
      margin: 0;
      border: 0;
      border-radius: 0;
    }
    .banner {
      padding: 10px 14px;
    }
    .top {
      display: flex;
      gap: 4px;
      align-items: center;
      flex: none;
      height: 52px;
      padding: 0 8px 0 14px;
      border-bottom: 1px solid var(--rm-border);
    }
    .top .brand {
      padding: 0;
    }
    .tabs {
      display: grid;
      grid-auto-columns: 1fr;
      grid-auto-flow: column;
      flex: none;
      padding-bottom: env(safe-area-inset-bottom);
      border-top: 1px solid var(--rm-border);
    }
    .tabs a {
      position: relative;
      display: grid;
      justify-items: center;
      gap: 3px;
      padding: 8px 0 7px;
      color: var(--rm-text-2);
      font-size: var(--rm-size-11);
      font-weight: 500;
    }
    .tabs a:focus-visible {
      outline-offset: -3px;
    }
    .tabs a[aria-current] {
      color: var(--rm-accent-text);
    }
    .tabs .count {
      position: absolute;
      top: 4px;
      left: calc(50% + 6px);
    }
  }
`;
