import { css, html, type TemplateResult } from "lit";
import "./rm-copy/rm-copy.ts";

/** For what `wholeFlags` gives. */
export const flagStyles = css`
  .flag {
    white-space: nowrap;
  }
`;

export const commandStyles = css`
  ${flagStyles}
  .command {
    display: flex;
    gap: 10px;
    align-items: center;
    padding: 8px 8px 8px 14px;
    min-height: 46px;
    background: var(--rm-sunken);
    border: 1px solid var(--rm-border);
    border-radius: var(--rm-radius-3);
    font: 500 13px/20px var(--rm-mono);
    color: var(--rm-text);
  }
  .command code {
    flex: 1;
    display: grid;
    gap: 4px;
    min-width: 0;
    font: inherit;
    overflow-wrap: anywhere;
  }
  .command .line {
    display: grid;
    grid-template-columns: 1ch minmax(0, 1fr);
    gap: 10px;
  }
  .command .prompt {
    color: var(--rm-text-3);
    user-select: none;
  }
  @media (max-width: 719px) {
    .command {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
    }
    .command rm-copy {
      justify-self: end;
    }
  }
`;

/** Lines to type at a prompt, and a button that copies them. A line that continues the one before has no prompt. */
export function command(
  prompt: string,
  lines: readonly string[],
  { continued = false } = {},
): TemplateResult {
  return html`<div class="command">
    <code tabindex="0">
      ${lines.map(
        (line, index) =>
          html`<span class="line"
            ><span class="prompt" aria-hidden="true"
              >${continued && index > 0 ? "" : prompt}</span
            ><span>${wholeFlags(line)}</span></span
          >`,
      )}
    </code>
    <rm-copy label="Copy the command" .value=${lines.join("\n")}></rm-copy>
  </div>`;
}

/** A browser breaks a line within `--server-key` too; who copies that by hand types it wrong. */
export function wholeFlags(line: string): unknown[] {
  return line
    .split(/(?<=^|\s)(--?[a-z-]+)/i)
    .map((part, index) =>
      index % 2 === 0 ? part : html`<span class="flag">${part}</span>`,
    );
}
