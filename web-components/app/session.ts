import type { Data } from "../data/data.ts";
import type { User } from "../data/session.ts";
import type { Router } from "./router.ts";

const doors = ["/login", "/bootstrap"];

/** Visitors see the doors only, users never. Null when the address may be shown. */
export function redirectFor(data: Data): (url: URL) => string | null {
  return (url) => {
    const session = data.session.get();
    if (session.state !== "ready") return null;
    const atDoor = doors.includes(url.pathname);
    if (session.value.user === null) {
      return atDoor
        ? null
        : `/login?next=${encodeURIComponent(url.pathname + url.search)}`;
    }
    return atDoor ? localPath(url.searchParams.get("next")) : null;
  };
}

/** Only addresses of this dashboard: `next` may have been written by somebody else. */
function localPath(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) ? next : "/";
}

/** Starts the live connection once somebody is logged in, and leaves the page when the session ends. */
export function followSession(data: Data, router: Router): () => void {
  let user: User["id"] | null | undefined;
  return data.session.subscribe((session) => {
    if (session.state !== "ready") return;
    const next = session.value.user?.id ?? null;
    if (next === user) return;
    const ended = typeof user === "string";
    user = next;
    if (ended) {
      // A fresh document: nothing that the last user saw stays in memory.
      location.reload();
      return;
    }
    if (next !== null) data.live.start();
    void router.navigate(location.href, { replace: true });
  });
}
