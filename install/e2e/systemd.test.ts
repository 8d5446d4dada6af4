/** The agent as a service: installed, upgraded, removed, and started again when it should be. */
import { beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { accept, online } from "./rig/agent.ts";
import type { Api } from "./rig/api.ts";
import { debianRoot } from "./rig/debian.ts";
import {
  jobEnds,
  repositoryPassword,
  runNow,
  setUp,
  wholeLogOf,
} from "./rig/jobs.ts";
import {
  agentState,
  agentUnit as unit,
  announced,
  install,
} from "./rig/installer.ts";
import { inLab, type Lab } from "./rig/lab.ts";
import { bootMachine, type Machine } from "./rig/machine.ts";
import { root } from "./rig/places.ts";
import { restoreEnds } from "./rig/restores.ts";
import { type Server, startServer } from "./rig/server.ts";
import type { Host } from "./rig/types.ts";
import { waitFor } from "./rig/wait.ts";

const limit = 120_000;
beforeAll(() => void debianRoot(), 300_000);

interface Installed {
  readonly server: Server;
  readonly api: Api;
  readonly machine: Machine;
  readonly host: Host;
  readonly said: string;
}

/** A machine whose agent an administrator has accepted, as a service. */
async function installed(lab: Lab): Promise<Installed> {
  const server = await startServer(lab, {
    env: { RM_HEARTBEAT_INTERVAL: "500ms", RM_OFFLINE_AFTER: "3s" },
  });
  const api = await server.logIn();
  const machine = await bootMachine(lab, "fileserver");
  const script = await install(machine, server.url, [
    "--server-key",
    await server.serverKey(),
  ]);
  const host = await accept(api, await announced(api, script));
  expect((await script.exit()).code).toBe(0);
  return {
    server,
    api,
    machine,
    host: await online(api, host.id),
    said: script.text(),
  };
}

const rights = (machine: Machine, path: string): string => {
  const { mode, uid } = statSync(machine.at(path));
  return `${(mode & 0o777).toString(8)} ${uid}`;
};

test.concurrent(
  "the service is enabled, comes back after SIGKILL and a reboot, backs up what only root can read, puts it back into /etc, and its hooks become other users but mount nothing and leave the kernel's settings alone [INS-01] [AGT-11] [RTR-04]",
  inLab(async (lab) => {
    const { api, host, machine } = await installed(lab);
    expect(await agentState(machine)).toBe("enabled running");
    for (const folder of ["var/lib/restic-manager", "etc/restic-manager"])
      expect([folder, rights(machine, folder)]).toEqual([folder, "700 0"]);
    for (const file of ["identity.json", "approval.json", "agent.db"])
      expect(rights(machine, `var/lib/restic-manager/${file}`)).toBe("600 0");

    await machine.sh(
      "mkdir /srv/data && echo secret >/srv/data/private && chown 1234:1234 /srv/data/private && chmod 000 /srv/data/private",
    );
    const done = await setUp(api, host, {
      url: "/srv/repository",
      includes: ["/srv/data", "/etc/shadow"],
    });
    const job = await jobEnds(api, (await runNow(api, host, done.group_id)).id);
    expect([job.state, job.error]).toEqual(["succeeded", null]);
    const dump = await machine.sh(
      `RESTIC_PASSWORD=${repositoryPassword} /var/lib/restic-manager/bin/restic* -q -r /srv/repository dump latest /srv/data/private`,
    );
    expect(dump).toEqual({ code: 0, text: "secret\n" });

    const owned = "stat -c '%a %U:%G' /etc/shadow && sha256sum /etc/shadow";
    const shadow = await machine.sh(owned);
    await machine.sh("rm /etc/shadow");
    const at = (part: string) =>
      `/api/repositories/${done.repository.id}/snapshots/${job.snapshot_id}/${part}`;
    const restored = await restoreEnds(
      { api, host, at },
      { paths: ["/etc/shadow"], confirm: host.name },
    );
    expect([restored.state, restored.error]).toEqual(["succeeded", null]);
    expect(await machine.sh(owned)).toEqual(shadow);

    const hooks = {
      pre: `su -s /bin/sh nobody -c 'id -un'
mount -t tmpfs none /mnt || echo 0 >/proc/sys/kernel/sysrq || echo protected`,
      post: null,
      timeout_s: 60,
    };
    await api.ask("PUT", `/api/sources/${done.group_id}/hooks`, hooks);
    const hooked = await jobEnds(
      api,
      (await runNow(api, host, done.group_id)).id,
    );
    expect(hooked.state).toBe("succeeded");
    const printed = (await wholeLogOf(api, hooked)).map(({ l }) => l);
    expect(printed).toContain("hook(pre): nobody");
    expect(printed).toContain("hook(pre): protected");

    const pid = await machine.show(unit, "MainPID");
    await machine.sh(`kill -KILL ${pid}`);
    await waitFor(
      "systemd starts it again",
      async () =>
        (await machine.show(unit, "MainPID")) !== pid &&
        (await machine.show(unit, "NRestarts")) === "1" &&
        (await machine.show(unit, "SubState")) === "running",
    );
    await online(api, host.id);

    await machine.reboot();
    expect(await agentState(machine)).toBe("enabled running");
    expect(await online(api, host.id)).toMatchObject({ id: host.id });
  }),
  limit,
);

test.concurrent(
  "a second run upgrades and keeps the identity; --uninstall keeps it too, --purge does not [INS-01]",
  inLab(async (lab) => {
    const { server, api, host, machine } = await installed(lab);
    const identity = () =>
      readFileSync(machine.at("var/lib/restic-manager/identity.json"), "utf8");
    const before = [identity(), await machine.show(unit, "MainPID")];
    await machine.sh(
      "cd /usr/local/bin && echo old >new && mv new restic-manager-agent",
    );

    const again = await install(machine, server.url, []);
    expect((await again.exit(30_000)).code).toBe(0);
    expect(again.text()).toContain("keeps its identity");
    expect(identity()).toBe(before[0] ?? "");
    expect(await machine.show(unit, "MainPID")).not.toBe(before[1] ?? "");
    expect(await agentState(machine)).toBe("enabled running");
    expect((await online(api, host.id)).id).toBe(host.id);

    const removed = await machine.sh("bash install.sh --uninstall");
    expect([removed.code, removed.text]).toEqual([
      0,
      expect.stringContaining("stay in /var/lib/restic-manager"),
    ]);
    expect(await machine.show(unit, "LoadState")).toBe("not-found");
    expect(
      (await machine.sh("ls /usr/local/bin /etc/systemd/system/*.wants")).text,
    ).not.toContain("restic-manager");
    expect(identity()).toBe(before[0] ?? "");

    const back = await install(machine, server.url, []);
    expect((await back.exit(30_000)).code).toBe(0);
    expect((await online(api, host.id)).id).toBe(host.id);

    const purged = await machine.sh("bash install.sh --uninstall --purge");
    expect([purged.code, purged.text]).toEqual([
      0,
      expect.stringContaining("Remove the host in the dashboard too"),
    ]);
    expect(
      (await machine.sh("ls -d /var/lib/restic-manager /etc/restic-manager"))
        .code,
    ).not.toBe(0);
    const nothing = await machine.sh("bash install.sh --uninstall");
    expect(nothing.code).toBe(0);
  }),
  limit,
);

test.concurrent(
  "a script made for one host installs the service without a question; a host that was removed stays stopped [INS-01] [ENR-13]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const api = await server.logIn();
    const machine = await bootMachine(lab, "attic");
    const made = await api.post<{ script: string; token: string }>(
      "/api/enrolment/tokens",
      {
        hostname: "attic",
        repository: {
          url: "/srv/repository",
          mode: "create",
          credential: { password: repositoryPassword },
        },
        source: { name: "default", includes: ["/etc"] },
      },
    );
    writeFileSync(machine.at("root/install-attic.sh"), made.script);
    const ended = await machine.sh("bash install-attic.sh");
    expect([ended.code, ended.text]).toEqual([
      0,
      expect.stringContaining(`${unit} runs`),
    ]);
    expect(await agentState(machine)).toBe("enabled running");
    const { hosts } = await api.get<{ hosts: Host[] }>("/api/hosts");
    const host = await online(api, hosts[0]?.id ?? "");
    expect(host.name).toBe("attic");

    writeFileSync(machine.at("root/token"), made.token);
    const key = await server.serverKey();
    const again = await install(machine, server.url, [
      "--server-key",
      key,
      "--token-file",
      "token",
    ]);
    expect((await again.exit(30_000)).code).toBe(0);
    expect(again.text()).toContain("the token was not used");
    await online(api, host.id);

    const { name } = host;
    const gone = await api.ask("DELETE", `/api/hosts/${host.id}`, { name });
    expect(gone.status).toBe(200);
    await waitFor(
      "the removed agent stops",
      async () => (await agentState(machine)) === "enabled failed",
      15_000,
    );
    expect(await machine.show(unit, "ExecMainStatus")).toBe("5");
    const log = await machine.sh(`journalctl --no-pager --unit ${unit}`);
    expect(log.text).toMatch(/removed this host/);
  }),
  limit,
);

test.concurrent(
  "systemd leaves an agent alone that only a person can help, and starts any other again [ENR-09]",
  inLab(async (lab) => {
    const machine = await bootMachine(lab, "laptop");
    mkdirSync(machine.at("etc/systemd/system"), { recursive: true });
    copyFileSync(
      join(root, `install/systemd/${unit}`),
      machine.at(`etc/systemd/system/${unit}`),
    );
    for (const [code, becomes] of [
      [1, "auto-restart"],
      [2, "failed"],
      [3, "failed"],
      [4, "failed"],
      [5, "failed"],
    ] as const) {
      await machine.sh(
        `printf '#!/bin/sh\nexit ${code}\n' >/usr/local/bin/restic-manager-agent; chmod 755 /usr/local/bin/restic-manager-agent; systemctl daemon-reload; systemctl stop ${unit}; systemctl start ${unit}`,
      );
      await waitFor(
        `after exit ${code} the unit is ${becomes}`,
        async () => (await machine.show(unit, "SubState")) === becomes,
      );
      expect(await machine.show(unit, "ExecMainStatus")).toBe(`${code}`);
    }
  }),
  limit,
);

test("the units ask for few rights: exposure by systemd-analyze security [INS-01]", () => {
  for (const [name, most] of [
    ["agent", 51],
    ["server", 16],
  ] as const) {
    const { status, stdout } = spawnSync(
      "systemd-analyze",
      [
        "security",
        "--offline=true",
        "--no-pager",
        `--threshold=${most}`,
        join(root, `install/systemd/restic-manager-${name}.service`),
      ],
      { encoding: "utf8" },
    );
    expect([name, status, stdout.split("\n").at(-2)]).toEqual([
      name,
      0,
      expect.stringContaining("Overall exposure level"),
    ]);
  }
});
