import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { certificates } from "./certificates.ts";
import { freePort, type Lab } from "./lab.ts";
import { root, tool } from "./places.ts";
import type { Program } from "./program.ts";
import { type ByHand, output } from "./repository.ts";
import { waitFor } from "./wait.ts";

export interface S3Server {
  /** Repository address of a name inside the bucket. */
  url(name: string): string;
  /** PEM of the authority that signed the server's certificate, which no system trusts. */
  readonly ca: string;
  readonly keys: Readonly<Record<string, string>>;
  /** restic as a person runs it, with the keys and the authority. */
  byHand(
    name: string,
    password: string,
    args: readonly string[],
  ): Promise<ByHand>;
}

/** An S3 server over TLS with one bucket. */
export async function startS3Server(lab: Lab): Promise<S3Server> {
  const port = await freePort();
  const dir = lab.folder(`s3-${port}`);
  const { ca, cert, key } = certificates(dir);
  const program = lab.start(
    process.execPath,
    [
      join(root, "install/node_modules/s3rver/bin/s3rver.js"),
      "--directory",
      join(dir, "data"),
      "--address",
      "127.0.0.1",
      "--port",
      `${port}`,
      "--cert",
      cert,
      "--key",
      key,
      "--configure-bucket",
      "backups",
    ],
    { name: "s3rver" },
  );
  await listens(port, program);
  const keys = { AWS_ACCESS_KEY_ID: "S3RVER", AWS_SECRET_ACCESS_KEY: "S3RVER" };
  const url = (name: string) => `s3:https://127.0.0.1:${port}/backups/${name}`;
  return {
    url,
    ca: readFileSync(ca, "utf8"),
    keys,
    byHand: (name, password, args) =>
      output(tool("restic"), ["--no-cache", "--cacert", ca, ...args], {
        ...keys,
        HOME: dir,
        RESTIC_REPOSITORY: url(name),
        RESTIC_PASSWORD: password,
      }),
  };
}

/**
 * An sshd that gives root of this lab files by sftp, and root's ssh set-up for it, by host: `store` lets root in,
 * `wrong-key` is asked with a key it does not know, the key of `unknown-host` is not known to root, `dead` is not there.
 */
export async function startSftpServer(lab: Lab): Promise<void> {
  const [port, deadPort] = [await freePort(), await freePort()];
  const dir = lab.folder(`sshd-${port}`);
  const ssh = lab.folder("home/.ssh");
  const hostKey = join(dir, "host_key");
  const key = join(ssh, "backup");
  const unknownKey = join(ssh, "unknown");
  for (const file of [hostKey, key, unknownKey])
    run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
  const program = startSshd(lab, dir, port, hostKey, key);
  writeFileSync(
    join(ssh, "known_hosts"),
    `[127.0.0.1]:${port} ${readFileSync(`${hostKey}.pub`, "utf8")}`,
  );
  writeFileSync(
    join(ssh, "config"),
    [
      "Host wrong-key",
      `  IdentityFile ${unknownKey}`,
      "Host unknown-host",
      "  UserKnownHostsFile /dev/null",
      "Host dead",
      `  Port ${deadPort}`,
      "Host store unknown-host dead",
      `  IdentityFile ${key}`,
      "Host *",
      "  HostName 127.0.0.1",
      `  Port ${port}`,
      "  IdentitiesOnly yes",
      "",
    ].join("\n"),
    { mode: 0o600 },
  );
  sshOfLab(lab);
  await listens(port, program);
}

function startSshd(
  lab: Lab,
  dir: string,
  port: number,
  hostKey: string,
  key: string,
): Program {
  const config = join(dir, "sshd_config");
  writeFileSync(
    config,
    [
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${hostKey}`,
      `AuthorizedKeysFile ${key}.pub`,
      `PidFile ${join(dir, "pid")}`,
      "PermitRootLogin prohibit-password",
      "AuthenticationMethods publickey",
      // The lab's folder is below one that everybody may write to.
      "StrictModes no",
      "Subsystem sftp internal-sftp",
      "ForceCommand internal-sftp",
      "",
    ].join("\n"),
  );
  // sshd insists on a folder below /run.
  return lab.start(
    "/usr/bin/unshare",
    [
      "--mount",
      "/usr/bin/sh",
      "-c",
      '/usr/bin/mount -t tmpfs tmpfs /run && /usr/bin/mkdir -m 755 /run/sshd && exec /usr/sbin/sshd -D -e -f "$0"',
      config,
    ],
    { name: "sshd" },
  );
}

/**
 * Puts the system's ssh on the lab's PATH. It asks the list of users, not HOME, where root's files are, and so gets
 * another list: what this machine's root has in `.ssh` is neither read nor changed.
 */
function sshOfLab(lab: Lab): void {
  const users = join(lab.dir, "passwd");
  writeFileSync(users, `root:x:0:0:root:${join(lab.dir, "home")}:/bin/sh\n`);
  const file = join(lab.dir, "bin/ssh");
  const inNamespace = `/usr/bin/mount --bind ${users} /etc/passwd && exec /usr/bin/ssh "$@"`;
  writeFileSync(
    file,
    `#!/bin/sh\nexec /usr/bin/unshare --mount /bin/sh -c '${inNamespace}' ssh "$@"\n`,
  );
  chmodSync(file, 0o755);
}

async function listens(port: number, program: Program): Promise<void> {
  await waitFor(
    `${program.name} listens`,
    () => {
      if (!program.running())
        throw new Error(`${program.name} ended:\n${program.text()}`);
      return connects(port);
    },
    30_000,
    program.text,
  );
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

function run(file: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(file, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${file}: ${error?.message ?? stderr}`);
}
