import type { TemplateResult } from "lit";
import { atom, type ReadableAtom } from "nanostores";
import { LeaveEvent } from "../events/leave.ts";

/** Path parameters of the matched pattern, for example `id` of `/hosts/:id`. */
export type Params = Readonly<Record<string, string | undefined>>;

export interface Route {
  /** URLPattern path. */
  readonly path: string;
  /** Document title until the page knows better. */
  readonly title: string;
  /** Loads the page's chunk. */
  readonly load: () => Promise<unknown>;
  readonly render: (params: Params, url: URL) => TemplateResult;
}

export interface Match {
  readonly route: Route;
  readonly params: Params;
  readonly url: URL;
}

export interface Router {
  readonly current: ReadableAtom<Match | null>;
  /** Follows links and the history from now on. */
  start(): void;
  navigate(href: string, options?: { replace?: boolean }): Promise<void>;
}

export interface RouterDeps {
  readonly routes: readonly Route[];
  readonly notFound: Route;
  /** Another address to show instead of the asked one, or null to show it. */
  readonly redirect: (url: URL) => string | null;
}

/** What a page shows depends on; the rest of an address only scrolls. */
const placeOf = ({ pathname, search }: URL): string => pathname + search;

export function createRouter({
  routes,
  notFound,
  redirect,
}: RouterDeps): Router {
  const current = atom<Match | null>(null);
  const patterns = routes.map((route) => ({
    route,
    pattern: new URLPattern({ pathname: route.path }),
  }));

  function match(url: URL): Match {
    for (const { route, pattern } of patterns) {
      const found = pattern.exec({ pathname: url.pathname });
      if (found !== null) return { route, params: found.pathname.groups, url };
    }
    return { route: notFound, params: {}, url };
  }

  async function show(url: URL): Promise<void> {
    const found = match(url);
    // At once where the page is on show already: two quick changes of its address must build on each other.
    if (current.get()?.route !== found.route) {
      await load(found);
      if (location.href !== url.href) return;
      document.title = `${found.route.title} · restic-manager`;
    }
    current.set(found);
  }

  /** After an update of the server the chunks of an open page are gone; a fresh document knows the new ones. */
  async function load({ route, url }: Match): Promise<void> {
    try {
      await route.load();
    } catch (error) {
      if (current.get() === null) throw error;
      location.assign(url);
    }
  }

  async function navigate(
    href: string,
    { replace = false } = {},
  ): Promise<void> {
    const asked = new URL(href, location.href);
    const url = new URL(redirect(asked) ?? asked.href, location.href);
    const shown = current.get()?.url;
    if (
      shown !== undefined &&
      placeOf(shown) !== placeOf(url) &&
      !dispatchEvent(new LeaveEvent(url.href))
    ) {
      // After a step through the history the address is the other page's already.
      if (location.href !== shown.href) history.pushState(null, "", shown);
      return;
    }
    if (replace || url.href === location.href)
      history.replaceState(null, "", url);
    else history.pushState(null, "", url);
    await show(url);
  }

  function followLink(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
      return;
    const link = event
      .composedPath()
      .find((node) => node instanceof HTMLAnchorElement);
    if (
      link === undefined ||
      link.target !== "" ||
      link.hasAttribute("download")
    )
      return;
    if (link.origin !== location.origin || link.pathname.startsWith("/api/"))
      return;
    event.preventDefault();
    void navigate(link.href);
  }

  return {
    current,
    navigate,
    start() {
      addEventListener(
        "popstate",
        () => void navigate(location.href, { replace: true }),
      );
      document.addEventListener("click", followLink);
    },
  };
}
