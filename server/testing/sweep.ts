import type { Route, SocketRoute } from "../ports/route.ts";
import type { TestApi } from "./test-api.ts";

export const named = ({ method, path }: Pick<Route, "method" | "path">) =>
  `${method} ${path}`;

/** Every door of an API, sockets too, by name, with who may use it. */
export function doors(api: Pick<TestApi, "routes" | "sockets">) {
  return [
    ...api.routes.map((route) => ({ name: named(route), ...route })),
    ...api.sockets.map((socket) => ({
      name: `WebSocket ${socket.path}`,
      ...socket,
    })),
  ];
}

/** An address of a route, of things that are not there. */
export const addressOf = ({ path }: Pick<Route, "path">) =>
  path.replaceAll(/:\w+/g, "01ARZ3NDEKTSV4RRFFQ69G5FAV");

/** The status with which a door answers a request that means nothing. */
export async function knock(
  api: TestApi,
  door: Route | SocketRoute,
  headers: Record<string, string> = {},
): Promise<number> {
  const path = addressOf(door);
  const response = await (!("method" in door)
    ? api.request(path, { headers: { ...headers, Upgrade: "websocket" } })
    : door.method === "GET"
      ? api.request(path, { headers })
      : api.send(door.method, path, {}, headers));
  await response.body?.cancel();
  return response.status;
}
