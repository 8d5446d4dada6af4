/** install-server.sh from an unpacked archive, on a machine with systemd. */
import { beforeAll, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { bootstrap, logIn } from "./rig/api.ts";
import { debianRoot } from "./rig/debian.ts";
import { freePort, inLab } from "./rig/lab.ts";
import { bootMachine, type Machine } from "./rig/machine.ts";
import { agentFile, root, serverFile } from "./rig/places.ts";
import type { Version } from "./rig/types.ts";
import { waitFor } from "./rig/wait.ts";

const limit = 120_000;
const unit = "restic-manager-server.service";
const data = "/var/lib/restic-manager-server";
const password = "correct horse battery staple";
const other = process.arch === "x64" ? "arm64" : "x64";
const platform = `linux-${process.arch}`;

beforeAll(() => void debianRoot(), 300_000);

/** Puts an archive's files where somebody unpacked it. */
function unpack(machine: Machine, version: string): string {
  const folder = `/root/restic-manager-${version}-${platform}`;
  mkdirSync(machine.at(folder));
  for (const file of [
    serverFile,
    agentFile,
    join(root, "install/install-server.sh"),
    join(root, `install/systemd/${unit}`),
  ])
    copyFileSync(file, machine.at(join(folder, basename(file))));
  return folder;
}

/** Bytes of the agent that the server hands out for a processor, or the status with which it has none. */
async function servedAgent(url: string, arch: string): Promise<number> {
  const answer = await fetch(`${url}/agent/binary?os=linux&arch=${arch}`);
  return answer.ok ? (await answer.arrayBuffer()).byteLength : answer.status;
}

const version = async (url: string): Promise<Version> =>
  (await (await fetch(`${url}/api/version`)).json()) as Version;

test.concurrent(
  "the server is installed as a service of its own user, upgraded with its data, and removed [INS-05]",
  inLab(async (lab) => {
    const machine = await bootMachine(lab, "backup");
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const folder = unpack(machine, "0.1.0");

    const first = await machine.sh(
      `bash ${folder}/install-server.sh --listen 127.0.0.1:${port}`,
    );
    expect([first.code, first.text]).toEqual([
      0,
      expect.stringContaining(`${unit} runs`),
    ]);
    const [link = ""] = /http:\S+\/bootstrap\S+/.exec(first.text) ?? [];
    const token = new URL(link).searchParams.get("token") ?? "";
    const admin = await bootstrap(url, token, "ada", password);
    expect(await admin.get("/api/hosts")).toMatchObject({ hosts: [] });
    const { server_key } = await version(url);

    const pid = await machine.show(unit, "MainPID");
    const owners = await machine.sh(`stat -c '%U %a' /proc/${pid} ${data}`);
    expect(owners.text).toBe(
      "restic-manager-server 555\nrestic-manager-server 700\n",
    );
    expect(await machine.show(unit, "LimitNOFILE")).toBe("65536");
    expect(await servedAgent(url, process.arch)).toBe(statSync(agentFile).size);
    expect(await servedAgent(url, other)).toBe(404);

    await machine.reboot();
    await waitFor(
      "the server answers after the reboot",
      async () => (await fetch(`${url}/readyz`).catch(() => null))?.ok,
    );
    expect((await version(url)).server_key).toBe(server_key);

    const newer = unpack(machine, "0.2.0");
    const beside = `/root/restic-manager-0.2.0-linux-${other}`;
    await machine.sh(
      `mkdir ${beside} && echo 12345 >${beside}/restic-manager-agent`,
    );
    const upgrade = await machine.sh(
      `bash ${newer}/install-server.sh --listen 127.0.0.1:1`,
    );
    expect([upgrade.code, upgrade.text]).toEqual([
      0,
      expect.stringContaining("stays as it is"),
    ]);
    expect(upgrade.text).not.toContain("/bootstrap");
    expect((await version(url)).server_key).toBe(server_key);
    expect(await servedAgent(url, other)).toBe(6);
    await logIn(url, "ada", password);
    expect((await machine.sh(`ls ${data}/before-upgrade`)).text).toBe(
      "restic-manager.db\nsecret.key\n",
    );

    const removed = await machine.sh(
      `bash ${newer}/install-server.sh --uninstall`,
    );
    expect([removed.code, await machine.show(unit, "LoadState")]).toEqual([
      0,
      "not-found",
    ]);
    expect((await machine.sh(`ls ${data}`)).text).toContain("secret.key");
    const purged = await machine.sh(
      `bash ${newer}/install-server.sh --uninstall --purge; ls -d ${data} /etc/restic-manager-server /usr/local/lib/restic-manager; id restic-manager-server`,
    );
    expect(purged.text.match(/No such file|no such user/gi)).toHaveLength(4);
  }),
  limit,
);

test.concurrent(
  "a server that cannot start says where its reason is, and a wrong option changes nothing [INS-05]",
  inLab(async (lab) => {
    const machine = await bootMachine(lab, "backup");
    const folder = unpack(machine, "0.1.0");
    for (const [args, sentence] of [
      ["--listen 8080", "--listen is an address and a port"],
      ["--purge", "--purge goes with --uninstall"],
      ["--base-url backup.lan", "--base-url is an address"],
    ] as const) {
      const { code, text } = await machine.sh(
        `bash ${folder}/install-server.sh ${args}`,
      );
      expect([code, text]).toEqual([1, expect.stringContaining(sentence)]);
    }
    expect((await machine.sh("id restic-manager-server")).code).not.toBe(0);

    const taken = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => new Response("busy"),
    });
    lab.defer(() => taken.stop(true));
    const { code, text } = await machine.sh(
      `bash ${folder}/install-server.sh --listen 127.0.0.1:${taken.port}; code=$?; journalctl -o cat -u ${unit}; exit $code`,
    );
    expect([code, text]).toEqual([
      1,
      expect.stringContaining("error: the server does not start"),
    ]);
  }),
  limit,
);
