import type {
  GroupHooks,
  HostHooksSpec,
} from "@restic-manager/shared/api/hooks.ts";
import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";
import { html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Loadable, Resource } from "../data/resource.ts";
import { Watch } from "../data/watch.ts";
import { base } from "../styles/base.ts";
import type { HostParts } from "./host-tab.ts";
import { loadFailed, rowsSkeleton } from "./placeholders.ts";
import { placeholderStyles } from "./placeholders.styles.ts";
import "./rm-hooks-card.ts";

/** The hooks of one source group, fetched when they are looked at. */
@customElement("rm-group-hooks")
export class RmGroupHooks extends LitElement {
  static override styles = [base, placeholderStyles];

  @property({ attribute: false }) accessor of!: HostParts;
  @property({ attribute: false }) accessor group!: SourceGroup;
  readonly #hooks = new Watch<Loadable<GroupHooks>>(this);
  #resource: Resource<GroupHooks> | undefined;

  override willUpdate(): void {
    if (this.#resource !== undefined) return;
    const { host, data } = this.of;
    this.#resource = data.hooks.ofGroup(host.id, this.group.id);
    this.#hooks.watch(this.#resource);
  }

  override render() {
    const { name } = this.group;
    const loaded = this.#hooks.value;
    if (loaded?.state === "failed")
      return loadFailed(
        name,
        loaded.error,
        () => void this.#resource?.reload(),
      );
    if (loaded?.state !== "ready") return rowsSkeleton(3);
    const { hooks, inherited, unreadable } = loaded.value;
    return html`<rm-hooks-card
      heading=${name}
      note="source group"
      .host=${this.of.host}
      .shown=${{ hooks, inherited, shell: undefined, unreadable }}
      .mayEdit=${() => this.of.data.session.can("hooks.edit")}
      .save=${(spec: HostHooksSpec) => this.#save(spec)}
    ></rm-hooks-card>`;
  }

  async #save({ pre, post, timeout_s }: HostHooksSpec): Promise<void> {
    const { data, reload } = this.of;
    const saved = await data.hooks.saveGroup(this.group.id, {
      pre,
      post,
      timeout_s,
    });
    this.#resource?.replace(saved);
    // The list of source groups says whose hooks apply.
    await reload();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-group-hooks": RmGroupHooks;
  }
}
