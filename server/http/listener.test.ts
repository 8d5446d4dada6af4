import { afterEach, expect, test } from "bun:test";
import { createConnection } from "node:net";
import type { Route, SocketRoute } from "../ports/route.ts";
import { route } from "../ports/route.ts";
import { createTestApi, createTestWorld } from "../testing/test-api.ts";
import { startListener } from "./listener.ts";
import type { HttpListener } from "./listener.ts";

let listener: HttpListener | undefined;
afterEach(() => listener?.cut());

function start(parts: { routes?: Route[]; sockets?: SocketRoute[] }) {
  const { app } = createTestApi(createTestWorld(), parts);
  listener = startListener({ hostname: "127.0.0.1", port: 0 }, app);
  return listener;
}

function connect(port: number, path: string) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
  const received: string[] = [];
  const closed = Promise.withResolvers<number>();
  const opened = Promise.withResolvers<void>();
  socket.addEventListener("open", () => opened.resolve());
  socket.addEventListener("message", (event) => received.push(event.data));
  socket.addEventListener("close", (event) => {
    opened.reject(new Error(`closed with ${event.code}`));
    closed.resolve(event.code);
  });
  return { socket, received, opened: opened.promise, closed: closed.promise };
}

const echo: SocketRoute = {
  path: "/echo",
  access: "public",
  summary: "Says back what it hears, with the client's address",
  connect: ({ request }) => ({
    message: (socket, message) =>
      void socket.send(`${request.ip} ${String(message)}`),
  }),
};

test("a socket route talks to its client until the server stops, which it says is a restart [SSE-03]", async () => {
  const { port, stop } = start({ sockets: [echo] });
  const client = connect(port, "/echo");
  await client.opened;
  const heard = new Promise((resolve) =>
    client.socket.addEventListener("message", resolve, { once: true }),
  );
  client.socket.send("hello");
  await heard;
  expect(client.received).toEqual(["127.0.0.1 hello"]);

  await stop();
  expect(await client.closed).toBe(1012);
});

test("whoever takes the server for a proxy is refused, and nothing fails", async () => {
  const { port } = start({});
  const answered = Promise.withResolvers<string>();
  const socket = createConnection(port, "127.0.0.1", () =>
    socket.write("CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n"),
  );
  socket.on("data", (bytes) => answered.resolve(bytes.toString()));
  socket.on("close", () => answered.resolve("hung up"));
  expect(await answered.promise).toMatch(/^(HTTP\/1\.1 400 |hung up$)/);
  socket.destroy();
});

test("stopping waits for a request in flight and takes no new one [RES-08]", async () => {
  const gate = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const slow = route({
    method: "GET",
    path: "/slow",
    access: "public",
    summary: "Takes its time",
    answer: "text/plain",
    async handle() {
      entered.resolve();
      await gate.promise;
      return new Response("done");
    },
  });
  const { port, stop } = start({ routes: [slow] });
  const url = `http://127.0.0.1:${port}/slow`;
  const inFlight = fetch(url).then((response) => response.text());
  await entered.promise;
  const stopped = stop();
  await expect(fetch(url)).rejects.toThrow();
  gate.resolve();
  expect(await inFlight).toBe("done");
  await stopped;
});

test("what does not end by itself is cut [RES-08]", async () => {
  const endless = route({
    method: "GET",
    path: "/endless",
    access: "public",
    summary: "Never ends",
    answer: "text/event-stream",
    handle: () =>
      new Response(
        new ReadableStream({ start: (stream) => stream.enqueue(":\n\n") }),
      ),
  });
  const { port, cut } = start({ routes: [endless] });
  const response = await fetch(`http://127.0.0.1:${port}/endless`);
  await response.body?.getReader().read();
  await cut();
  await expect(fetch(`http://127.0.0.1:${port}/endless`)).rejects.toThrow();
});

test("a port that is taken is refused with what to change [CFG-01]", () => {
  const { port } = start({});
  const { app } = createTestApi(createTestWorld());
  expect(() => startListener({ hostname: "127.0.0.1", port }, app)).toThrow(
    `Cannot listen on 127.0.0.1:${port} (EADDRINUSE)`,
  );
});

test("an address of another machine is refused as such [CFG-01]", () => {
  const { app } = createTestApi(createTestWorld());
  expect(() => startListener({ hostname: "192.0.2.77", port: 0 }, app)).toThrow(
    "this machine has no such address. Set RM_LISTEN",
  );
});
