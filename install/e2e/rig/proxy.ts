import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Certificates, certificates } from "./certificates.ts";
import { freePort, type Lab } from "./lab.ts";
import { root } from "./places.ts";
import type { Program } from "./program.ts";
import { waitFor } from "./wait.ts";

export const proxyKinds = ["caddy", "nginx"] as const;
export type ProxyKind = (typeof proxyKinds)[number];

/** A reverse proxy with HTTPS, set up as the documentation says. */
export interface Proxy {
  readonly url: string;
  readonly certificates: Certificates;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Reads its configuration again, as `systemctl reload` does. */
  reload(): Promise<void>;
}

export async function startProxy(
  lab: Lab,
  kind: ProxyKind,
  serverPort: number,
): Promise<Proxy> {
  const port = await freePort();
  const dir = lab.folder(`${kind}-${port}`);
  const files = certificates(dir);
  const url = `https://127.0.0.1:${port}`;
  const snippet = documented(kind)
    .replace("127.0.0.1:8080", `127.0.0.1:${serverPort}`)
    .replace("/etc/ssl/backup.pem", files.cert)
    .replace("/etc/ssl/backup.key", files.key);
  const runner = { caddy, nginx }[kind](lab, dir, snippet, port);
  let program: Program;

  const start = async (): Promise<void> => {
    program = runner.start();
    await answers(url, readFileSync(files.ca, "utf8"), program);
  };
  await start();
  return {
    url,
    certificates: files,
    start,
    stop: async () => void (await program.stop()),
    reload: () => runner.reload(program),
  };
}

interface Runner {
  start(): Program;
  reload(program: Program): Promise<void>;
}

/** The example of a proxy with a certificate of its own. */
function documented(kind: ProxyKind): string {
  const fence = { caddy: "caddyfile", nginx: "nginx" }[kind];
  const text = readFileSync(join(root, "docs/reverse-proxy.md"), "utf8");
  const snippet = new RegExp(`^\`\`\`${fence}\\n([^]*?)^\`\`\``, "m").exec(
    text,
  );
  if (snippet?.[1] === undefined)
    throw new Error(`docs/reverse-proxy.md has no example for ${kind}`);
  return snippet[1];
}

function caddy(lab: Lab, dir: string, snippet: string, port: number): Runner {
  const config = join(dir, "Caddyfile");
  const socket = join(dir, "admin.sock");
  const options = `{\n\tadmin unix/${socket}\n\tauto_https disable_redirects\n}\n`;
  writeFileSync(
    config,
    options +
      snippet.replace("backup.example.org", `https://127.0.0.1:${port}`),
  );
  const files = ["--config", config, "--adapter", "caddyfile"];
  const start = (args: readonly string[]) =>
    lab.start("/usr/bin/caddy", [...args, ...files], {
      env: { XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir },
    });
  return {
    start: () => start(["run"]),
    async reload() {
      const { code } = await start([
        "reload",
        "--force",
        "--address",
        `unix/${socket}`,
      ]).exit();
      if (code !== 0) throw new Error("caddy did not reload");
    },
  };
}

function nginx(lab: Lab, dir: string, snippet: string, port: number): Runner {
  const config = join(dir, "nginx.conf");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${join(dir, name)};`)
    .join(" ");
  const site = snippet
    .replace("listen 443", `listen 127.0.0.1:${port}`)
    .replace("backup.example.org", "127.0.0.1");
  writeFileSync(
    config,
    `daemon off; user root; pid ${join(dir, "pid")}; error_log stderr notice;
events {}
http { access_log off; ${temporary}
${site}}
`,
  );
  return {
    start: () =>
      lab.start("/usr/sbin/nginx", ["-e", "stderr", "-p", dir, "-c", config]),
    async reload(program) {
      program.signal("SIGHUP");
      await program.line(/reconfiguring/);
    },
  };
}

async function answers(
  url: string,
  ca: string,
  program: Program,
): Promise<void> {
  await waitFor(
    `${program.name} answers`,
    async () => {
      if (!program.running())
        throw new Error(`${program.name} ended:\n${program.text()}`);
      return fetch(url, { tls: { ca } }).catch(() => null);
    },
    30_000,
    program.text,
  );
}
