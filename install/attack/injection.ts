import { connect } from "node:net";
import { createAnnouncer } from "../e2e/rig/announcer.ts";
import { anonymous, call } from "../e2e/rig/api.ts";
import { pendingOf } from "../e2e/rig/agent.ts";
import { type Attack, type Front, must } from "./attack.ts";
import { rawHttp, requestText, statuses } from "./raw-http.ts";

const nasty = "x\r\nSet-Cookie: rm_session=planted\r\n\u001B[2J\u0007\u202E";

/** Sends bytes; what comes back must be one refusal at most. */
function bytes(
  tries: string,
  refused: string,
  send: (port: number) => string,
  isRight: (seen: number[], text: string) => boolean,
): Attack {
  return {
    tries,
    refused,
    async run({ server }) {
      const text = await rawHttp(server.port, send(server.port));
      must(isRight(statuses(text), text), refused, text);
    },
  };
}

/** A second request inside the body of the first: whoever believes both lengths answers it. */
const hidden = "GET /api/version HTTP/1.1\r\nHost: x\r\n\r\n";
const smuggled = (headers: readonly string[], body: string): string =>
  `POST /api/auth/logout HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers.join("\r\n")}\r\n\r\n${body}`;
const isRefused = (seen: number[]): boolean =>
  seen.every((status) => status >= 400 && status < 500);
const atMostOne = (seen: number[], text: string): boolean =>
  seen.filter((status) => status < 400).length === 0 &&
  !text.includes("server_key");

export const injectionFront: Front = {
  title: "With texts that could mean something else further on",
  attacks: [
    {
      tries: "a host name with line breaks and control characters",
      refused: "400: no host can have it",
      async run({ server }) {
        const stranger = await createAnnouncer(server.url, "stranger");
        const answer = await stranger.announce({ hostname: nasty });
        must(answer.status === 400, "it is refused", answer);
      },
    },
    {
      tries: "a user name, an agent or an address with line breaks in the log",
      refused: "each stays one line of JSON without control characters",
      async run({ server }) {
        await call(
          server.url,
          "POST",
          "/api/auth/login",
          { username: nasty, password: nasty },
          {
            "user-agent": "x\u001B[31mred",
          },
        );
        await rawHttp(
          server.port,
          requestText("GET /api/hosts/%0d%0a%1b[2J%00", [
            "User-Agent: \u001B]0;owned\u0007",
            "X-Request-Id: a\u001B[31m",
          ]),
        );
        for (const line of server.program().stdout().split("\n")) {
          if (line === "") continue;
          JSON.parse(line);
          must(
            !/[\p{Cc}\u202E]/u.test(line),
            "the log holds no control character",
            line,
          );
        }
      },
    },
    {
      tries: "line breaks in parameters of downloads",
      refused: "no header is added",
      async run({ server }) {
        for (const path of [
          "/agent/binary?os=linux%0d%0aSet-Cookie:%20planted=1&arch=x64",
          "/install/x%0d%0aSet-Cookie:%20planted=1",
          "/%0d%0aSet-Cookie:%20planted=1",
          "/\\evil.example/%2f..",
          "//evil.example/",
        ]) {
          const text = await rawHttp(server.port, requestText(`GET ${path}`));
          const [head = ""] = text.split("\r\n\r\n");
          must(
            !/^(set-cookie|location):/im.test(head) &&
              statuses(text).every((s) => s < 500),
            `${path} adds nothing`,
            head,
          );
        }
      },
    },
    {
      tries: "another Host header, or an absolute address",
      refused: "no answer repeats it",
      async run({ server }) {
        for (const [line, host] of [
          ["GET /api/enrolment", "evil.example"],
          ["GET http://evil.example/api/enrolment", "evil.example"],
          ["GET /", "evil.example"],
          ["GET /", "evil.example\u0000x"],
        ]) {
          const text = await rawHttp(
            server.port,
            requestText(line ?? "", [`Host: ${host}`]).replace(
              "Host: 127.0.0.1\r\n",
              "",
            ),
          );
          must(!text.includes("evil.example"), "it is not repeated", text);
        }
      },
    },
    {
      tries: "`X-Forwarded-*` without being a trusted proxy",
      refused: "not believed: address, scheme and rate limits are the peer's",
      async run({ server, api }) {
        const stranger = await createAnnouncer(
          server.url,
          "<img/src=x/onerror=alert(1)>",
        );
        const { body } = await stranger.announce(
          {},
          {
            "x-forwarded-for": "203.0.113.9",
            "x-forwarded-proto": "https",
            "x-forwarded-host": "evil.example",
            forwarded: "for=203.0.113.9",
            "x-real-ip": "203.0.113.9",
          },
        );
        await stranger
          .wait(body.pending_id, body.nonce, AbortSignal.timeout(300))
          .catch(() => {});
        const row = await pendingOf(api, stranger.fingerprint);
        must(
          row.announced_from_ip === "127.0.0.1",
          "the address is the peer's",
          row,
        );
        await api.post(`/api/pending/${row.id}/reject`);
      },
    },
    {
      tries: "SQL, operators and other types where a text belongs",
      refused: "401 or 400, and never a fault",
      async run({ server }) {
        const nobody = anonymous(server.url);
        for (const username of [
          "admin' --",
          '" OR 1=1 --',
          { $ne: null },
          ["admin"],
          null,
          1e308,
          "admin\u0000",
          "__proto__",
        ]) {
          const { status } = await nobody.ask("POST", "/api/auth/login", {
            username,
            password: "x",
          });
          must([400, 401].includes(status), "it is refused", [
            username,
            status,
          ]);
        }
      },
    },
    {
      tries: "a body larger than stated, than allowed, or 100,000 levels deep",
      refused: "413 or 400",
      async run({ server }) {
        for (const body of [
          "x".repeat(3 * 1024 * 1024),
          `{"a":${"[".repeat(30_000)}`,
        ]) {
          const { status } = await fetch(`${server.url}/api/auth/login`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body,
          });
          must([400, 413].includes(status), "it is refused", status);
        }
      },
    },
    {
      tries: "300 requests that begin and never end",
      refused: "others are answered meanwhile",
      async run({ server }) {
        const begun = Array.from({ length: 300 }, () => {
          const socket = connect(server.port, "127.0.0.1", () =>
            socket.write("POST /api/auth/login HTTP/1.1\r\nHost: x\r\nX-"),
          );
          return socket.on("error", () => {});
        });
        const signal = AbortSignal.timeout(5000);
        const { status } = await fetch(`${server.url}/readyz`, { signal });
        must(status === 200, "the server answers", status);
        for (const socket of begun) socket.destroy();
      },
    },
    bytes(
      "a header of 1 MB",
      "431 or hung up",
      () => requestText("GET /healthz", [`X: ${"x".repeat(1024 * 1024)}`]),
      (seen) => seen.every((status) => status >= 400),
    ),
    bytes(
      "an address of 1 MB",
      "4xx or hung up",
      () => requestText(`GET /${"x".repeat(1024 * 1024)}`),
      (seen) => seen.every((status) => status >= 400 && status < 500),
    ),
    bytes(
      "methods that no route has",
      "4xx",
      () => requestText("TRACE /api/version"),
      (seen, text) =>
        seen.every((status) => status >= 400 && status < 500) &&
        !text.includes("server_key"),
    ),
    bytes(
      "use the server as a proxy",
      "4xx or hung up",
      () => requestText("CONNECT 127.0.0.1:22"),
      (seen, text) => isRefused(seen) && !text.includes("SSH-"),
    ),
    bytes(
      "a Host header that is no host",
      "4xx or hung up",
      () =>
        requestText("GET /api/version", ["Host: [::"]).replace(
          "Host: 127.0.0.1\r\n",
          "",
        ),
      isRefused,
    ),
    bytes(
      "hide a request behind two lengths",
      "one refusal, the hidden request is not answered",
      () =>
        smuggled(
          ["Content-Length: 0", `Content-Length: ${hidden.length}`],
          hidden,
        ),
      atMostOne,
    ),
    bytes(
      "hide a request behind a length and chunks",
      "one refusal, the hidden request is not answered",
      () =>
        smuggled(
          [
            `Content-Length: ${hidden.length + 5}`,
            "Transfer-Encoding: chunked",
          ],
          `0\r\n\r\n${hidden}`,
        ),
      atMostOne,
    ),
    bytes(
      "hide a request behind a misspelt encoding",
      "one refusal, the hidden request is not answered",
      () =>
        smuggled(
          ["Content-Length: 5", "Transfer-Encoding : chunked"],
          `0\r\n\r\n${hidden}`,
        ),
      atMostOne,
    ),
    bytes(
      "hide a request behind an encoding that nobody knows",
      "one refusal, the hidden request is not answered",
      () =>
        smuggled(
          ["Content-Length: 5", "Transfer-Encoding: xchunked"],
          `0\r\n\r\n${hidden}`,
        ),
      atMostOne,
    ),
  ],
};
