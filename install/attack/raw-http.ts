import { connect } from "node:net";

/**
 * Sends bytes to the HTTP port and gives everything that came back until the server hung up or was silent for a while.
 * `fetch` would put most wrong requests right.
 */
export function rawHttp(
  port: number,
  bytes: string | Uint8Array,
  silentMs = 400,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect({ port, host: "127.0.0.1" });
    socket.setTimeout(silentMs, () => socket.destroy());
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
    socket.on("error", (error) => {
      // Hanging up in the middle of what we send is an answer, too.
      if ((error as NodeJS.ErrnoException).code === "ECONNREFUSED")
        reject(error);
    });
    socket.on("close", () => resolve(text));
    socket.write(bytes);
  });
}

/** A request line and headers as they stand, with an empty line behind them. */
export function requestText(
  line: string,
  headers: readonly string[] = [],
  body = "",
): string {
  const all = ["Host: 127.0.0.1", "Connection: close", ...headers];
  return `${line} HTTP/1.1\r\n${all.join("\r\n")}\r\n\r\n${body}`;
}

/** Status codes of the answers in a text. */
export function statuses(text: string): number[] {
  return [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, code]) =>
    Number(code),
  );
}
