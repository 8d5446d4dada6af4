import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { freePort, type Lab } from "./lab.ts";
import { tool } from "./places.ts";
import type { Program } from "./program.ts";
import { output } from "./repository.ts";
import { waitFor } from "./wait.ts";

/** Where Debian keeps what tests call by its full name. */
export const systemPath = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";
const env = { PATH: systemPath, LANG: "C.UTF-8" };

/** A real database server whose superuser is the system's own. */
export interface Database {
  readonly program: Program;
  /** Runs SQL as the superuser and gives what it prints, without headings. */
  sql(text: string): Promise<string>;
  /** Runs the SQL of a file, as the guide says for getting a dump back. */
  load(file: string): Promise<void>;
}

/** MariaDB from Debian's package. `my.cnf` names its socket, for a client's home folder. */
export async function startMariadb(
  lab: Lab,
): Promise<Database & { readonly myCnf: string }> {
  const data = lab.folder("mariadb");
  const socket = join(lab.dir, "mariadb.sock");
  await must("/usr/bin/mariadb-install-db", [
    "--no-defaults",
    "--user=root",
    `--datadir=${data}`,
    "--skip-test-db",
  ]);
  const program = lab.start(
    "/usr/sbin/mariadbd",
    [
      "--no-defaults",
      "--user=root",
      `--datadir=${data}`,
      `--socket=${socket}`,
      "--skip-networking",
    ],
    { env },
  );
  const sql = async (text: string) =>
    (
      await must("/usr/bin/mariadb", [
        "--no-defaults",
        `--socket=${socket}`,
        "-N",
        "-e",
        text,
      ])
    ).trim();
  await answers("MariaDB", sql, program);
  return {
    program,
    sql,
    load: async (file) => void (await sql(`SOURCE ${file}`)),
    myCnf: `[client]\nsocket=${socket}\n`,
  };
}

/** PostgreSQL from Debian's package, which never runs as root. */
export async function startPostgresql(
  lab: Lab,
): Promise<Database & { readonly host: string; readonly port: number }> {
  const base = "/usr/lib/postgresql";
  const [version = "none"] = readdirSync(base);
  const bin = join(base, version, "bin");
  const port = await freePort();
  const home = lab.folder("postgresql");
  // Its user must come through to its folder.
  chmodSync(lab.dir, 0o711);
  chmodSync(home, 0o777);
  const data = join(home, "data");
  const asPostgres = (...command: string[]) => [
    "--reuid=postgres",
    "--regid=postgres",
    "--clear-groups",
    ...command,
  ];
  await must(
    "/usr/bin/setpriv",
    asPostgres(join(bin, "initdb"), "-D", data, "--auth-local=peer", "-N"),
  );
  const program = lab.start(
    "/usr/bin/setpriv",
    asPostgres(
      join(bin, "postgres"),
      "-D",
      data,
      "-k",
      home,
      "-p",
      String(port),
      "-h",
      "",
    ),
    { env, name: "postgres" },
  );
  const psql = async (...args: string[]) =>
    (
      await must(
        "/usr/bin/setpriv",
        asPostgres("psql", "-h", home, "-p", String(port), ...args),
      )
    ).trim();
  const sql = (text: string) => psql("-Atc", text);
  await answers("PostgreSQL", sql, program);
  return {
    program,
    sql,
    load: async (file) => void (await psql("-q", "-f", file)),
    host: home,
    port,
  };
}

async function answers(
  name: string,
  sql: Database["sql"],
  program: Program,
): Promise<void> {
  await waitFor(
    `${name} answers`,
    () =>
      sql("SELECT 1").then(
        () => true,
        () => false,
      ),
    30_000,
    program.text,
  );
}

export interface Containers {
  /** Folder with a `docker` command, to be put in front of a PATH. */
  readonly bin: string;
  docker(...args: string[]): Promise<string>;
}

/** Containers as `docker` shows them, run by Debian's podman, with an image that holds one static program. */
export async function startContainers(lab: Lab): Promise<Containers> {
  const place = lab.folder("containers");
  const bin = lab.folder("docker-bin");
  const options = [
    `--root ${join(place, "root")}`,
    `--runroot ${join(place, "run")}`,
    `--tmpdir ${join(place, "tmp")}`,
    "--storage-driver vfs",
    "--runtime runc",
    "--cgroup-manager cgroupfs",
    "--events-backend file",
  ].join(" ");
  const file = join(bin, "docker");
  writeFileSync(
    file,
    `#!/bin/sh\nPATH=${systemPath} exec /usr/bin/podman ${options} "$@"\n`,
    { mode: 0o755 },
  );
  const docker = async (...args: string[]) => (await must(file, args)).trim();
  const root = lab.folder("image");
  await must("/usr/bin/cp", [tool("rest-server"), root]);
  const image = join(place, "image.tar");
  await must("/usr/bin/tar", ["-C", root, "-cf", image, "."]);
  await docker("import", image, "shop:1");
  lab.defer(async () => {
    await docker("rm", "--force", "--all");
  });
  return { bin, docker };
}

/** Starts a container `name` that keeps its data in `folder`. */
export async function runContainer(
  { docker }: Containers,
  name: string,
  folder: string,
): Promise<void> {
  if (!existsSync(folder)) mkdirSync(folder);
  await docker(
    "run",
    "--detach",
    "--name",
    name,
    "--network",
    "none",
    // A container asks for more open files than this machine may have.
    "--ulimit",
    "nofile=20000:20000",
    "--ulimit",
    "nproc=30000:30000",
    "--volume",
    `${folder}:/data`,
    "shop:1",
    "/rest-server",
    "--path",
    "/data",
    "--no-auth",
    "--listen",
    "127.0.0.1:8000",
  );
}

async function must(file: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await output(file, args, env, "/");
  if (code !== 0)
    throw new Error(`${file} ended with ${code}: ${stdout}${stderr}`);
  return stdout;
}
