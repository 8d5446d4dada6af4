import { afterEach, expect, test } from "bun:test";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { createHttp } from "./http.ts";

const http = createHttp({ csrfToken: () => null, onUnauthenticated() {} });
let hangUp = () => {};

afterEach(() => hangUp());

/** Says just these bytes to whoever asks, and hangs up. */
async function saying(answer: string): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(answer));
  }).listen(0, "127.0.0.1");
  hangUp = () => void server.close();
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function answer(status: string, type: string, body: string, cut = 0): string {
  return `HTTP/1.1 ${status}\r\ncontent-type: ${type}\r\ncontent-length: ${body.length + cut}\r\nconnection: close\r\n\r\n${body}`;
}

const page = "<!doctype html><title>Log in</title>";

test.each([
  ["a page of a proxy", "200 OK", "text/html", page],
  [
    "a page of a proxy that says it is JSON",
    "200 OK",
    "application/json",
    page,
  ],
  ["an error page of a proxy", "502 Bad Gateway", "text/html", page],
  ["an error of a proxy in JSON", "502 Bad Gateway", "application/json", "{}"],
  ["half of an error", "502 Bad Gateway", "application/json", '{"code":'],
])(
  "%s is refused as an answer that is not the server's",
  async (_, status, type, body) => {
    const address = await saying(answer(status, type, body));
    expect(
      await http.get(address).catch((error: unknown) => error),
    ).toMatchObject({
      name: "ApiError",
      code: "unexpected_answer",
      status: Number.parseInt(status, 10),
    });
  },
);

test("an answer that is cut off is told as a server that does not answer", async () => {
  const address = await saying(answer("200 OK", "application/json", "{", 9));
  const cut = { name: "ApiError", code: "unreachable" };
  for (const asked of [http.get(address), http.download(address, {})])
    expect(await asked.catch((error: unknown) => error)).toMatchObject(cut);
});

test("what the server refuses keeps its code and its request id", async () => {
  const address = await saying(
    answer(
      "404 Not Found",
      "application/json",
      '{"code":"host_not_found","message":"Gone.","request_id":"r1"}',
    ),
  );
  expect(
    await http.get(address).catch((error: unknown) => error),
  ).toMatchObject({
    status: 404,
    code: "host_not_found",
    message: "Gone.",
    requestId: "r1",
  });
});
