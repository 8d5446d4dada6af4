import type { Session } from "@restic-manager/shared/api/auth.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Data } from "../data/data.ts";
import type { Loadable } from "../data/resource.ts";
import { Watch } from "../data/watch.ts";
import { type FormProblem, problemNotice } from "../elements/field.ts";
import { adoptOnDocument } from "../styles/adopt.ts";
import { form } from "../styles/form.ts";
import { doorField, doorFrame, fieldText } from "./door.ts";
import { doorStyles } from "./door.styles.ts";
import { problemOf } from "./problem.ts";

/** `/login`. In the light DOM, where password managers look. */
@customElement("rm-page-login")
export class RmPageLogin extends LitElement {
  @property({ attribute: false }) accessor data!: Data;
  @property({ attribute: false }) accessor url!: URL;
  @state() accessor working = false;
  @state() accessor problem: FormProblem | null = null;
  readonly #session = new Watch<Loadable<Session>>(this);

  protected override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    adoptOnDocument(form, doorStyles);
  }

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("data")) this.#session.watch(this.data.session);
  }

  override firstUpdated(): void {
    this.querySelector("input")?.focus();
  }

  override render() {
    return doorFrame(
      "Log in",
      html`${this.#noAdministrator()}
        <form novalidate @submit=${(event: SubmitEvent) => this.#submit(event)}>
          ${doorField({ name: "username", label: "User name", autocomplete: "username" })}
          ${doorField({ name: "password", label: "Password", type: "password", autocomplete: "current-password" })}
          ${problemNotice(this.problem === null ? null : { ...this.problem, code: "" })}
          <button class="button primary" ?disabled=${this.working}>
            Log in
          </button>
        </form>`,
    );
  }

  #noAdministrator(): TemplateResult | typeof nothing {
    const session = this.#session.value;
    if (session?.state !== "ready" || !session.value.bootstrap_required)
      return nothing;
    return html`<p class="notice run">
      No user exists yet. Open the bootstrap address that the server printed
      when it started; it makes the first administrator.
    </p>`;
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const username = fieldText(event.target, "username");
    const password = fieldText(event.target, "password");
    if (username.trim() === "" || password === "") {
      this.#refuse({
        message: "Give your user name and password.",
        code: "",
        fields: {},
      });
      return;
    }
    this.working = true;
    this.problem = null;
    try {
      await this.data.session.login({ username, password });
    } catch (error) {
      this.#refuse(problemOf(error));
    } finally {
      this.working = false;
    }
  }

  #refuse(problem: FormProblem): void {
    this.problem = problem;
    this.querySelector<HTMLInputElement>('[name="password"]')?.focus();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-page-login": RmPageLogin;
  }
}
