import type { HostHooks } from "@restic-manager/shared/api/hooks.ts";
import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";
import { html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Loadable, Resource } from "../data/resource.ts";
import { Watch } from "../data/watch.ts";
import { icon } from "../elements/icon.ts";
import { base } from "../styles/base.ts";
import { hostListStyles } from "./host-list.styles.ts";
import type { HostParts } from "./host-tab.ts";
import { loadFailed, rowsSkeleton } from "./placeholders.ts";
import { placeholderStyles } from "./placeholders.styles.ts";
import "./rm-group-hooks.ts";
import "./rm-hooks-card.ts";

/** What runs around the backups of a host: its defaults, and what each source group has instead. */
@customElement("rm-host-hooks")
export class RmHostHooks extends LitElement {
  static override styles = [base, placeholderStyles, hostListStyles];

  @property({ attribute: false }) accessor of!: HostParts;
  readonly #hooks = new Watch<Loadable<HostHooks>>(this);
  #resource: Resource<HostHooks> | undefined;
  #hostId = "";

  override willUpdate(): void {
    const { host, data } = this.of;
    if (host.id === this.#hostId) return;
    this.#hostId = host.id;
    this.#resource = data.hooks.ofHost(host.id);
    this.#hooks.watch(this.#resource);
  }

  override render() {
    const { host } = this.of;
    return html`<div class="notice warn">
        ${icon("warning")}<span
          >Hooks run on ${host.name} with the rights of its agent, which is
          ${host.os === "windows" ? "SYSTEM" : "root"} as a rule. Whoever may
          edit them may do anything there; each change is in the audit
          log.</span
        >
      </div>
      ${this.#defaults()}
      ${repeat(
        this.of.groups,
        ({ id }) => id,
        (group) => this.#group(group),
      )}`;
  }

  #defaults(): TemplateResult {
    const hooks = this.#hooks.value;
    if (hooks?.state === "failed")
      return loadFailed(
        "Hooks",
        hooks.error,
        () => void this.#resource?.reload(),
      );
    if (hooks?.state !== "ready") return rowsSkeleton(3);
    const { host, data } = this.of;
    const { shell, ...spec } = hooks.value.hooks;
    return html`<rm-hooks-card
      heading="Defaults of ${host.name}"
      note="for source groups without their own"
      .host=${host}
      .shown=${{ hooks: spec, inherited: null, shell, unreadable: hooks.value.unreadable }}
      .mayEdit=${() => data.session.can("hooks.edit")}
      .save=${async (saved: HostHooks["hooks"]) => {
        this.#resource?.replace(await data.hooks.saveHost(host.id, saved));
      }}
    ></rm-hooks-card>`;
  }

  #group(group: SourceGroup): TemplateResult {
    return html`<rm-group-hooks
      .of=${this.of}
      .group=${group}
    ></rm-group-hooks>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-host-hooks": RmHostHooks;
  }
}
