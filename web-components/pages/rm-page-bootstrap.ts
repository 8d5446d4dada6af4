import { html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Data } from "../data/data.ts";
import {
  type FormProblem,
  focusProblem,
  problemNotice,
} from "../elements/field.ts";
import { adoptOnDocument } from "../styles/adopt.ts";
import { form } from "../styles/form.ts";
import { doorField, doorFrame, fieldText } from "./door.ts";
import { doorStyles } from "./door.styles.ts";
import { problemOf } from "./problem.ts";

const shortestPassword = 12;

/** `/bootstrap?token=…`: makes the first administrator, once. */
@customElement("rm-page-bootstrap")
export class RmPageBootstrap extends LitElement {
  @property({ attribute: false }) accessor data!: Data;
  @property({ attribute: false }) accessor url!: URL;
  @state() accessor working = false;
  @state() accessor problem: FormProblem | null = null;
  #focusProblem = false;

  protected override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    adoptOnDocument(form, doorStyles);
  }

  override firstUpdated(): void {
    this.querySelector("input")?.focus();
  }

  override updated(): void {
    if (!this.#focusProblem) return;
    this.#focusProblem = false;
    focusProblem(this);
  }

  override render() {
    const errors = this.problem?.fields ?? {};
    return doorFrame(
      "First administrator",
      html`<p class="lead">
          This server has no users yet. The one you make here may do everything.
        </p>
        <form novalidate @submit=${(event: SubmitEvent) => this.#submit(event)}>
          ${
            this.#token === null
              ? doorField({
                  name: "token",
                  label: "Bootstrap token",
                  autocomplete: "off",
                  help: "The server printed it when it started.",
                  error: errors["token"],
                })
              : nothing
          }
          ${doorField({ name: "username", label: "User name", autocomplete: "username", error: errors["username"] })}
          ${doorField({
            name: "password",
            label: "Password",
            type: "password",
            autocomplete: "new-password",
            help: `At least ${shortestPassword} characters.`,
            error: errors["password"],
          })}
          ${doorField({
            name: "again",
            label: "Password again",
            type: "password",
            autocomplete: "new-password",
            error: errors["again"],
          })}
          ${problemNotice(this.problem === null || this.problem.message === "" ? null : { ...this.problem, code: "" })}
          <button class="button primary" ?disabled=${this.working}>
            Create administrator
          </button>
        </form>`,
    );
  }

  get #token(): string | null {
    return this.url.searchParams.get("token");
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const text = (name: string) => fieldText(event.target, name);
    const body = {
      token: this.#token ?? text("token").trim(),
      username: text("username").trim(),
      password: text("password"),
    };
    const missing: Record<string, string> = {};
    if (body.token === "") missing["token"] = "Give the token.";
    if (body.username === "") missing["username"] = "Choose a user name.";
    if (body.password.length < shortestPassword)
      missing["password"] = `Use at least ${shortestPassword} characters.`;
    else if (text("again") !== body.password)
      missing["again"] = "The passwords differ.";
    if (Object.keys(missing).length > 0) {
      this.#refuse({ message: "", code: "", fields: missing });
      return;
    }
    this.working = true;
    this.problem = null;
    try {
      await this.data.session.bootstrap(body);
    } catch (error) {
      this.#refuse(problemOf(error));
    } finally {
      this.working = false;
    }
  }

  #refuse(problem: FormProblem): void {
    this.problem = problem;
    this.#focusProblem = true;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-page-bootstrap": RmPageBootstrap;
  }
}
