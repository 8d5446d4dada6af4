import { call, logIn } from "../e2e/rig/api.ts";
import { upgradeStatus } from "../e2e/rig/live.ts";
import { adminPassword } from "../e2e/rig/server.ts";
import type { ApiError } from "../e2e/rig/types.ts";
import { type Attack, type Front, must } from "./attack.ts";
import type { Field } from "./field.ts";
import { rawHttp, requestText, statuses } from "./raw-http.ts";

type Headers = Readonly<Record<string, string>>;

/** What a page makes the browser of a logged-in person send; it must change nothing. */
function changes(
  tries: string,
  code: string,
  send: (field: Field) => { headers: Headers; path?: string; method?: string },
): Attack {
  return {
    tries,
    refused: `\`${code}\``,
    async run(field) {
      const { headers, path, method = "POST" } = send(field);
      const answer = await call<ApiError>(
        field.server.url,
        method,
        path ?? `/api/hosts/${field.victim.host.id}/jobs`,
        { kind: "backup", source_group_id: field.victim.done.group_id },
        headers,
      );
      must(answer.body.code === code, `it is refused with ${code}`, answer);
    },
  };
}

const cookieOf = ({ api }: Field): string => api.headers["cookie"] ?? "";
const tokenOf = ({ api }: Field): string => api.headers["x-csrf-token"] ?? "";

const foreignOrigins = (field: Field): readonly string[] => [
  "https://evil.example",
  "null",
  `http://evil.example:${field.server.port}`,
  `${field.server.url}.evil.example`,
  `http://127.0.0.1@evil.example:${field.server.port}`,
  `http://127.0.0.1:${field.server.port + 1}`,
  "file://",
  "chrome-extension://abcdef",
];

export const browserFront: Front = {
  title: "From a foreign page in the browser of a logged-in person",
  attacks: [
    changes(
      "change something without the session's token",
      "csrf_refused",
      (field) => ({
        headers: { cookie: cookieOf(field) },
      }),
    ),
    changes(
      "change something with another session's token",
      "csrf_refused",
      (field) => ({
        headers: {
          cookie: cookieOf(field),
          "x-csrf-token": "A".repeat(tokenOf(field).length),
        },
      }),
    ),
    changes("send a form", "unsupported_media_type", (field) => ({
      headers: {
        cookie: cookieOf(field),
        "x-csrf-token": tokenOf(field),
        "content-type": "application/x-www-form-urlencoded",
      },
    })),
    changes("send JSON as text", "unsupported_media_type", (field) => ({
      headers: {
        cookie: cookieOf(field),
        "x-csrf-token": tokenOf(field),
        "content-type": "text/plain;application/json",
      },
    })),
    changes(
      "hide another method in a GET's stead",
      "method_not_allowed",
      (field) => ({
        path: `/api/jobs/${field.victim.job.id}?_method=DELETE`,
        headers: {
          cookie: cookieOf(field),
          "x-csrf-token": tokenOf(field),
          "x-http-method-override": "DELETE",
        },
      }),
    ),
    {
      tries:
        "change something, listen, or reach the broker from eight foreign origins",
      refused:
        "403 `origin_refused` on HTTP, event stream, WebSocket and `/nats`",
      async run(field) {
        const { url } = field.server;
        for (const origin of foreignOrigins(field)) {
          const headers = {
            cookie: cookieOf(field),
            "x-csrf-token": tokenOf(field),
            origin,
          };
          const seen = [
            (await call(url, "POST", "/api/auth/logout", {}, headers)).status,
            (await call(url, "GET", "/api/events", undefined, headers)).status,
            await upgradeStatus(url, "/api/live", headers),
            await upgradeStatus(url, "/nats", headers),
            await upgradeStatus(url, "/", headers),
          ];
          must(
            seen.every((status) => status === 403),
            `${origin} is refused`,
            seen,
          );
        }
      },
    },
    {
      tries: "name the site `cross-site` or `same-site`, without an origin",
      refused: "403 `origin_refused`",
      async run(field) {
        for (const site of ["cross-site", "same-site"]) {
          const headers = { ...field.api.headers, "sec-fetch-site": site };
          const { status } = await call(
            field.server.url,
            "POST",
            "/api/auth/logout",
            {},
            headers,
          );
          must(status === 403, `${site} is refused`, status);
        }
      },
    },
    {
      tries: "read answers from a foreign origin",
      refused: "no answer allows it",
      async run(field) {
        const { headers } = await call(
          field.server.url,
          "GET",
          "/api/hosts",
          undefined,
          {
            ...field.api.headers,
            origin: "https://evil.example",
          },
        );
        const preflight = await fetch(`${field.server.url}/api/hosts`, {
          method: "OPTIONS",
          headers: {
            origin: "https://evil.example",
            "access-control-request-method": "DELETE",
          },
        });
        for (const each of [headers, preflight.headers])
          must(
            [...each.keys()].every(
              (name) => !name.startsWith("access-control"),
            ),
            "nothing is allowed",
            [...each],
          );
      },
    },
    {
      tries: "give a visitor a session before they log in (fixation)",
      refused: "logging in makes a new session; the planted one is none",
      async run({ server }) {
        const planted = "A".repeat(43);
        const answer = await call(
          server.url,
          "POST",
          "/api/auth/login",
          { username: "admin", password: adminPassword },
          { cookie: `rm_session=${planted}` },
        );
        const [made = ""] = answer.headers.getSetCookie();
        must(
          answer.status === 200 && !made.includes(planted),
          "the session is new",
          made,
        );
        const { status } = await call(
          server.url,
          "GET",
          "/api/hosts",
          undefined,
          {
            cookie: `rm_session=${planted}`,
          },
        );
        must(status === 401, "the planted session is none", status);
      },
    },
    {
      tries: "use a session after its end",
      refused: "401 `unauthenticated`",
      async run({ server }) {
        const api = await logIn(server.url, "admin", adminPassword);
        await api.post("/api/auth/logout");
        const { status } = await api.ask("GET", "/api/hosts");
        must(status === 401, "it is over", status);
      },
    },
    {
      tries: "send two session cookies, one of them planted",
      refused: "one of them alone counts; the planted one gives nothing",
      async run({ server }) {
        const { status } = await call(
          server.url,
          "GET",
          "/api/hosts",
          undefined,
          {
            cookie: `rm_session=${"A".repeat(43)}; rm_session=${"B".repeat(43)}`,
          },
        );
        must(status === 401, "neither lets in", status);
      },
    },
    {
      tries: "point a name of one's own at the server (DNS rebinding)",
      refused: "the session's cookie does not go with it: 401",
      async run({ server }) {
        const text = await rawHttp(
          server.port,
          requestText("GET /api/hosts", [
            "Host: evil.example",
            "Origin: http://evil.example",
          ]).replace("Host: 127.0.0.1\r\n", ""),
        );
        must(statuses(text)[0] === 401, "it is refused", text);
      },
    },
  ],
};
