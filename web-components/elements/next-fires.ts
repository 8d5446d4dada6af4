import { css, html, type TemplateResult } from "lit";
import { relativeTime, timeIn } from "./format.ts";
import { plainText } from "./plain-text.ts";

export const nextFiresStyles = css`
  .fires-head {
    padding-bottom: 6px;
    border-bottom: 1px solid var(--rm-border);
    font-size: var(--rm-size-12);
    font-weight: 500;
    color: var(--rm-text-2);
  }
  .fires li {
    display: grid;
    grid-template-columns: 100px 1fr auto;
    gap: 12px;
    padding: 7px 0;
    font-size: var(--rm-size-13);
  }
  .fires li + li {
    border-top: 1px solid var(--rm-border);
  }
  .fires li:last-child {
    padding-bottom: 0;
  }
`;

/** When a schedule fires next, in the host's own time. */
export function nextFires(
  tz: string,
  next: readonly string[],
  now: number,
): TemplateResult {
  return html`<h3 class="fires-head">
      Next runs, host time (${plainText(tz)})
    </h3>
    <ol class="fires num">
      ${next.map((text) => {
        const at = Date.parse(text);
        return html`<li>
          <span>${timeIn(tz, at, "day")}</span
          ><span>${timeIn(tz, at, "time")}</span>
          <span class="text-2">${relativeTime(at, now)}</span>
        </li>`;
      })}
    </ol>`;
}
