import type { HostRow, PendingHost } from "@restic-manager/shared/api/hosts.ts";
import type { RepoTestResult } from "@restic-manager/shared/protocol/command.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Data } from "../data/data.ts";
import type { Loadable } from "../data/resource.ts";
import { Watch } from "../data/watch.ts";
import { dialogActions } from "../elements/dialog-actions.ts";
import { type FormProblem, problemNotice } from "../elements/field.ts";
import { plural } from "../elements/format.ts";
import { icon } from "../elements/icon.ts";
import { platform } from "../elements/platform.ts";
import { pendingNotices } from "../elements/rm-pending/pending-notices.ts";
import type { SetUpRefusal } from "../elements/rm-set-up/draft-faults.ts";
import { busy } from "../elements/status.ts";
import type { CompareEvent } from "../events/compare.ts";
import { NavigateEvent } from "../events/navigate.ts";
import type { SetUpEvent } from "../events/set-up.ts";
import { toast } from "../events/toast.ts";
import { base } from "../styles/base.ts";
import { acceptStyles } from "./rm-accept.styles.ts";
import { problemOf } from "./problem.ts";
import "../elements/rm-dialog/rm-dialog.ts";
import "../elements/rm-fingerprint/rm-fingerprint.ts";
import "../elements/rm-set-up/rm-set-up.ts";

/**
 * One dialog in two phases: the fingerprint makes a waiting machine a host, then the host's agent tests and makes its
 * repository. Opened with `pending` it starts at the first phase, with `host` at the second. Paths that the host does
 * not have are said at the end. Fires `close`.
 */
@customElement("rm-accept")
export class RmAccept extends LitElement {
  static override styles = [base, acceptStyles];

  @property({ attribute: false }) accessor data!: Data;
  @property({ attribute: false }) accessor pending: PendingHost | null = null;
  @property({ attribute: false }) accessor host: HostRow | null = null;
  @property() accessor typed = "";
  @state() accessor match: boolean | null = null;
  @state() accessor working: "" | "accept" | "test" | "save" = "";
  @state() accessor problem: FormProblem | null = null;
  @state() accessor refusal: SetUpRefusal | null = null;
  @state() accessor tested: RepoTestResult | null = null;
  /** Paths of the finished set-up that the host does not have. */
  @state() accessor missingPaths: readonly string[] = [];
  readonly #hosts = new Watch<Loadable<readonly HostRow[]>>(this);

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("data")) this.#hosts.watch(this.data.hosts.list);
  }

  override render() {
    if (this.host !== null && this.missingPaths.length > 0)
      return this.#missing(this.host);
    if (this.host !== null) return this.#setUp(this.#newest(this.host));
    return this.pending === null ? nothing : this.#compare(this.pending);
  }

  #compare(pending: PendingHost): TemplateResult {
    return html`<rm-dialog
      class="compare"
      heading="Accept ${pending.hostname}"
      @close=${() => this.#close()}
    >
      <div class="body">
        <p class="lead">
          Compare the fingerprint with the one on the terminal of
          <strong>${pending.hostname}</strong> (${platform(pending)},
          ${pending.announced_from_ip}). It is what proves that this machine,
          and no other, gets in.
        </p>
        <rm-fingerprint
          .value=${pending.fingerprint}
          .hostname=${pending.hostname}
          .typed=${this.typed}
          @rm-compare=${(event: CompareEvent) => this.#compared(event)}
        ></rm-fingerprint>
        <p class="hint">
          ${icon("terminal", 15)}<span
            >Or check it over there:
            <code
              >restic-manager-agent verify ${pending.fingerprint}</code
            ></span
          >
        </p>
        ${pendingNotices(pending)}${problemNotice(this.problem)}
      </div>
      ${dialogActions({
        label:
          this.working === "accept"
            ? "Accepting"
            : this.match === true
              ? "Accept"
              : "I have compared, accept",
        blocked: this.match === false || this.working !== "",
        onCancel: () => this.#close(),
        onConfirm: () => void this.#accept(pending),
      })}
    </rm-dialog>`;
  }

  #setUp(host: HostRow): TemplateResult {
    return html`<rm-dialog
      class="set-up"
      heading="Set up ${host.name}"
      ?locked=${this.working !== ""}
      @close=${() => this.#close()}
    >
      ${
        this.pending === null
          ? nothing
          : html`<p class="accepted">
              ${host.online ? html`<span class="ok">${icon("circle-check")}</span>` : busy()}
              ${host.online ? `${host.name} is accepted and online.` : `${host.name} is accepted and connects now.`}
            </p>`
      }
      <rm-set-up
        .host=${host}
        .working=${this.working === "accept" ? "" : this.working}
        .refusal=${this.refusal}
        .tested=${this.tested}
        @rm-set-up=${(event: SetUpEvent) => this.#send(host, event)}
      ></rm-set-up>
    </rm-dialog>`;
  }

  #missing({ id, name }: HostRow): TemplateResult {
    return html`<rm-dialog
      class="compare"
      heading="${name} is set up, but not all paths are there"
      @close=${() => this.#leave(`/hosts/${id}`)}
    >
      <div class="body">
        <div class="notice warn">
          ${icon("warning")}<span
            >Every backup of ${name} ends with issues until these paths exist or
            are no longer asked for.</span
          >
        </div>
        <ul class="missing">
          ${this.missingPaths.map((path) => html`<li>${path}</li>`)}
        </ul>
      </div>
      ${dialogActions({
        cancel: "Keep them",
        label: "Change the paths",
        onCancel: () => this.#leave(`/hosts/${id}`),
        onConfirm: () => this.#leave(`/hosts/${id}?tab=sources`),
      })}
    </rm-dialog>`;
  }

  /** The list hears when the host comes online. */
  #newest(host: HostRow): HostRow {
    const hosts = this.#hosts.value;
    return hosts?.state === "ready"
      ? (hosts.value.find((other) => other.id === host.id) ?? host)
      : host;
  }

  #compared({ typed, match }: CompareEvent): void {
    this.typed = typed;
    this.match = match;
  }

  async #accept(pending: PendingHost): Promise<void> {
    this.working = "accept";
    this.problem = null;
    try {
      this.host = await this.data.hosts.accept(pending.id, pending.fingerprint);
      await this.data.hosts.list.reload();
    } catch (error) {
      this.problem = problemOf(error);
    } finally {
      this.working = "";
    }
  }

  async #send(host: HostRow, { body, only }: SetUpEvent): Promise<void> {
    this.working = only;
    this.refusal = null;
    this.tested = null;
    try {
      if (only === "test") {
        this.tested = await this.data.repos.test(host.id, body);
        return;
      }
      const { test } = await this.data.repos.setUp(host.id, body);
      this.#done(host, test);
    } catch (error) {
      this.refusal = problemOf(error);
    } finally {
      this.working = "";
    }
  }

  #done(host: HostRow, test: RepoTestResult): void {
    const said = test.created
      ? `${host.name} is set up with a new repository`
      : `${host.name} is set up; the repository holds ${plural(test.snapshot_count, "snapshot")}`;
    toast(said);
    this.missingPaths = test.missing_includes;
    if (this.missingPaths.length === 0) this.#leave(`/hosts/${host.id}`);
  }

  #leave(href: string): void {
    this.#close();
    this.dispatchEvent(new NavigateEvent(href));
  }

  #close(): void {
    this.dispatchEvent(new Event("close"));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-accept": RmAccept;
  }
}
