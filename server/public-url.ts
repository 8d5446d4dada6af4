import { networkInterfaces } from "node:os";
import type { Config } from "./config.ts";

/** An address of this server that a person can open: RM_BASE_URL, or where it listens. */
export function publicUrl(
  config: Pick<Config, "baseUrl" | "listen">,
  port: number,
): string {
  if (config.baseUrl !== undefined) return config.baseUrl;
  const { hostname } = config.listen;
  const isAny = hostname === "0.0.0.0" || hostname === "::";
  const host = isAny ? firstAddress() : hostname;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Of this machine in its network; loopback when it has none. */
function firstAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap(
    (list) => list ?? [],
  );
  const own = addresses.find(
    ({ family, internal }) => family === "IPv4" && !internal,
  );
  return own?.address ?? "127.0.0.1";
}
