import { createServer, type Server as HttpServer } from "node:http";
import { freePort, type Lab } from "./lab.ts";

export interface Delivery {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Somebody else's HTTP server that takes notifications: it can be away, and it can hold back its answers. */
export interface Receiver {
  readonly url: string;
  readonly heard: readonly Delivery[];
  open(): Promise<void>;
  /** Nothing listens any more, and connections end. */
  close(): Promise<void>;
  /** From now on requests are heard but not answered, or answered again. */
  hold(isHeld: boolean): void;
}

export async function startReceiver(lab: Lab): Promise<Receiver> {
  const port = await freePort();
  const heard: Delivery[] = [];
  let isHeld = false;
  let listener: HttpServer | null = null;

  async function open(): Promise<void> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { url: path = "", headers } = request;
        heard.push({ path, headers, text: Buffer.concat(chunks).toString() });
        if (!isHeld) response.end("{}");
      });
    });
    listener = server;
    await new Promise<void>((resolve) =>
      server.listen(port, "127.0.0.1", resolve),
    );
  }

  async function close(): Promise<void> {
    const server = listener;
    if (server === null) return;
    listener = null;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  await open();
  lab.defer(close);
  return {
    url: `http://127.0.0.1:${port}`,
    heard,
    open,
    close,
    hold(next) {
      isHeld = next;
    },
  };
}
