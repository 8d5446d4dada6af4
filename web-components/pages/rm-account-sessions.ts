import type {
  OwnSession,
  OwnSessionList,
} from "@restic-manager/shared/api/auth.ts";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Data } from "../data/data.ts";
import { time } from "../elements/format.ts";
import { toast } from "../events/toast.ts";
import { base } from "../styles/base.ts";
import { parts } from "../styles/parts.ts";
import { toastRefusal } from "./problem.ts";

/** Where the user is logged in; any of it can be ended, except where they look from: that is logging out. */
@customElement("rm-account-sessions")
export class RmAccountSessions extends LitElement {
  static override styles = [
    base,
    parts,
    css`
      ul {
        margin: 0;
        padding: 0;
        list-style: none;
      }
      li {
        padding: 8px 0;
      }
      li + li {
        border-top: 1px solid var(--rm-border);
      }
      .about {
        flex: 1;
        min-width: 0;
      }
    `,
  ];

  @property({ attribute: false }) accessor data!: Data;
  @state() accessor list: OwnSessionList | null = null;
  @state() accessor ending: string | null = null;

  override firstUpdated(): void {
    void this.#load();
  }

  override render(): TemplateResult {
    return html`<section class="card section">
      <div class="section-head"><h2>Where you are signed in</h2></div>
      <ul>
        ${this.list?.sessions.map((session) => this.#row(session))}
      </ul>
      ${
        typeof this.list?.next_cursor === "string"
          ? html`<p class="small text-2">Older ones are not shown.</p>`
          : nothing
      }
    </section>`;
  }

  #row(session: OwnSession): TemplateResult {
    const { id, user_agent, ip, last_seen_at, current } = session;
    const name = user_agent === "" ? "Unknown browser" : user_agent;
    return html`<li class="row">
      <div class="about">
        <p class="truncate" title=${name}>${name}</p>
        <p class="small text-2 num">
          ${ip}, last seen ${time(Date.parse(last_seen_at), "dayTime")}
        </p>
      </div>
      ${
        current
          ? html`<span class="small text-2">This browser</span>`
          : html`<button
              class="button s"
              aria-label="End the session of ${ip}, ${name}"
              ?disabled=${this.ending !== null}
              @click=${() => this.#end(id)}
            >
              End
            </button>`
      }
    </li>`;
  }

  async #load(): Promise<void> {
    try {
      this.list = await this.data.session.list();
    } catch (error) {
      this.#tell(error);
    }
  }

  async #end(id: string): Promise<void> {
    this.ending = id;
    try {
      await this.data.session.end(id);
      toast("The session has ended");
    } catch (error) {
      this.#tell(error);
    } finally {
      this.ending = null;
    }
    await this.#load();
  }

  #tell(error: unknown): void {
    toastRefusal(error);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-account-sessions": RmAccountSessions;
  }
}
