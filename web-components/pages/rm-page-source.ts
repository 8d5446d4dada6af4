import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";
import { html, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import type { SourceEvent } from "../events/source.ts";
import type { Edited } from "./editor-data.ts";
import { EditorPage, type FormState } from "./editor-page.ts";
import "../elements/rm-source-form/rm-source-form.ts";

/** `/hosts/:id/sources/:group`, and `new` for a new one: what a host backs up, where to and how long it is kept. */
@customElement("rm-page-source")
export class RmPageSource extends EditorPage<SourceGroup> {
  protected override readonly words = {
    noun: "source group",
    tab: ["sources", "Sources"],
    permission: "sources.edit",
  } as const;

  protected override find({ groups }: Edited): SourceGroup | undefined {
    return groups.find(({ id }) => id === this.editedId);
  }

  protected override nameOf({ name }: SourceGroup): string {
    return name;
  }

  protected override form(
    group: SourceGroup | null,
    edited: Edited,
    { working, problem, back, newer }: FormState,
  ): TemplateResult {
    const { schedules, repositories } = edited;
    return html`<rm-source-form
      .group=${group}
      .repositories=${repositories}
      .schedules=${schedules.filter(({ group_ids }) => group_ids.includes(this.editedId))}
      .working=${working}
      .problem=${problem}
      back=${back}
      @rm-source=${(event: SourceEvent) => void this.#save(event, edited)}
      >${newer}</rm-source-form
    >`;
  }

  #save({ spec }: SourceEvent, { host }: Edited): Promise<void> {
    const { sources } = this.data;
    return this.save(`${spec.name} saved`, host, (revision) =>
      this.editedId === ""
        ? sources.create(this.hostId, spec)
        : sources.replace(this.editedId, { ...spec, revision }),
    );
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-page-source": RmPageSource;
  }
}
