import type { Lab } from "../e2e/rig/lab.ts";
import { waitFor } from "../e2e/rig/wait.ts";
import { type Login, signature } from "./login.ts";

/** NATS by hand through the agents' door, so that no library keeps one from asking wrongly. */
export interface RawNats {
  send(bytes: string | Uint8Array): void;
  /** Everything the broker said since the log-in. */
  said(): string;
  /** PING, and what was said up to its PONG. */
  settled(): Promise<string>;
  /** Resolves when the other side has hung up, with what it said. */
  ended(ms?: number): Promise<string>;
  isOpen(): boolean;
  close(): void;
}

/** Connects without a word. */
export async function openNats(
  lab: Lab,
  url: string,
): Promise<RawNats & { readonly nonce: string }> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/nats`);
  socket.binaryType = "arraybuffer";
  let text = "";
  let closed = false;
  socket.addEventListener("message", ({ data }) => {
    text +=
      typeof data === "string"
        ? data
        : Buffer.from(data as ArrayBuffer).toString("latin1");
  });
  socket.addEventListener("close", () => (closed = true));
  lab.defer(() => socket.close());
  const info = await waitFor("the broker speaks first", () => {
    if (closed) throw new Error(`/nats hung up: ${text}`);
    return /^INFO (\{.*?\})\s*\r\n/.exec(text);
  });
  const { nonce } = JSON.parse(info[1] ?? "{}") as { nonce: string };
  const start = info[0].length;
  const said = () => text.slice(start);

  return {
    nonce,
    said,
    send: (bytes) =>
      socket.send(typeof bytes === "string" ? Buffer.from(bytes) : bytes),
    async settled() {
      const before = said().length;
      socket.send(Buffer.from("PING\r\n"));
      await waitFor(
        "the broker answers a ping",
        () => {
          if (closed) throw new Error(`the broker hung up: ${said()}`);
          return said().slice(before).includes("PONG\r\n");
        },
        30_000,
        said,
      );
      return said().slice(before).replaceAll("PONG\r\n", "");
    },
    ended: async (ms = 5000) => {
      await waitFor("the connection is ended", () => closed, ms, said);
      return said();
    },
    isOpen: () => !closed,
    close: () => socket.close(),
  };
}

/** Connects and logs in; `says` changes what CONNECT says. */
export async function logInAtBroker(
  lab: Lab,
  url: string,
  login: Login,
  says: Readonly<Record<string, unknown>> = {},
): Promise<RawNats> {
  const nats = await openNats(lab, url);
  const hello = {
    verbose: false,
    pedantic: false,
    lang: "none",
    version: "0",
    protocol: 1,
    headers: true,
    jwt: login.jwt,
    sig: signature(nats.nonce, login),
    ...says,
  };
  nats.send(`CONNECT ${JSON.stringify(hello)}\r\n`);
  return nats;
}

export interface Message {
  readonly subject: string;
  readonly body?: string;
  readonly reply?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The bytes that publish it. */
export function publishing({
  subject,
  body = "{}",
  reply = "",
  headers,
}: Message): string {
  const to = reply === "" ? subject : `${subject} ${reply}`;
  const size = Buffer.byteLength(body);
  if (headers === undefined) return `PUB ${to} ${size}\r\n${body}\r\n`;
  const lines = Object.entries(headers).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const head = `NATS/1.0\r\n${lines.join("")}\r\n`;
  return `HPUB ${to} ${head.length} ${head.length + size}\r\n${head}${body}\r\n`;
}
