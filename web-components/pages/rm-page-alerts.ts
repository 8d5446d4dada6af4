import type {
  AlertCounts,
  AlertList,
} from "@restic-manager/shared/api/alerts.ts";
import { alertKinds } from "@restic-manager/shared/domain/alert.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { AlertFilter, AlertsResource } from "../data/alerts.ts";
import type { Data } from "../data/data.ts";
import type { Loadable } from "../data/resource.ts";
import { Watch } from "../data/watch.ts";
import { filterSelect } from "../elements/filter-select.ts";
import { time } from "../elements/format.ts";
import type { AlertEvent } from "../events/alert.ts";
import { NavigateEvent } from "../events/navigate.ts";
import { toast } from "../events/toast.ts";
import { base } from "../styles/base.ts";
import { page } from "../styles/page.ts";
import { parts } from "../styles/parts.ts";
import { loadFailed, rowsSkeleton } from "./placeholders.ts";
import { placeholderStyles } from "./placeholders.styles.ts";
import { toastRefusal } from "./problem.ts";
import { alertsStyles } from "./rm-page-alerts.styles.ts";
import "../elements/rm-alert-list/rm-alert-list.ts";
import "./rm-older.ts";

const states = {
  "": "Not resolved",
  open: "Open",
  acknowledged: "Acknowledged",
  resolved: "Resolved",
  all: "All",
} as const;

/** `/alerts`: what people should know of, and what became of it. */
@customElement("rm-page-alerts")
export class RmPageAlerts extends LitElement {
  static override styles = [base, page, parts, placeholderStyles, alertsStyles];

  @property({ attribute: false }) accessor data!: Data;
  @property({ attribute: false }) accessor url!: URL;
  @state() accessor working: ReadonlySet<string> = new Set();
  #resource!: AlertsResource;
  #shown: string | undefined;
  readonly #alerts = new Watch<Loadable<AlertList>>(this);
  readonly #counts = new Watch<Loadable<AlertCounts>>(this);

  override willUpdate(): void {
    this.#counts.watch(this.data.alerts.counts);
    if (this.url.search === this.#shown) return;
    this.#shown = this.url.search;
    this.#resource = this.data.alerts.list(this.#filter);
    this.#alerts.watch(this.#resource);
  }

  override render() {
    const alerts = this.#alerts.value;
    if (alerts?.state === "failed")
      return loadFailed(
        "Alerts",
        alerts.error,
        () => void this.#resource.reload(),
      );
    return html`<div class="header">
        <div>
          <h1 tabindex="-1">Alerts</h1>
          <p class="text-2">${this.#headline()}</p>
        </div>
        <span class="spring"></span>
        ${
          this.data.session.can("notifications.manage")
            ? html`<a class="button" href="/settings/notifications"
                >Notification channels</a
              >`
            : nothing
        }
      </div>
      ${this.#filters()}
      ${alerts?.state === "ready" ? this.#list(alerts.value) : rowsSkeleton(6)}`;
  }

  #headline(): string {
    const counts = this.#counts.value;
    if (counts?.state !== "ready") return "Loading alerts";
    const { open, acknowledged, last_resolved_at } = counts.value;
    if (open + acknowledged > 0)
      return `${open} open, ${acknowledged} acknowledged.`;
    return last_resolved_at === null
      ? "Nothing needs attention."
      : `Nothing needs attention. The last alert ended ${time(Date.parse(last_resolved_at), "dateTime")}.`;
  }

  #filters(): TemplateResult {
    const { searchParams } = this.url;
    const state_ = searchParams.get("state") ?? "";
    return html`<div class="filters">
      <nav aria-label="Alerts by state">
        ${Object.entries(states).map(
          ([value, label]) =>
            html`<a
              href=${this.#address("state", value)}
              aria-current=${value === state_ ? "true" : nothing}
              >${label}</a
            >`,
        )}
      </nav>
      <span class="spring"></span>
      ${filterSelect(this.url, "severity", "Severity", { critical: "Critical", warning: "Warning" }, this.#choose)}
      ${filterSelect(
        this.url,
        "kind",
        "Kind",
        Object.fromEntries(
          Object.entries(alertKinds).map(([kind, { title }]) => [kind, title]),
        ),
        this.#choose,
      )}
      ${
        searchParams.has("host")
          ? html`<a href=${this.#address("host", "")}>Of every host</a>`
          : nothing
      }
      ${
        searchParams.has("repository")
          ? html`<a href=${this.#address("repository", "")}
              >Of every repository</a
            >`
          : nothing
      }
    </div>`;
  }

  readonly #choose = (name: string, value: string): void => {
    const href = this.#address(name, value);
    this.dispatchEvent(new NavigateEvent(href, { replace: true }));
  };

  #list({ alerts, next_cursor }: AlertList): TemplateResult {
    if (alerts.length === 0) return this.#empty();
    return html`<div class="card">
      <rm-alert-list
        .alerts=${alerts}
        .working=${this.working}
        ?handles=${this.data.session.can("alerts.handle")}
        @rm-alert=${(event: AlertEvent) => this.#act(event)}
      ></rm-alert-list>
      ${
        next_cursor === null
          ? nothing
          : html`<rm-older
              what="alerts"
              .load=${() => this.#resource.more()}
            ></rm-older>`
      }
    </div>`;
  }

  #empty(): TemplateResult {
    return this.url.search === ""
      ? html`<div class="card nothing">
          <h2>No open alerts</h2>
          <p>
            A backup that fails or is overdue, upkeep that fails or does not
            happen, a host that is gone and a repository that cannot be used
            appear here by themselves.
          </p>
        </div>`
      : html`<div class="card nothing">
          <h2>No alert is like this</h2>
          <p>
            <a class="link" href="/alerts">Show those that are not resolved</a>
          </p>
        </div>`;
  }

  async #act({ alert, move }: AlertEvent): Promise<void> {
    this.working = new Set([...this.working, alert.id]);
    try {
      await this.data.alerts[move](alert.id);
      const word = move === "acknowledge" ? "acknowledged" : "resolved";
      toast(`The alert is ${word}`);
    } catch (error) {
      toastRefusal(error);
    } finally {
      this.working = new Set([...this.working].filter((id) => id !== alert.id));
    }
    await this.#resource.reload();
    await this.data.alerts.counts.reload();
  }

  get #filter(): AlertFilter {
    const { searchParams } = this.url;
    const state_ = searchParams.get("state") ?? "unresolved";
    const named = {
      state: state_ === "all" ? null : state_,
      severity: searchParams.get("severity"),
      kind: searchParams.get("kind"),
      host_id: searchParams.get("host"),
      repository_id: searchParams.get("repository"),
    };
    // What an address says that the server does not know, it refuses in words.
    return Object.fromEntries(
      Object.entries(named).filter(([, value]) => value !== null),
    ) as AlertFilter;
  }

  #address(name: string, value: string): string {
    const { pathname, searchParams } = new URL(this.url);
    if (value === "") searchParams.delete(name);
    else searchParams.set(name, value);
    const search = searchParams.toString();
    return search === "" ? pathname : `${pathname}?${search}`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-page-alerts": RmPageAlerts;
  }
}
