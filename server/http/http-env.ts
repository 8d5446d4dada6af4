import type { Actor, RequestInfo } from "../ports/route.ts";
import type { SocketHandler } from "../ports/socket.ts";

/** What the listener knows about one request. */
export interface Listener {
  /** Address of the other end of the connection. */
  readonly peer: string;
  /** Turns the request into a WebSocket; false when it is not such a request. */
  upgrade(request: Request, handler: SocketHandler): boolean;
}

/** What Hono carries from one step to the next. */
export interface HttpEnv {
  Bindings: Listener;
  Variables: {
    request: RequestInfo;
    actor?: Actor | null;
    /** Path pattern of the route that answers. */
    route?: string;
    /** Error code of the answer. */
    code?: string;
    upgraded?: boolean;
  };
}
