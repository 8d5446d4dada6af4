/** install.sh and the agent's unit on a machine with systemd, against the server as it is built. */
import { beforeAll, expect, test } from "bun:test";
import { dirname, join } from "node:path";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { accept, online, pendingOf } from "./rig/agent.ts";
import type { Api } from "./rig/api.ts";
import { debianRoot } from "./rig/debian.ts";
import { jobEnds, repositoryPassword, runNow, setUp } from "./rig/jobs.ts";
import { inLab, type Lab } from "./rig/lab.ts";
import { bootMachine, type Machine } from "./rig/machine.ts";
import { root } from "./rig/places.ts";
import type { Program } from "./rig/program.ts";
import { type Server, startServer } from "./rig/server.ts";
import type { Host } from "./rig/types.ts";
import { waitFor } from "./rig/wait.ts";

const limit = 90_000;
const unit = "restic-manager-agent.service";
beforeAll(() => void debianRoot(), 300_000);

/** Downloads install.sh from the server, as the documentation says, and starts it. */
async function install(
  machine: Machine,
  url: string,
  args: readonly string[],
): Promise<Program> {
  const { code, text } = await machine.sh(
    `curl -fsS -o install.sh ${url}/install/install.sh`,
  );
  expect([code, text]).toEqual([0, ""]);
  return machine.start(
    ["bash", "install.sh", "--server", url, ...args],
    "install.sh",
  );
}

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

async function announced(api: Api, script: Program) {
  const [, fingerprint = ""] = await script.line(
    /Compare[^:]*:\s+(SHA256:[0-9a-f]{64})/,
    30_000,
  );
  return pendingOf(api, fingerprint);
}

const state = async (machine: Machine): Promise<string> =>
  `${await machine.show(unit, "UnitFileState")} ${await machine.show(unit, "SubState")}`;

const rights = (machine: Machine, path: string): string => {
  const { mode, uid } = statSync(machine.at(path));
  return `${(mode & 0o777).toString(8)} ${uid}`;
};

test(
  "the service is enabled, comes back after SIGKILL and a reboot, and backs up what only root can read [INS-01]",
  inLab(async (lab) => {
    const { api, host, machine } = await installed(lab);
    expect(await state(machine)).toBe("enabled running");
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

    const pid = await machine.show(unit, "MainPID");
    await machine.sh(`kill -KILL ${pid}`);
    await waitFor(
      "systemd starts it again",
      async () =>
        (await machine.show(unit, "MainPID")) !== pid &&
        (await machine.show(unit, "NRestarts")) === "1" &&
        (await machine.show(unit, "SubState")) === "running",
      15_000,
    );
    await online(api, host.id);

    await machine.reboot();
    expect(await state(machine)).toBe("enabled running");
    expect(await online(api, host.id)).toMatchObject({ id: host.id });
  }),
  limit,
);

test(
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
    expect(await state(machine)).toBe("enabled running");
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

test(
  "an altered download, another processor and a machine without rights install nothing [INS-01] [INS-05]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const machine = await bootMachine(lab, "laptop");
    const between = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(request) {
        const { pathname, search } = new URL(request.url);
        const answer = await fetch(`${server.url}${pathname}${search}`);
        if (pathname !== "/agent/binary") return answer;
        const bytes = new Uint8Array(await answer.arrayBuffer());
        bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
        return new Response(bytes);
      },
    });
    lab.defer(() => between.stop(true));

    const altered = await install(
      machine,
      `http://127.0.0.1:${between.port}`,
      [],
    );
    expect((await altered.exit(30_000)).code).toBe(1);
    expect(altered.text()).toContain("does not match its checksum");
    const refused = [
      [
        `setarch i686 bash install.sh --server ${server.url}`,
        /^error: there is no agent for i686; x86_64 and aarch64 are supported\n$/,
      ],
      [
        `setpriv --reuid=1234 --clear-groups bash </root/install.sh -s -- --server ${server.url}`,
        /^error: run as root/,
      ],
    ] as const;
    for (const [command, sentence] of refused) {
      const ended = await machine.sh(command);
      expect([ended.code, ended.text]).toEqual([
        1,
        expect.stringMatching(sentence),
      ]);
    }
    const unknown = await fetch(
      `${server.url}/agent/binary?os=linux&arch=mips`,
    );
    expect([unknown.status, await unknown.json()]).toEqual([
      404,
      expect.objectContaining({ code: "platform_unknown" }),
    ]);
    const left = await machine.sh(
      "find /usr/local/bin /etc/systemd/system /var/lib /etc -name '*restic-manager*'",
    );
    expect(left).toEqual({ code: 0, text: "" });
  }),
  limit,
);

/** What ran restic before, in every place where somebody may have put it. */
const earlier: Readonly<Record<string, string>> = {
  "etc/systemd/system/nightly.timer":
    "[Timer]\nOnCalendar=03:00\n[Install]\nWantedBy=timers.target\n",
  "etc/systemd/system/nightly.service":
    "[Service]\nExecStart=/usr/bin/restic backup /home\n",
  "usr/lib/systemd/system/restic-check.timer":
    "[Timer]\nOnCalendar=weekly\nUnit=check.service\n[Install]\nWantedBy=timers.target\n",
  "usr/lib/systemd/system/check.service":
    "[Service]\nExecStart=/usr/bin/restic check\n",
  "etc/crontab":
    "17 * * * * root cd / && run-parts /etc/cron.hourly\n5 1 * * * root restic backup /root\n",
  "etc/cron.d/backups": "0 3 * * * root restic backup /etc\n",
  "etc/cron.daily/dump": "#!/bin/sh\nexec restic backup /srv\n",
};

const listOfFiles =
  "find /etc /usr/lib/systemd /var/spool/cron -type f ! -path '*restic-manager*' ! -name '*.cache' -exec sha256sum {} + | sort -k 2; stat -c '%a' /etc/cron.daily/dump; ls /etc/systemd/system/timers.target.wants";

test(
  "backup jobs of before are found in all five places and left alone, and the printed commands disable them [INS-02]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const api = await server.logIn();
    const machine = await bootMachine(lab, "oldtimer");
    for (const [path, text] of Object.entries(earlier)) {
      mkdirSync(dirname(machine.at(path)), { recursive: true });
      writeFileSync(machine.at(path), text);
    }
    await machine.sh(
      "chmod 755 /etc/cron.daily/dump; echo '5 4 * * * restic forget --prune' | crontab -; systemctl daemon-reload; systemctl enable --now nightly.timer restic-check.timer",
    );
    const before = await machine.sh(listOfFiles);
    expect(before.text).toContain("restic-check.timer");

    const script = await install(machine, server.url, []);
    await accept(api, await announced(api, script));
    expect((await script.exit()).code).toBe(0);
    expect((await machine.sh(listOfFiles)).text).toBe(before.text);
    const timers =
      "systemctl is-enabled nightly.timer restic-check.timer; systemctl is-active nightly.timer restic-check.timer";
    expect((await machine.sh(timers)).text).toBe(
      "enabled\nenabled\nactive\nactive\n",
    );

    const commands = script
      .text()
      .split("\n")
      .filter((line) => /^ {4}(systemctl|sed|crontab|chmod) /.test(line));
    expect(commands).toHaveLength(6);
    for (const command of commands)
      expect([command, (await machine.sh(command)).code]).toEqual([command, 0]);
    expect((await machine.sh(timers)).text).toBe(
      "disabled\ndisabled\ninactive\ninactive\n",
    );
    const left = await machine.sh(
      "grep -h '^[^#].*restic' /etc/crontab /etc/cron.d/* /var/spool/cron/crontabs/*; run-parts --test /etc/cron.daily | grep dump; grep -c hourly /etc/crontab",
    );
    expect(left.text).toBe("1\n");
  }),
  limit,
);

test(
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
    ["agent", 50],
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
