import type { AlertCounts } from "@restic-manager/shared/api/alerts.ts";
import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import type { Permission } from "@restic-manager/shared/domain/role.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { createData } from "../data/data.ts";
import type { LiveFault, LiveStatus } from "../data/live.ts";
import type { Loadable } from "../data/resource.ts";
import type { User } from "../data/session.ts";
import { Watch } from "../data/watch.ts";
import { time } from "../elements/format.ts";
import { icon } from "../elements/icon.ts";
import type { IconName } from "../elements/icon-shapes.ts";
import { LogoutEvent } from "../events/logout.ts";
import type { NavigateEvent } from "../events/navigate.ts";
import { ThemeEvent } from "../events/theme.ts";
import { toastRefusal } from "../pages/problem.ts";
import { adoptOnDocument } from "../styles/adopt.ts";
import { base } from "../styles/base.ts";
import { browserClock } from "./browser-clock.ts";
import { logo } from "../elements/logo.ts";
import { createRouter, type Match } from "./router.ts";
import { shellStyles } from "./rm-app.styles.ts";
import { createRoutes, notFound } from "./routes.ts";
import { followSession, redirectFor } from "./session.ts";
import { chooseTheme, chosenTheme, isDark } from "./theme.ts";
import "../elements/rm-menu/rm-menu.ts";
import "../elements/rm-toasts/rm-toasts.ts";

interface Place {
  readonly href: string;
  readonly label: string;
  readonly icon: IconName;
  readonly isAt: (path: string) => boolean;
  /** Without it the place is not drawn. */
  readonly needs?: Permission;
}

const places: readonly Place[] = [
  {
    href: "/",
    label: "Fleet",
    icon: "home",
    isAt: (path) => path === "/" || path.startsWith("/hosts/"),
  },
  {
    href: "/jobs",
    label: "Jobs",
    icon: "activity",
    isAt: (path) => path.startsWith("/jobs"),
  },
  {
    href: "/restore",
    label: "Restore",
    icon: "history",
    isAt: (path) => path === "/restore",
    needs: "restore.browse",
  },
  {
    href: "/alerts",
    label: "Alerts",
    icon: "bell",
    isAt: (path) => path === "/alerts" || path.startsWith("/settings/"),
  },
];
const account: Place = {
  href: "/account",
  label: "Account",
  icon: "user",
  isAt: (path) => path === "/account",
};

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * The shell: navigation, the page, and what concerns the whole dashboard. It renders into the light DOM, because
 * password managers do not look into shadow roots.
 */
@customElement("rm-app")
export class RmApp extends LitElement {
  @state() accessor theme = chosenTheme();
  @state() accessor plainHttpSeen = false;
  readonly #data = createData(browserClock);
  readonly #router = createRouter({
    routes: createRoutes(this.#data, () => this.theme),
    notFound,
    redirect: redirectFor(this.#data),
  });
  readonly #match = new Watch<Match | null>(this);
  readonly #session = new Watch(this);
  readonly #live = new Watch<LiveStatus>(this);
  readonly #fault = new Watch<LiveFault | null>(this);
  readonly #hosts = new Watch<Loadable<readonly HostRow[]>>(this);
  readonly #alerts = new Watch<Loadable<AlertCounts>>(this);
  #shownPath: string | undefined;

  protected override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    adoptOnDocument(base, shellStyles);
    this.#match.watch(this.#router.current);
    this.#session.watch(this.#data.session);
    this.#live.watch(this.#data.live.status);
    this.#fault.watch(this.#data.live.fault);
    this.addEventListener("rm-navigate", (event: NavigateEvent) => {
      const { href, replace } = event;
      event.shown = this.#router.navigate(href, { replace });
    });
    document.addEventListener("rm-toast", (event) => this.#toasts?.show(event));
    this.addEventListener("rm-theme", (event: ThemeEvent) =>
      this.#choose(event),
    );
    this.addEventListener("rm-logout", () => void this.#logout());
    this.#router.start();
    followSession(this.#data, this.#router);
    void this.#data.session.refresh();
  }

  override willUpdate(): void {
    // Only a user may ask for hosts.
    if (!this.#data.session.can("view")) return;
    this.#hosts.watch(this.#data.hosts.list);
    this.#alerts.watch(this.#data.alerts.counts);
  }

  override render() {
    const session = this.#data.session.get();
    if (session.state === "failed")
      return this.#unreachable(session.error.message);
    const match = this.#match.value;
    if (session.state === "loading" || match == null) return nothing;
    const { user } = session.value;
    const shown = match.route.render(match.params, match.url);
    if (user === null)
      return html`<main class="door" id="main">
        ${this.#plainHttp()}${shown}
      </main>`;
    const path = match.url.pathname;
    return html`<a
        class="button skip"
        href="#main"
        @click=${(event: Event) => this.#skip(event)}
        >Skip to content</a
      >
      <aside class="side">
        <a class="brand" href="/">${logo(22)}<span>restic-manager</span></a>
        <nav aria-label="Main">
          <ul>
            ${this.#places.map((place) => html`<li>${this.#placeLink(place, path, 16)}</li>`)}
          </ul>
        </nav>
        ${this.#me(user)}
      </aside>
      <header class="top">
        <a class="brand" href="/">${logo(24)}<span>restic-manager</span></a>
        <span class="spring"></span>
        ${this.#themeButton(18)}
        ${
          this.#data.session.can("hosts.approve")
            ? html`<a
                class="button square ghost"
                href="/?add"
                aria-label="Add host"
                >${icon("plus", 18)}</a
              >`
            : nothing
        }
      </header>
      <main class="panel" id="main" tabindex="-1">
        ${this.#offline()}${this.#streamFault()}${this.#plainHttp()}${shown}
      </main>
      <nav class="tabs" aria-label="Main, at the bottom">
        ${[...this.#places, account].map((place) => this.#placeLink(place, path, 20))}
      </nav>
      <rm-toasts></rm-toasts>`;
  }

  override async updated(): Promise<void> {
    const path = this.#match.value?.url.pathname;
    if (path === this.#shownPath) return;
    const first = this.#shownPath === undefined;
    this.#shownPath = path;
    if (first) return;
    const page = this.querySelector("main")?.lastElementChild;
    if (!(page instanceof LitElement)) return;
    await page.updateComplete;
    this.querySelector("main")?.scrollTo(0, 0);
    page.renderRoot.querySelector("h1")?.focus();
  }

  #placeLink(place: Place, path: string, size: number): TemplateResult {
    const [count, what] = this.#countAt(place);
    return html`<a
      href=${place.href}
      aria-current=${place.isAt(path) ? "page" : nothing}
      >${icon(place.icon, size)}<span>${place.label}</span>${
        count === 0
          ? nothing
          : html`<span class="count"
              >${count}<span class="visually-hidden"> ${what}</span></span
            >`
      }</a
    >`;
  }

  #me(user: User): TemplateResult {
    const word = this.#liveWord;
    return html`<div class="me">
      <rm-menu
        label="Account"
        .items=${[
          {
            label: "Account and about",
            icon: "user" as const,
            run: () => void this.#router.navigate("/account"),
          },
          {
            label: "Log out",
            icon: "log-out" as const,
            run: () => this.dispatchEvent(new LogoutEvent()),
          },
        ]}
      >
        <span class="who">
          <span class="avatar" aria-hidden="true"
            >${user.username.slice(0, 2).toUpperCase()}</span
          >
          <span class="name">
            <span class="truncate">${user.username}</span>
            <span
              class="live ${word === "Live" ? "" : "waiting"}"
              aria-hidden="true"
              ><i></i>${word}</span
            >
          </span>
        </span>
      </rm-menu>
      ${this.#themeButton(15)}
      <span class="visually-hidden" role="status">${word}</span>
    </div>`;
  }

  get #places(): readonly Place[] {
    return places.filter(
      ({ needs }) => needs === undefined || this.#data.session.can(needs),
    );
  }

  get #liveWord(): string {
    const { state } = this.#data.live.status.get();
    if (state === "live") return "Live";
    return state === "reconnecting" ? "Reconnecting" : "Connecting";
  }

  #themeButton(size: number): TemplateResult {
    const dark = isDark(this.theme);
    const next = dark ? "light" : "dark";
    return html`<button
      class="button square s ghost"
      aria-label="Switch to ${next} theme"
      title="Switch to ${next} theme"
      @click=${() => this.dispatchEvent(new ThemeEvent(next))}
    >
      ${icon(dark ? "sun" : "moon", size)}
    </button>`;
  }

  #offline(): TemplateResult | typeof nothing {
    const status = this.#data.live.status.get();
    if (status.state !== "reconnecting") return nothing;
    return html`<div class="banner bad" role="status">
      ${icon("unlink")}
      <p>
        <strong
          >Server not reachable since ${time(status.since, "time")}.</strong
        >
        What you see is from then and is brought up to date as soon as the
        server answers. Backups go on without it.
      </p>
      <button class="button s" @click=${() => this.#data.live.retry()}>
        Retry now
      </button>
    </div>`;
  }

  #streamFault(): TemplateResult | typeof nothing {
    const fault = this.#data.live.fault.get();
    if (fault === null) return nothing;
    const { message, code, requestId } = fault;
    return html`<div class="banner warn" role="alert">
      ${icon("warning")}
      <p>
        <strong>Live updates had a fault.</strong> ${message} What you see was
        fetched again.
        <code>${code}${requestId === "" ? "" : ` · request ${requestId}`}</code>
      </p>
      ${dismiss(() => this.#data.live.forgetFault())}
    </div>`;
  }

  #plainHttp(): TemplateResult | typeof nothing {
    if (
      this.plainHttpSeen ||
      location.protocol === "https:" ||
      loopback.test(location.hostname)
    )
      return nothing;
    return html`<div class="banner warn" role="note">
      ${icon("warning")}
      <p>
        <strong>This connection is not encrypted.</strong> Anyone on the way
        between this browser and the server can read and change what passes,
        passwords included. Put a TLS proxy in front of the server outside a
        network you trust.
      </p>
      ${dismiss(() => {
        this.plainHttpSeen = true;
      })}
    </div>`;
  }

  #unreachable(message: string): TemplateResult {
    return html`<main class="door" id="main">
      <div class="card lost">
        ${logo(32)}
        <h1>The server does not answer</h1>
        <p class="text-2">${message}</p>
        <button
          class="button"
          @click=${() => void this.#data.session.refresh()}
        >
          ${icon("retry", 14)}Try again
        </button>
      </div>
    </main>`;
  }

  #countAt({ href }: Place): readonly [number, string] {
    if (href === "/jobs") return [this.#runningJobs, "running"];
    const alerts = this.#alerts.value;
    return href === "/alerts" && alerts?.state === "ready"
      ? [alerts.value.open, "open"]
      : [0, ""];
  }

  get #runningJobs(): number {
    const hosts = this.#hosts.value;
    return hosts?.state === "ready"
      ? hosts.value.filter((host) => host.running_job !== null).length
      : 0;
  }

  get #toasts() {
    return this.querySelector("rm-toasts");
  }

  #skip(event: Event): void {
    event.preventDefault();
    this.querySelector<HTMLElement>("#main")?.focus();
  }

  #choose({ theme }: ThemeEvent): void {
    chooseTheme(theme);
    this.theme = theme;
  }

  async #logout(): Promise<void> {
    try {
      await this.#data.session.logout();
    } catch (error) {
      // Whoever walks away now is still logged in.
      toastRefusal(error);
      return;
    }
    location.assign("/login");
  }
}

function dismiss(act: () => void): TemplateResult {
  return html`<button
    class="button square s ghost"
    aria-label="Dismiss"
    @click=${act}
  >
    ${icon("x", 15)}
  </button>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-app": RmApp;
  }
}
