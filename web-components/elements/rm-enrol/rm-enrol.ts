import type { EnrolmentInfo } from "@restic-manager/shared/api/hosts.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base } from "../../styles/base.ts";
import { command, commandStyles } from "../command.ts";
import { icon } from "../icon.ts";
import { busy } from "../status.ts";
import { enrolStyles } from "./rm-enrol.styles.ts";

const systems = { linux: "Linux", windows: "Windows" } as const;
type System = keyof typeof systems;

const steps = [
  [
    "Run the command",
    "It starts the agent, which prints a fingerprint and waits.",
  ],
  [
    "Compare",
    "The same fingerprint appears here. If it differs, reject the host.",
  ],
  [
    "Accept",
    "You choose what to back up and where; the agent tests it before anything is saved.",
  ],
] as const;

/** The command that brings a host here, and what happens then. */
@customElement("rm-enrol")
export class RmEnrol extends LitElement {
  static override styles = [base, commandStyles, enrolStyles];

  @property({ attribute: false }) accessor info: EnrolmentInfo | undefined;
  /** Name of a host that has just announced itself. */
  @property() accessor announced = "";
  @state() accessor system: System = "linux";

  override render() {
    return html`<div class="systems" role="group" aria-label="Operating system">
        ${Object.entries(systems).map(
          ([id, name]) =>
            html`<button
              class="button s ghost"
              aria-pressed=${id === this.system ? "true" : "false"}
              @click=${() => {
                this.system = id as System;
              }}
            >
              ${name}
            </button>`,
        )}
      </div>
      ${this.info === undefined ? this.#skeleton() : this.#commands(this.info)}
      ${this.info === undefined ? nothing : this.#caution(this.info)}
      <ol class="steps">
        ${steps.map(
          ([heading, text], index) =>
            html`<li class=${index === this.#step ? "current" : nothing}>
              <h2>${index + 1}. ${heading}</h2>
              <p>${text}</p>
            </li>`,
        )}
      </ol>
      <p class="wait" role="status">
        ${
          this.announced === ""
            ? html`${busy()}Listening for announcements`
            : html`<span class="ok">${icon("circle-check")}</span
                >${this.announced} has announced itself`
        }
      </p>`;
  }

  get #step(): number {
    return this.announced === "" ? 0 : 1;
  }

  #commands({ url, server_key }: EnrolmentInfo): TemplateResult {
    const enrol = `enrol ${url} --server-key ${server_key}`;
    if (this.system === "windows") {
      return html`<div class="commands">
        <p>
          Download ${this.#agentLink("windows", "x64", "the agent")} and run it
          beside the file, in a terminal of an administrator.
        </p>
        ${command(">", [`.\\restic-manager-agent.exe ${enrol}`])}
      </div>`;
    }
    return html`<div class="commands">
      <p>
        With the agent on the machine (${this.#agentLink("linux", "x64")},
        ${this.#agentLink("linux", "arm64")}), in a terminal of root:
      </p>
      ${command("#", [`restic-manager-agent ${enrol}`])}
      <p>
        Or download the installer, read it, and run it. It makes the agent a
        service:
      </p>
      ${command("$", [
        `curl -fsSO ${url}/install/install.sh`,
        `sudo bash install.sh --server ${url} --server-key ${server_key}`,
      ])}
    </div>`;
  }

  #caution({
    url,
    plain_http,
  }: EnrolmentInfo): TemplateResult | typeof nothing {
    if (isLoopback(url))
      return html`<p class="caution">
        ${icon("warning", 14)}<span
          >You opened this page as <code>${new URL(url).host}</code>, which is
          only this machine. For another one, open it by a name or address that
          the other machine reaches, or set <code>RM_BASE_URL</code>.</span
        >
      </p>`;
    if (!plain_http) return nothing;
    return html`<p class="caution">
      ${icon("warning", 14)}<span
        >This is plain HTTP. The agent knows the server by its key and is safe,
        but whoever is in between can change what you download and read what
        this page shows. Put HTTPS in front of the server.</span
      >
    </p>`;
  }

  #agentLink(os: string, arch: string, text = arch): TemplateResult {
    const href = `/agent/binary?os=${os}&arch=${arch}`;
    return html`<a class="link" href=${href} download>${text}</a>`;
  }

  #skeleton(): TemplateResult {
    return html`<div class="commands" aria-hidden="true">
      <div class="skeleton text"></div>
      <div class="skeleton command-shape"></div>
      <div class="skeleton command-shape"></div>
    </div>`;
  }
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-enrol": RmEnrol;
  }
}
