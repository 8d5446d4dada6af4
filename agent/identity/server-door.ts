import type { z } from "zod";
import { apiErrorBody } from "@restic-manager/shared/api/errors.ts";
import {
  parseJson,
  type SignedText,
} from "@restic-manager/shared/identity/signed.ts";
import {
  announced,
  serverIdentity,
  waitAnswer,
  type Announced,
  type ServerIdentity,
  type WaitAnswer,
} from "@restic-manager/shared/protocol/announce.ts";

/** The server's HTTP side, as far as an agent needs it. Every failure is a `ServerFault` with a plain sentence. */
export interface ServerDoor {
  identity(): Promise<ServerIdentity>;
  announce(document: SignedText): Promise<Announced>;
  /** Held by the server for up to 25 s. */
  wait(pendingId: string, proof: SignedText): Promise<WaitAnswer>;
}

export type FaultKind =
  "dns" | "refused" | "tls" | "timeout" | "network" | "http" | "api";

export class ServerFault extends Error {
  readonly kind: FaultKind;
  /** The API's error code, for kind `api`. */
  readonly code: string | null;
  /** When the server wants to be asked again. */
  readonly retryAfterMs: number;

  constructor(
    kind: FaultKind,
    message: string,
    code: string | null = null,
    retryAfterMs: number = 0,
  ) {
    super(message);
    this.name = "ServerFault";
    this.kind = kind;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

export interface ServerDoorDeps {
  /** Address of the server, with or without a path. */
  readonly server: string;
  /** PEM of a private certificate authority. */
  readonly ca: string | null;
  /** Aborted to give up: a call under way then throws the reason. */
  readonly signal: AbortSignal;
}

const answerMs = 15_000;
const longPollMs = 45_000;
/** A server that asks for more patience than this is asked anyway. */
const longestRetryMs = 10 * 60_000;

export function createServerDoor(deps: ServerDoorDeps): ServerDoor {
  const { server, ca, signal } = deps;

  async function call<T>(
    path: string,
    schema: z.ZodType<T>,
    body: unknown,
    limitMs: number,
  ): Promise<T> {
    const url = serverUrl(server, `api/agents/${path}`);
    const response = await fetch(url, {
      method: body === undefined ? "GET" : "POST",
      headers: body === undefined ? {} : { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // A redirect would turn the POST into a GET; the address itself is what has to be right.
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
      ...(ca === null ? {} : { tls: { ca } }),
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw networkFault(url, error);
    });
    return readAnswer(url, response, schema);
  }

  return {
    identity: () => call("server", serverIdentity, undefined, answerMs),
    announce: (document) => call("announce", announced, document, answerMs),
    wait: (id, proof) =>
      call(
        `announce/${id}/wait`,
        waitAnswer as z.ZodType<WaitAnswer>,
        proof,
        longPollMs,
      ),
  };
}

/** The address of something on the server, whose own address may have a path. */
export function serverUrl(server: string, path: string): URL {
  return new URL(path, server.endsWith("/") ? server : `${server}/`);
}

async function readAnswer<T>(
  url: URL,
  response: Response,
  schema: z.ZodType<T>,
): Promise<T> {
  const where = `${url.host} answered with HTTP ${response.status}`;
  const location = response.headers.get("location");
  if (response.status >= 300 && response.status < 400 && location !== null)
    throw new ServerFault(
      "http",
      `${url.host} redirects to ${new URL(location, url).origin}; use that address.`,
    );
  const text = await response.text().catch((error: unknown) => {
    throw networkFault(url, error);
  });
  if (!response.ok) {
    const error = parseJson(text, apiErrorBody);
    throw error === null
      ? new ServerFault(
          "http",
          `${where}, but not as a restic-manager server; check the address and any proxy in between.`,
        )
      : new ServerFault("api", error.message, error.code, retryAfter(response));
  }
  const answer = parseJson(text, schema);
  if (answer === null)
    throw new ServerFault(
      "http",
      `${where}, but not as a restic-manager server of a known version; check the address, or update the agent.`,
    );
  return answer;
}

/** A date instead of seconds comes from proxies alone and is left aside. */
function retryAfter({ headers }: Response): number {
  const seconds = Number(headers.get("retry-after") ?? 0);
  return seconds > 0 ? Math.min(seconds * 1000, longestRetryMs) : 0;
}

function networkFault(url: URL, error: unknown): ServerFault {
  const {
    code = "",
    message = "",
    name = "",
  } = error as { code?: string; message?: string; name?: string };
  if (name === "TimeoutError")
    return new ServerFault(
      "timeout",
      `${url.host} does not answer in time; check the address and any firewall in between.`,
    );
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return new ServerFault(
      "dns",
      `The name ${url.hostname} cannot be resolved; check the address and this host's DNS.`,
    );
  if (code === "ECONNREFUSED")
    return new ServerFault(
      "refused",
      `Nothing listens at ${url.host}; check address and port, and that the server runs.`,
    );
  if (code === "EPROTO")
    return new ServerFault(
      "tls",
      `${url.host} does not speak TLS; try http:// instead of https://.`,
    );
  if (/CERT|SIGNATURE|TLS|SSL|ISSUER/.test(code))
    return new ServerFault(
      "tls",
      `The certificate of ${url.host} is not trusted (${code}). For a private certificate authority give its PEM file with --server-ca.`,
    );
  return new ServerFault(
    "network",
    `The connection to ${url.host} failed (${code === "" ? message : code}).`,
  );
}
