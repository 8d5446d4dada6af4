import type {
  BootstrapBody,
  LoginBody,
  OwnSessionList,
  Session,
} from "@restic-manager/shared/api/auth.ts";
import type { Permission } from "@restic-manager/shared/domain/role.ts";
import { atom, type ReadableAtom } from "nanostores";
import { ApiError } from "./api-error.ts";
import type { Http } from "./http.ts";
import type { Loadable } from "./resource.ts";

export type User = NonNullable<Session["user"]>;

export interface SessionStore extends ReadableAtom<Loadable<Session>> {
  /** Asks the server who this is. A server that does not answer changes nothing once it has answered. */
  refresh(): Promise<void>;
  login(body: LoginBody): Promise<void>;
  bootstrap(body: BootstrapBody): Promise<void>;
  logout(): Promise<void>;
  /** Where the user is logged in, newest first. */
  list(): Promise<OwnSessionList>;
  end(sessionId: string): Promise<void>;
  /** What the API would refuse is not drawn. */
  can(permission: Permission): boolean;
}

export function createSessionStore(http: Http): SessionStore {
  const store = atom<Loadable<Session>>({ state: "loading" });
  const enter = (value: Session) => store.set({ state: "ready", value });

  async function refresh(): Promise<void> {
    try {
      enter(await http.get<Session>("/api/auth/session"));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (store.get().state !== "ready") store.set({ state: "failed", error });
    }
  }

  return Object.assign(store, {
    refresh,
    login: async (body: LoginBody) =>
      enter(await http.send<Session>("POST", "/api/auth/login", body)),
    bootstrap: async (body: BootstrapBody) =>
      enter(await http.send<Session>("POST", "/api/auth/bootstrap", body)),
    logout: () => http.send<void>("POST", "/api/auth/logout", {}),
    list: () => http.get<OwnSessionList>("/api/auth/sessions"),
    end: (id: string) =>
      http.send<void>("DELETE", `/api/auth/sessions/${id}`, {}),
    can(permission: Permission) {
      const current = store.get();
      return (
        current.state === "ready" &&
        current.value.user?.permissions.includes(permission) === true
      );
    },
  });
}
