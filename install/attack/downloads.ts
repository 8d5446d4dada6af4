import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Attack, type Front, must } from "./attack.ts";
import type { Field } from "./field.ts";
import { rawHttp, requestText, statuses } from "./raw-http.ts";

const ups = [
  "../",
  "..%2f",
  "%2e%2e%2f",
  "%2e%2e/",
  "..%252f",
  "..%c0%af",
  "..\\",
  "..%5c",
  "....//",
  "..;/",
  "%00../",
];

const roots = ["/install/", "/assets/", "/", "/agent/", "/api/jobs/"];

/** Asks for files outside of what is served, in every spelling; nothing of them may be in an answer. */
function climbsTo(
  what: string,
  target: (field: Field) => { path: string; marks: readonly Buffer[] },
): Attack {
  return {
    tries: `climb from every download to ${what}: plain, encoded once and twice, overlong, backslash, NUL`,
    refused: "nothing of it is in an answer, and none is a fault of the server",
    async run(field) {
      const { path, marks } = target(field);
      const bare = path.slice(1);
      const paths = [
        ...roots.flatMap((root) =>
          ups.flatMap((up) => [
            root + up.repeat(12) + bare,
            `${root}install.sh/${up.repeat(12)}${bare}`,
            `${root}${up.repeat(12)}${bare.replaceAll("/", up.includes("%5c") ? "%5c" : "%2f")}%00.js`,
          ]),
        ),
        path,
        `//${bare}`,
        `/install/${path}`,
        `/install/${encodeURIComponent(path)}`,
        `/agent/binary?os=${encodeURIComponent(`../../../..${path}`)}&arch=`,
        `/agent/binary?os=linux-x64/../../../..${path}%00&arch=x64`,
        `/agent/binary.sha256?os=..&arch=..${path}`,
      ];
      const seen = await inTurns(paths, 8, (each) =>
        rawHttp(field.server.port, requestText(`GET ${each}`), 1500),
      );
      for (const [index, text] of seen.entries()) {
        const answer = Buffer.from(text, "latin1");
        must(
          marks.every((mark) => !answer.includes(mark)),
          `${paths[index]} gives nothing away`,
          text,
        );
        must(
          statuses(text).every((status) => status < 500),
          `${paths[index]} is no fault`,
          text,
        );
      }
    },
  };
}

async function inTurns<A, B>(
  all: readonly A[],
  atOnce: number,
  work: (each: A) => Promise<B>,
): Promise<B[]> {
  const done: B[] = [];
  for (let at = 0; at < all.length; at += atOnce)
    done.push(...(await Promise.all(all.slice(at, at + atOnce).map(work))));
  return done;
}

export const downloadsFront: Front = {
  title: "Through downloads",
  attacks: [
    climbsTo("the key of the database", ({ server }) => {
      const path = join(server.dataDir, "secret.key");
      const key = readFileSync(path);
      return { path, marks: [key.subarray(0, 16)] };
    }),
    climbsTo("the database", ({ server }) => ({
      path: join(server.dataDir, "restic-manager.db"),
      marks: [Buffer.from("SQLite format 3")],
    })),
    climbsTo("the system's list of users", () => ({
      path: "/etc/passwd",
      marks: [Buffer.from("root:x:0:0")],
    })),
    {
      tries: "download another job by a name with a way in it",
      refused: "400 or 404",
      async run({ server, api }) {
        for (const id of [
          "..%2f..%2fhosts",
          "%2e%2e",
          "x%00",
          "*",
          "x%0d%0ax",
        ]) {
          const text = await rawHttp(
            server.port,
            requestText(`GET /api/jobs/${id}/log.txt`, [
              `Cookie: ${api.headers["cookie"]}`,
            ]),
          );
          const [status = 0] = statuses(text);
          must([400, 404].includes(status), `${id} is refused`, text);
        }
      },
    },
  ],
};
