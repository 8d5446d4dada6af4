import type {
  HostDetail,
  HostPatch,
} from "@restic-manager/shared/api/hosts.ts";
import { html, nothing, type TemplateResult } from "lit";
import type { Data } from "../data/data.ts";
import { plural, relativeTime } from "../elements/format.ts";
import type { SnapshotActs } from "../elements/rm-snapshot-list/snapshot-acts.ts";
import { NavigateEvent } from "../events/navigate.ts";
import { toast } from "../events/toast.ts";
import type { HostData } from "./host-data.ts";
import { type HostParts, takenOver } from "./host-tab.ts";
import { rowsSkeleton } from "./placeholders.ts";
import "../elements/rm-snapshot-list/rm-snapshot-list.ts";
import "./rm-older.ts";

export interface TabParts {
  readonly host: HostDetail;
  readonly of: HostData;
  readonly data: Data;
  /** Where events are dispatched. */
  readonly page: EventTarget;
  /** The address, which holds what a tab is filtered by. */
  readonly url: URL;
  readonly now: number;
}

export function snapshotsTab(parts: TabParts): TemplateResult {
  const { of, host, now } = parts;
  const list = of.snapshots;
  if (list === null) return rowsSkeleton(6);
  if (list.snapshots.length === 0) return noSnapshots(host);
  const listed =
    list.refreshed_at === null
      ? ""
      : `, listed ${relativeTime(Date.parse(list.refreshed_at), now)}`;
  return html`<section
    class="card section"
    aria-label="Snapshots of ${host.name}"
  >
    <div class="section-head">
      <h2>${plural(list.total, "snapshot")}</h2>
      <span class="small text-3 num">newest first${listed}</span>
    </div>
    <rm-snapshot-list
      .snapshots=${list.snapshots}
      .acts=${snapshotActsOf(parts)}
      compares
    ></rm-snapshot-list>
    ${
      list.next_cursor === null
        ? nothing
        : html`<rm-older
            what="snapshots"
            .load=${() => of.snapshotsResource.more()}
          ></rm-older>`
    }
  </section>`;
}

/** What this user may do with the snapshots. */
export function snapshotActsOf({ host, data }: TabParts): SnapshotActs {
  const { session, restores } = data;
  return {
    hostId: host.id,
    browses: session.can("restore.browse"),
    restores: session.can("restore.run"),
    download: session.can("restore.download")
      ? ({ repository_id, id }) =>
          restores.downloadHref(
            { repositoryId: repository_id, snapshotId: id },
            ["/"],
            "tar",
          )
      : null,
  };
}

export function jobsTab({ host, data, url }: TabParts): TemplateResult {
  return html`<rm-job-browser
    class="block"
    .data=${data}
    .url=${url}
    .hostId=${host.id}
  ></rm-job-browser>`;
}

export function sourcesTab(parts: TabParts): TemplateResult {
  const of = hostParts(parts);
  return of === null
    ? rowsSkeleton(3)
    : html`<rm-host-sources .of=${of}></rm-host-sources>`;
}

export function schedulesTab(parts: TabParts): TemplateResult {
  const of = hostParts(parts);
  return of === null
    ? rowsSkeleton(3)
    : html`<rm-host-schedules .of=${of}></rm-host-schedules>`;
}

export function hooksTab(parts: TabParts): TemplateResult {
  const of = hostParts(parts);
  return of === null
    ? rowsSkeleton(3)
    : html`<rm-host-hooks .of=${of}></rm-host-hooks>`;
}

/** Null while not all of it is there. */
function hostParts({ host, of, data }: TabParts): HostParts | null {
  const { sources: groups, schedules, repositories } = of;
  return groups === null || schedules === null || repositories === null
    ? null
    : {
        host,
        groups,
        schedules,
        repositories,
        data,
        reload: async () => {
          await of.sourcesResource.reload();
          await of.schedulesResource.reload();
        },
      };
}

export function repositoryTab({ of, data }: TabParts): TemplateResult {
  if (of.repositories === null) return rowsSkeleton(3);
  return html`<rm-host-repositories
    class="block"
    .data=${data}
    .repositories=${of.repositories}
    .reload=${() => of.repositoriesResource.reload()}
  ></rm-host-repositories>`;
}

export function settingsTab({
  of,
  host,
  data,
  page,
}: TabParts): TemplateResult {
  const { hosts, session } = data;
  return html`<rm-host-settings
    .host=${host}
    .mayEdit=${() => session.can("hosts.edit")}
    .patch=${
      session.can("hosts.edit")
        ? async (patch: HostPatch) => {
            of.replaceHost(await hosts.patch(host.id, patch));
            toast(takenOver(`${host.name} saved`, host));
          }
        : null
    }
    .rotateKey=${
      session.can("hosts.rotate_key")
        ? async () => of.replaceHost(await hosts.rotateKey(host.id))
        : null
    }
    .removeHost=${
      session.can("hosts.remove")
        ? async (typed: string, leaveKeys: boolean) => {
            await hosts.remove(host.id, typed, leaveKeys);
            toast(`${host.name} is removed; its agent is cut off`);
            page.dispatchEvent(new NavigateEvent("/"));
          }
        : null
    }
  ></rm-host-settings>`;
}

export function noSnapshots(host: HostDetail): TemplateResult {
  return host.last_success_at === null
    ? empty("No snapshots yet", "The first backup makes the first one.")
    : empty(
        "No snapshots listed",
        "The agent lists them after every backup; the next list shows what is there.",
      );
}

function empty(heading: string, text: string): TemplateResult {
  return html`<div class="card nothing">
    <h2>${heading}</h2>
    <p>${text}</p>
  </div>`;
}
