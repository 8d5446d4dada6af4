interface Heard {
  readonly path: string;
  readonly headers: Headers;
  readonly text: string;
}

export type Receiver = ReturnType<typeof createTestReceiver>;

/** Somebody else's HTTP server: keeps what it hears and answers 200 until told otherwise. */
export function createTestReceiver(port = 0) {
  const heard: Heard[] = [];
  let answer: () => Response | Promise<Response> = () => new Response("ok");
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const { method, headers } = request;
      const text = await request.text();
      if (method === "POST") heard.push({ path: pathname, headers, text });
      return answer();
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    port: server.port ?? 0,
    heard,
    /** The bodies, for receivers of JSON. */
    // oxlint-disable-next-line typescript/no-explicit-any -- bodies are looked into, field by field
    bodies: (): any[] => heard.map(({ text }) => JSON.parse(text)),
    answer(with_: typeof answer) {
      answer = with_;
    },
    stop: () => void server.stop(true),
  };
}
