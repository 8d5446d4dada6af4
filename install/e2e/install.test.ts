/** install.sh on a machine with systemd: what it refuses, and what it finds. */
import { beforeAll, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { accept, online } from "./rig/agent.ts";
import { debianRoot } from "./rig/debian.ts";
import { announced, install } from "./rig/installer.ts";
import { inLab } from "./rig/lab.ts";
import { bootMachine } from "./rig/machine.ts";
import { startProxy } from "./rig/proxy.ts";
import { startServer } from "./rig/server.ts";

const limit = 120_000;

beforeAll(() => void debianRoot(), 300_000);

test.concurrent(
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

test.concurrent(
  "a machine joins, and is upgraded, through a proxy whose certificate only a file vouches for [INS-01]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const api = await server.logIn();
    const proxy = await startProxy(lab, "nginx", server.port);
    const machine = await bootMachine(lab, "remote");
    copyFileSync(proxy.certificates.ca, machine.at("root/ca.pem"));
    const download = `curl -fsS --cacert ca.pem -o install.sh ${proxy.url}/install/install.sh`;
    expect(await machine.sh(download)).toEqual({ code: 0, text: "" });

    const unknown = await machine.sh(`bash install.sh --server ${proxy.url}`);
    expect([unknown.code, unknown.text]).toEqual([
      1,
      expect.stringMatching(/error: cannot download https:/),
    ]);
    const script = machine.start(
      [
        "bash",
        "install.sh",
        "--server",
        proxy.url,
        "--server-key",
        await server.serverKey(),
        "--server-ca",
        "ca.pem",
      ],
      "install.sh",
    );
    const { id } = await accept(api, await announced(api, script));
    expect((await script.exit()).code).toBe(0);
    await online(api, id);

    const upgrade = await machine.sh(
      `rm ca.pem; bash install.sh --server ${proxy.url}`,
    );
    expect([upgrade.code, upgrade.text]).toEqual([
      0,
      expect.stringContaining("keeps its identity"),
    ]);
    await online(api, id);
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

test.concurrent(
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
