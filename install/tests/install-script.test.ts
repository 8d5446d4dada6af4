/** install.sh, run for real below a folder of its own against a server on loopback. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { arch, tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { root as repository } from "../lib/paths.ts";
import { run, type RunResult } from "../lib/run.ts";

const script = join(repository, "install/install.sh");
const serverKey = `SHA256:${"0f".repeat(32)}`;

/** Stands in for the agent: writes down how it was called and behaves as approved. */
const agent = (version: string, enrolExit = 0): string => `#!/bin/sh
state=
while [ $# -gt 0 ]; do
  printf '%s\\n' "$1" >>"$(dirname "$0")/calls"
  [ "$1" = --state-dir ] && state=$2
  shift
done
[ ${enrolExit} = 0 ] && echo '{}' >"$state/approval.json"
exit ${enrolExit} # ${version}
`;

let root = "";
let server: ReturnType<typeof Bun.serve>;
let binary = "";
let checksum: string | undefined;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "install-sh-"));
  binary = agent("1");
  checksum = undefined;
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ url }) => {
      const { pathname, search } = new URL(url);
      if (search !== "" && search !== `?os=linux&arch=${arch()}`)
        return new Response("unknown", { status: 404 });
      if (pathname === "/agent/binary") return new Response(binary);
      if (pathname === "/agent/binary.sha256") {
        const sha256 = createHash("sha256").update(binary).digest("hex");
        return new Response(`${checksum ?? sha256}  restic-manager-agent\n`);
      }
      if (pathname.startsWith("/install/"))
        return new Response(
          Bun.file(
            join(repository, "install/systemd", pathname.replace(/^.*\//, "")),
          ),
        );
      return new Response("unknown", { status: 404 });
    },
  });
});

afterEach(async () => {
  await server.stop(true);
  rmSync(root, { recursive: true });
});

const address = (): string => `http://127.0.0.1:${server.port}`;

const install = (...args: string[]): Promise<RunResult> =>
  run("bash", [
    script,
    "--server",
    address(),
    "--server-key",
    serverKey,
    "--root",
    root,
    ...args,
  ]);

const at = (path: string): string => join(root, path);
const mode = (path: string): string =>
  (statSync(at(path)).mode & 0o777).toString(8);
const put = (path: string, content: string, permissions = 0o644): void => {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), content);
  chmodSync(at(path), permissions);
};
const calls = (): string[] =>
  readFileSync(at("usr/local/bin/calls"), "utf8").trim().split("\n");

test("a first run installs, enrols and enables the agent [INS-01]", async () => {
  const result = await install();
  expect(result).toMatchObject({ code: 0, stderr: "" });
  expect(readFileSync(at("usr/local/bin/restic-manager-agent"), "utf8")).toBe(
    binary,
  );
  expect(mode("usr/local/bin/restic-manager-agent")).toBe("755");
  expect(mode("var/lib/restic-manager")).toBe("700");
  expect(mode("etc/restic-manager")).toBe("700");
  expect(calls()).toEqual([
    "enrol",
    address(),
    "--server-key",
    serverKey,
    "--config",
    at("etc/restic-manager/agent.yaml"),
    "--state-dir",
    at("var/lib/restic-manager"),
    "--exit",
  ]);
  expect(readdirSync(at("etc/systemd/system/multi-user.target.wants"))).toEqual(
    ["restic-manager-agent.service"],
  );
});

test("a second run upgrades and keeps the identity [INS-01]", async () => {
  await install();
  put("var/lib/restic-manager/identity.json", "the identity", 0o600);
  const before = calls();
  binary = agent("2");
  const result = await install();
  expect(result.code).toBe(0);
  expect(result.stdout).toContain("keeps its identity");
  expect(readFileSync(at("usr/local/bin/restic-manager-agent"), "utf8")).toBe(
    binary,
  );
  expect(readFileSync(at("var/lib/restic-manager/identity.json"), "utf8")).toBe(
    "the identity",
  );
  expect(calls()).toEqual(before);
});

test("a token goes to the agent by standard input or by a file, never as an argument [INS-01]", async () => {
  const file = at("token");
  put("token", "rmt_1_secret\n", 0o600);
  expect((await install("--token-file", file)).code).toBe(0);
  expect(calls().slice(-3)).toEqual(["--token-file", file, "--exit"]);

  const again = await install("--token-stdin");
  expect(again.stdout).toContain("the token was not used");

  rmSync(at("var/lib/restic-manager/approval.json"));
  expect((await install("--token-stdin")).code).toBe(0);
  expect(calls().slice(-2)).toEqual(["--token-stdin", "--exit"]);

  const bare = ["--server", address(), "--root", root, "--token-stdin"];
  const unsafe = await run("bash", [script, ...bare]);
  expect([unsafe.code, unsafe.stderr]).toEqual([
    1,
    expect.stringContaining("a token needs --server-key too"),
  ]);
});

test("an altered download is refused before anything is installed [INS-03]", async () => {
  checksum = "0".repeat(64);
  const result = await install();
  expect(result.code).toBe(1);
  expect(result.stderr).toContain("does not match its checksum");
  expect(result.stderr).toContain("nothing was installed");
  expect(readdirSync(at("usr/local/bin"))).toEqual([]);
  expect(readdirSync(at("etc/systemd/system"))).toEqual([]);
});

test("an altered upgrade leaves the installed agent alone [INS-03]", async () => {
  await install();
  const installed = binary;
  binary = agent("2");
  checksum = "0".repeat(64);
  expect((await install()).code).toBe(1);
  expect(readFileSync(at("usr/local/bin/restic-manager-agent"), "utf8")).toBe(
    installed,
  );
});

test("a rejected machine is not started, and the agent's exit code is passed on", async () => {
  binary = agent("1", 3);
  const result = await install();
  expect(result.code).toBe(3);
  expect(result.stderr).toContain("installed but not started");
  expect(existsSync(at("etc/systemd/system/multi-user.target.wants"))).toBe(
    false,
  );
});

const tree = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !/restic-manager|\/calls$/.test(path))
      .map((path) => [
        path,
        `${statSync(path).mode} ${readFileSync(path, "utf8")}`,
      ]),
  );

test("existing backup jobs are found in all places and left as they are [INS-02]", async () => {
  put("etc/systemd/system/nightly.timer", "[Timer]\nOnCalendar=daily\n");
  put(
    "etc/systemd/system/nightly.service",
    "[Service]\nExecStart=/usr/bin/restic backup /home\n",
  );
  put("usr/lib/systemd/system/restic-check.timer", "[Timer]\nUnit=c.service\n");
  put("etc/cron.d/backups", "0 3 * * * root restic backup /etc\n");
  put("etc/cron.daily/dump", "#!/bin/sh\nexec restic backup /srv\n", 0o755);
  put("etc/cron.hourly/hot", "#!/bin/sh\nautorestic backup -a\n", 0o755);
  put("etc/cron.weekly/prune", "#!/bin/sh\nrestic prune\n", 0o755);
  put("var/spool/cron/crontabs/root", "5 4 * * * restic forget --prune\n");
  put("etc/crontab", "17 * * * * root run-parts /etc/cron.hourly\n");
  put("etc/cron.d/quiet", "# restic was here once\n");
  put("etc/cron.daily/off", "#!/bin/sh\nrestic backup /old\n", 0o644);
  const before = tree();

  const { stdout } = await install();
  expect(stdout.split("\n").filter((line) => line.startsWith("    "))).toEqual([
    "    systemctl disable --now nightly.timer",
    "    systemctl disable --now restic-check.timer",
    `    sed -i '/^[^#].*restic/s/^/#/' ${at("etc/cron.d/backups")}`,
    "    crontab -u root -l | sed '/^[^#].*restic/s/^/#/' | crontab -u root -",
    `    chmod -x ${at("etc/cron.hourly/hot")}`,
    `    chmod -x ${at("etc/cron.daily/dump")}`,
    `    chmod -x ${at("etc/cron.weekly/prune")}`,
  ]);
  expect(tree()).toEqual(before);
});

test("a machine without other backup jobs is told nothing about them", async () => {
  expect((await install()).stdout).not.toContain("exist already");
});

test("a machine without curl is installed with wget [INS-01]", async () => {
  const bin = join(root, "bin");
  mkdirSync(bin);
  const programs =
    "bash chmod cut dirname grep id mkdir mktemp mv rm sed sha256sum systemctl tail uname wget";
  for (const name of programs.split(" "))
    symlinkSync(join("/usr/bin", name), join(bin, name));
  const result = await run(
    "/usr/bin/bash",
    [script, "--server", address(), "--root", root],
    { env: { PATH: bin } },
  );
  expect(result).toMatchObject({ code: 0, stderr: "" });
  expect(readFileSync(at("usr/local/bin/restic-manager-agent"), "utf8")).toBe(
    binary,
  );
});

test("another shell says that bash is needed", async () => {
  const result = await run("sh", [script, "--server", address()]);
  expect(result.code).toBe(2);
  expect(result.stderr).toContain("run this script with bash");
});

const refused: readonly (readonly [args: string[], message: string])[] = [
  [["--server", "backup.lan:8080"], "--server needs the address"],
  [["--server-key", "SHA256:short"], "64 hexadecimal digits"],
  [["--token", "x"], "unknown option: --token"],
  [["--token-file", "/nowhere"], "there is no such file, or it is empty"],
  [["--server-ca", "/nowhere"], "there is no such file, or it is empty"],
  [["--server-ca", script], "--server-ca does not go with --root"],
  [["--purge"], "--purge goes with --uninstall"],
  [["--server"], "--server needs a value"],
  [["--root", "/nowhere/at/all"], "there is no such directory"],
];

for (const [args, message] of refused)
  test(`${args.join(" ")} is refused with the remedy`, async () => {
    const result = await install(...args);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(message);
  });

test("a server that is not there is named", async () => {
  await server.stop(true);
  const result = await install();
  expect(result.code).toBe(1);
  expect(result.stderr).toContain(`cannot download ${address()}/agent/binary`);
}, 30_000);

test("the scripts pass shellcheck", async () => {
  const result = await run(
    "shellcheck",
    [
      "install/install.sh",
      "install/install-server.sh",
      "install/run.sh",
      ".ci/run",
    ],
    { cwd: repository },
  );
  expect(result).toMatchObject({ code: 0, stdout: "" });
});

test("systemd accepts the unit files", async () => {
  const units = ["restic-manager-agent", "restic-manager-server"].map(
    (name) => {
      const unit = readFileSync(
        join(repository, `install/systemd/${name}.service`),
        "utf8",
      );
      put(
        `${name}.service`,
        unit.replaceAll(/\/usr\/local\/bin\/\S+/g, "/bin/true"),
      );
      return at(`${name}.service`);
    },
  );
  const result = await run("systemd-analyze", ["verify", ...units]);
  expect(result).toMatchObject({ code: 0, stderr: "" });
});
