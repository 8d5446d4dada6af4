import type {
  HostDetail,
  IdentityConflict,
} from "@restic-manager/shared/api/hosts.ts";
import { css, html, nothing, type TemplateResult } from "lit";
import { relativeTime, time } from "../elements/format.ts";
import { icon } from "../elements/icon.ts";
import { plainText } from "../elements/plain-text.ts";

export const identityConflictStyles = css`
  .conflict {
    margin-bottom: 12px;
    padding: 12px 16px 14px;
    border: 1px solid color-mix(in oklab, var(--rm-bad) 45%, var(--rm-border));
    border-radius: var(--rm-radius-3);
    background: var(--rm-bad-soft);
    font-size: var(--rm-size-13);
    line-height: 19px;
  }
  .conflict h2 {
    display: flex;
    gap: 8px;
    align-items: center;
    color: var(--rm-bad-text);
  }
  .conflict p {
    max-width: 82ch;
    margin-top: 4px;
  }
  .machines {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(240px, 100%), 1fr));
    gap: 8px;
    margin: 10px 0;
  }
  .machines li {
    padding: 8px 12px;
    border: 1px solid var(--rm-border);
    border-radius: var(--rm-radius-2);
    background: var(--rm-surface);
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .machines strong {
    font-weight: 550;
  }
  .conflict code {
    font-family: var(--rm-mono);
    overflow-wrap: anywhere;
  }
`;

/** More than one machine uses a host's key: which they are, in the order in which they came, and what to do. */
export function identityConflict(
  { identity_conflict: conflict, id, name }: HostDetail,
  now: number,
): TemplateResult | typeof nothing {
  if (conflict === null) return nothing;
  return html`<section class="conflict" role="alert">
    <h2>
      ${icon("warning")}${conflict.instances.length} machines use the key of
      ${name}
    </h2>
    <p>
      Seen ${relativeTime(Date.parse(conflict.since), now)}. It happens when a
      disk image or the agent’s folder was copied, and it is what a stolen key
      looks like. All of them go on backing up into the same place.
    </p>
    <ul class="machines">
      ${conflict.instances.map(
        ({ hostname, boot_time, last_seen_at }, index) =>
          html`<li>
            <span class="small text-2">Machine ${index + 1}</span>
            <div><strong>${plainText(hostname)}</strong></div>
            <div class="num text-2">
              started ${time(Date.parse(boot_time), "dateTime")}, last heard
              ${relativeTime(Date.parse(last_seen_at), now)}
            </div>
          </li>`,
      )}
    </ul>
    ${
      alike(conflict)
        ? html`<p>
            They name themselves alike and started at the same time: look for a
            second agent on one machine, in a container for example, or for a
            virtual machine that was cloned while it ran.
          </p>`
        : nothing
    }
    <p>
      Decide which one is ${name}. On every other, stop the agent, delete
      <code>/var/lib/restic-manager</code> and enrol it anew: it joins as a host
      of its own. Should none of them be yours,
      <a class="link" href="/hosts/${id}?tab=settings">remove this host</a>.
    </p>
  </section>`;
}

function alike({ instances }: IdentityConflict): boolean {
  const seen = instances.map((of) => `${of.boot_time} ${of.hostname}`);
  return new Set(seen).size < seen.length;
}
