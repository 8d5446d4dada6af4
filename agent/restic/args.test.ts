import { expect, test } from "bun:test";
import { backendArgs, backupArgs, commandText } from "./args.ts";
import { resticEnv, type Repository } from "./env.ts";

const group = {
  name: "default",
  includes: ["/home", "/-odd name"],
  excludes: ["**/.cache"],
  options: { exclude_caches: true, one_file_system: true },
};

const rest: Repository = {
  url: "rest:https://store:8000/nas/",
  credential: {
    password: "p-repo",
    username: "nas",
    user_password: "p@ss/word",
    env: {},
  },
};

test("a backup names host, tag, excludes and paths, and paths cannot be taken for options", () => {
  expect(backupArgs(group, "nas", "rest:http://nas:8000/a")).toEqual([
    "backup",
    "--json",
    "--verbose=2",
    "--host",
    "nas",
    "--tag",
    "default",
    "--exclude",
    "**/.cache",
    "--exclude-caches",
    "--one-file-system",
    "--",
    "/home",
    "/-odd name",
  ]);
});

test("a repository within what is backed up is left out, on Windows in whatever letter case it is spelled [SRC-01]", () => {
  const windows = { ...group, includes: ["C:\\Data"], excludes: [] };
  const excluded = (args: readonly string[]) => {
    const at = args.findIndex((arg) => arg.endsWith("exclude"));
    return args.slice(at, at + 2);
  };
  expect(excluded(backupArgs(windows, "nas", "c:\\data\\[repo]"))).toEqual([
    "--iexclude",
    "c:\\data\\[[]repo]",
  ]);
  const linux = { ...group, excludes: [] };
  expect(excluded(backupArgs(linux, "nas", "/home/repo*"))).toEqual([
    "--exclude",
    "/home/repo\\*",
  ]);
});

test("the command line on the job page can be pasted into a shell", () => {
  expect(commandText(["backup", "--", "/it's here"])).toBe(
    `restic backup -- '/it'\\''s here'`,
  );
});

test("on Windows it is quoted as its shells want it", () => {
  expect(commandText(["backup", "--", "C:\\Users\\Zoë's files"], "win32")).toBe(
    `restic backup -- "C:\\Users\\Zoë's files"`,
  );
});

test("no secret of a repository is in the arguments [RST-02]", () => {
  const args = [
    ...backendArgs(rest.url, "/tmp/ca.pem", "/tmp/ssh"),
    ...backupArgs(group, "nas", "rest:http://nas:8000/a"),
  ].join(" ");
  for (const secret of ["p-repo", "p@ss/word", "p%40ss"])
    expect(args).not.toContain(secret);
});

test("current restics get the HTTP login by variables of its own", () => {
  const env = resticEnv({ PATH: "/bin" }, rest, {
    version: "0.19.1",
    cacheDir: "/c",
  });
  expect(env).toMatchObject({
    RESTIC_REPOSITORY: rest.url,
    RESTIC_REST_USERNAME: "nas",
    RESTIC_REST_PASSWORD: "p@ss/word",
    RESTIC_PASSWORD: "p-repo",
  });
});

test("restic before 0.16.1 gets the HTTP login inside the address, in its environment only", () => {
  const env = resticEnv({ PATH: "/bin" }, rest, {
    version: "0.14.0",
    cacheDir: "/c",
  });
  expect(env["RESTIC_REPOSITORY"]).toBe(
    "rest:https://nas:p%40ss%2Fword@store:8000/nas/",
  );
  expect(env["RESTIC_REST_PASSWORD"]).toBeUndefined();
});

test("restic inherits only what it needs, and nothing that steers Bun", () => {
  const own = {
    PATH: "/bin",
    BUN_OPTIONS: "--preload x",
    JSC_useJIT: "0",
    SECRET: "s",
  };
  const env = resticEnv(own, rest, { version: "0.19.1", cacheDir: "/c" });
  expect(
    Object.keys(env).filter((name) => /^(BUN|JSC|SECRET)/.test(name)),
  ).toEqual([]);
  expect(env["PATH"]).toBe("/bin");
});

test.each([
  ["sftp:nas:/srv/restic", "-s -- nas sftp"],
  ["sftp:backup@nas:/srv/restic", "-l backup -s -- nas sftp"],
  ["sftp://backup@nas:2222//srv/restic", "-p 2222 -l backup -s -- nas sftp"],
  [
    "sftp://backup@[fd00::1]:2222/restic",
    "-p 2222 -l backup -s -- fd00::1 sftp",
  ],
  ["sftp:-oProxyCommand=evil:/x", "-s -- -oProxyCommand=evil sftp"],
])("%s is reached by ssh in batch mode", (url, end) => {
  const [flag, option = ""] = backendArgs(url, null, "/tmp/a b/ssh");
  expect(flag).toBe("-o");
  expect(option).toStartWith("sftp.command=ssh -o BatchMode=yes ");
  expect(option).toContain(" -E '/tmp/a b/ssh' ");
  expect(option).toEndWith(end);
});

test.each([
  "sftp:x'-oProxyCommand=evil'@nas:/srv",
  'sftp:a"b@nas:/srv',
  "sftp:a\\b@nas:/srv",
])("%s could smuggle an option into ssh and is refused", (url) => {
  expect(() => backendArgs(url, null, "/tmp/a b/ssh")).toThrow("sftp address");
});
