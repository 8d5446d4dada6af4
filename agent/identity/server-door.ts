import type { z } from "zod";
import { truncate } from "@restic-manager/shared/redact.ts";
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
import {
  sessionAnswer,
  type SessionAnswer,
} from "@restic-manager/shared/protocol/identity.ts";
import { networkFault, ServerFault, strangeAnswer } from "./server-fault.ts";
import type { Trust } from "../platform/trust.ts";

/** The server's HTTP side, as far as an agent needs it. Every failure is a `ServerFault` with a plain sentence. */
export interface ServerDoor {
  identity(): Promise<ServerIdentity>;
  announce(document: SignedText): Promise<Announced>;
  /** Held by the server for up to 25 s. */
  wait(pendingId: string, proof: SignedText): Promise<WaitAnswer>;
  /** A fresh approval for a host the server knows. */
  session(request: SignedText): Promise<SessionAnswer>;
}

export interface ServerDoorDeps {
  /** The address to use now, with or without a path. */
  readonly server: () => string;
  /** Null trusts whom this host's system trusts. */
  readonly trust: Trust | null;
  /** Aborted to give up: a call under way then throws the reason. */
  readonly signal: AbortSignal;
}

const answerMs = 15_000;
const longPollMs = 45_000;
/** Characters; an approval takes about two thousand. */
const longestAnswer = 64 * 1024;
const longestWords = 500;
/** A server that asks for more patience than this is asked anyway. */
const longestRetryMs = 10 * 60_000;

export function createServerDoor(deps: ServerDoorDeps): ServerDoor {
  const { server, trust, signal } = deps;

  async function call<T>(
    path: string,
    schema: z.ZodType<T>,
    body: unknown,
    limitMs: number,
  ): Promise<T> {
    const url = serverUrl(server(), `api/agents/${path}`);
    const response = await fetch(url, {
      method: body === undefined ? "GET" : "POST",
      headers: body === undefined ? {} : { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // A redirect would turn the POST into a GET; the address itself is what has to be right.
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
      ...(trust === null ? {} : { tls: trust }),
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw networkFault(url, error, trust !== null);
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
    session: (request) => call("session", sessionAnswer, request, answerMs),
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
  const target = URL.parse(response.headers.get("location") ?? "", url.href);
  if (response.status >= 300 && response.status < 400 && target !== null)
    throw new ServerFault(
      "http",
      `${url.host} redirects to ${target.origin}; use that address.`,
    );
  const text = await textOf(response).catch((error: unknown) => {
    throw networkFault(url, error, false);
  });
  if (!response.ok) {
    const error = parseJson(text, apiErrorBody);
    if (error !== null)
      throw new ServerFault(
        "api",
        plainWords(error.message),
        error.code,
        retryAfter(response),
        error.refusal,
      );
    throw strangeAnswer(url, response.status, isPage(response));
  }
  const answer = parseJson(text, schema);
  if (answer !== null) return answer;
  if (isPage(response)) throw strangeAnswer(url, response.status, true);
  throw new ServerFault(
    "http",
    `${url.host} answered with HTTP ${response.status}, but not as a restic-manager server of a known version; check the address, or update the agent.`,
  );
}

/** Whoever answers here may not be the server: what it sends is bounded. */
async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > longestAnswer) return text.slice(0, longestAnswer);
  }
  return text + decoder.decode();
}

/** On one line, and nothing that a terminal would obey. */
function plainWords(text: string): string {
  return truncate(text.replaceAll(/[\s\p{C}]+/gu, " ").trim(), longestWords);
}

function isPage({ headers }: Response): boolean {
  return headers.get("content-type")?.startsWith("text/html") === true;
}

/** A date instead of seconds comes from proxies alone and is left aside. */
function retryAfter({ headers }: Response): number {
  const seconds = Number(headers.get("retry-after") ?? 0);
  return seconds > 0 ? Math.min(seconds * 1000, longestRetryMs) : 0;
}
