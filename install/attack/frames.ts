import { type Attack, type Front, must } from "./attack.ts";
import { publishing, openNats, type RawNats } from "./raw-nats.ts";

/** Sends bytes after the log-in, or before it; the broker must hang up and say why. */
function hungUp(
  tries: string,
  said: RegExp,
  isIn: boolean,
  bytes: (hostId: string) => string | Uint8Array,
): Attack {
  return {
    tries,
    refused: "hung up",
    async run(field) {
      const { lab, server, thief } = field;
      const nats: RawNats = isIn
        ? await field.atBroker()
        : await openNats(lab, server.url);
      nats.send(bytes(thief.host.id));
      const text = await nats.ended();
      must(said.test(text), `the broker says ${said}`, text);
    },
  };
}

const megabyte = 1024 * 1024;

export const framesFront: Front = {
  title: "With wrong bytes through the agents' door",
  attacks: [
    hungUp(
      "speak no NATS",
      /Unknown Protocol Operation/,
      true,
      () => "\u0000\u0001GARBAGE\u001B[2J\r\n",
    ),
    hungUp(
      "speak HTTP",
      /^(-ERR|$)/,
      false,
      () => "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ),
    hungUp(
      "a log-in of 2 MB",
      /maximum control line exceeded/i,
      false,
      () => `CONNECT {"name":"${"x".repeat(2 * megabyte - 64)}"}\r\n`,
    ),
    hungUp(
      "a log-in that is no JSON",
      /^-ERR|^$/,
      false,
      () => `CONNECT ${"[".repeat(2000)}\r\nPING\r\n`,
    ),
    hungUp(
      "a subject of 100 KB",
      /maximum control line exceeded/i,
      true,
      () => `PUB ${"x".repeat(100_000)} 0\r\n\r\n`,
    ),
    hungUp(
      "a message larger than an agent may send",
      /Maximum Payload Violation/,
      true,
      (id) =>
        publishing({ subject: `rm.v1.${id}.hb`, body: "x".repeat(600 * 1024) }),
    ),
    hungUp(
      "announce a message of 2 GB",
      /^-ERR|^$/,
      true,
      (id) => `PUB rm.v1.${id}.hb 2147483648\r\n`,
    ),
    hungUp(
      "announce a message of negative length",
      /^-ERR|Parser Error|^$/i,
      true,
      (id) => `PUB rm.v1.${id}.hb -1\r\n\r\n`,
    ),
    hungUp(
      "headers longer than their message",
      /^-ERR|^$/,
      true,
      (id) => `HPUB rm.v1.${id}.hb 400 2\r\n\r\n\r\n`,
    ),
    hungUp(
      "a frame larger than the door takes",
      /^$/,
      true,
      () => new Uint8Array(3 * megabyte),
    ),
    hungUp(
      "be a route of a cluster",
      /^-ERR/,
      true,
      () => "RS+ $G rm.v1.> \r\n",
    ),
    {
      tries: "text frames",
      refused: "hung up",
      async run({ lab, server }) {
        const socket = new WebSocket(
          `${server.url.replace("http", "ws")}/nats`,
        );
        lab.defer(() => socket.close());
        const closed = new Promise<number>((resolve) =>
          socket.addEventListener("close", ({ code }) => resolve(code)),
        );
        socket.addEventListener("open", () => socket.send("PING\r\n"));
        const code = await closed;
        must(code === 1003, "the door takes binary frames only", code);
      },
    },
    {
      tries: "subscribe without end",
      refused: "refused after 64 subscriptions",
      async run(field) {
        const nats = await field.atBroker();
        const { id } = field.thief.host;
        for (let sid = 0; sid < 200; sid += 1)
          nats.send(`SUB rm.v1.${id}.cmd.x${sid} ${sid}\r\n`);
        const said = await nats.settled().catch(() => nats.said());
        must(
          /maximum subscriptions exceeded/i.test(said),
          "the broker refuses",
          said,
        );
        nats.close();
      },
    },
    {
      tries: "open the door and say nothing",
      refused: "hung up after 20 seconds",
      async run({ lab, server }) {
        const nats = await openNats(lab, server.url);
        const said = await nats.ended(25_000);
        must(
          /Authentication Timeout/.test(said),
          "the broker is not patient",
          said,
        );
      },
    },
  ],
};
