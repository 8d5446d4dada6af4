import { BlockList, isIP } from "node:net";
import type { Cidr } from "../config-values.ts";

/** Who the client is and how it reached us. */
export interface ClientAddress {
  readonly ip: string;
  /** Scheme and host, as the client sees them. */
  readonly origin: string;
  readonly isSecure: boolean;
}

/**
 * Resolves the client of a request. `X-Forwarded-*` is believed only from a trusted peer, and then the client is the
 * right-most forwarded address that is not itself trusted: everything left of it the client could have written.
 */
export type ResolveClient = (
  peer: string,
  url: string,
  headers: Headers,
) => ClientAddress;

export function createResolveClient(trusted: readonly Cidr[]): ResolveClient {
  const list = new BlockList();
  for (const { address, length, family } of trusted) {
    list.addSubnet(address, length, family);
  }
  const isTrusted = (ip: string) =>
    list.check(ip, isIP(ip) === 6 ? "ipv6" : "ipv4");

  return (peer, url, headers) => {
    const own = new URL(url);
    const direct = plainIp(peer);
    if (!isTrusted(direct)) return client(direct, "http", own.host);
    const hops = forwardedList(headers, "x-forwarded-for").map(plainIp);
    const ip =
      hops.findLast((hop) => isIP(hop) !== 0 && !isTrusted(hop)) ?? direct;
    const scheme = forwardedList(headers, "x-forwarded-proto").at(-1);
    const host = forwardedList(headers, "x-forwarded-host").at(-1);
    return client(ip, scheme === "https" ? "https" : "http", host ?? own.host);
  };
}

function client(ip: string, scheme: string, host: string): ClientAddress {
  return { ip, origin: `${scheme}://${host}`, isSecure: scheme === "https" };
}

function forwardedList(headers: Headers, name: string): string[] {
  const value = headers.get(name) ?? "";
  return value
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** Without port, brackets and the IPv6 spelling of an IPv4 address, so that one client has one name. */
function plainIp(text: string): string {
  const bare = text
    .replace(/^\[([^\]]*)\](:\d+)?$/, "$1")
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1");
  return bare.replace(/^::ffff:(\d+\.\d+\.\d+\.\d+)$/i, "$1");
}
