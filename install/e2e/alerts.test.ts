import { expect, test } from "bun:test";
import { renameSync } from "node:fs";
import { join } from "node:path";
import type { Api } from "./rig/api.ts";
import { online } from "./rig/agent.ts";
import { jobEnds, runNow, setUp } from "./rig/jobs.ts";
import { inLab } from "./rig/lab.ts";
import { type Receiver, startReceiver } from "./rig/receiver.ts";
import { writeFiles } from "./rig/repository.ts";
import { approvedStand } from "./rig/stand.ts";
import { waitFor } from "./rig/wait.ts";

const limit = 120_000;

interface Alert {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
}
interface Channel {
  readonly id: string;
  readonly waiting: number;
  readonly last_error: string | null;
}

const common = { enabled: true, severities: ["warning", "critical"] };

/** What a receiver of JSON has heard of, in order. */
const told = ({ heard }: Receiver) =>
  heard.map(({ text }) => {
    const { event, alert, id } = JSON.parse(text);
    return { event, kind: alert?.kind as string | undefined, id };
  });
const ofBackups = (receiver: Receiver) =>
  told(receiver).filter(({ kind }) => kind === "backup_failed");

const channelOf = async (api: Api, id: string) => {
  const { channels } = await api.get<{ channels: Channel[] }>("/api/channels");
  return channels.find((channel) => channel.id === id);
};
const failedBackup = async (api: Api) => {
  const { alerts } = await api.get<{ alerts: Alert[] }>("/api/alerts");
  return alerts.find(({ kind }) => kind === "backup_failed");
};

test(
  "a failed backup reaches people, also when their receiver is away and the server is killed meanwhile [NTF-01] [NTF-02] [NTF-05] [NTF-07]",
  inLab(async (lab) => {
    const { server, api, host } = await approvedStand(lab);
    const source = join(lab.dir, "source");
    writeFiles(source, 1);
    const url = join(lab.dir, "repository");
    const { group_id } = await setUp(api, host, { url, includes: [source] });
    const [pager, phone] = [await startReceiver(lab), await startReceiver(lab)];
    const { id: pagerId } = await api.post<Channel>("/api/channels", {
      ...common,
      kind: "webhook",
      name: "pager",
      url: `${pager.url}/hook`,
      auth: "token",
      secret: "canary-Pager-T0ken",
    });
    const { id: phoneId } = await api.post<Channel>("/api/channels", {
      ...common,
      kind: "ntfy",
      name: "phone",
      url: `${phone.url}/`,
      topic: "backups",
      auth: "basic",
      username: "ada",
      secret: "canary-Phone-Pa55word",
    });
    const tried = await api.post<{ ok: boolean }>(
      `/api/channels/${phoneId}/test`,
    );
    expect(tried.ok).toBe(true);

    renameSync(url, `${url}.away`);
    const job = await jobEnds(api, (await runNow(api, host, group_id)).id);
    expect(job.state).toBe("failed");

    await waitFor("the pager is told", () => ofBackups(pager)[0], 60_000);
    const message = await waitFor(
      "the phone is told",
      () => phone.heard.find(({ text }) => text.includes("The backup of")),
      60_000,
    );
    expect(pager.heard[0]?.headers).toMatchObject({
      authorization: "Bearer canary-Pager-T0ken",
      "content-type": "application/json",
      "idempotency-key": told(pager)[0]?.id,
    });
    expect([message.path, message.headers]).toMatchObject([
      "/backups",
      {
        authorization: `Basic ${btoa("ada:canary-Phone-Pa55word")}`,
        "content-type": "text/plain; charset=utf-8",
        title: `Warning: Backup failed (${host.name})`,
        priority: "4",
      },
    ]);

    // A crash after the message arrived and before that was noted.
    pager.hold(true);
    const before = ofBackups(pager).length;
    const alert = await failedBackup(api);
    await api.post(`/api/alerts/${alert?.id}/acknowledge`);
    await waitFor(
      "the pager hears of it",
      () => ofBackups(pager).length > before,
      60_000,
    );
    await server.kill();
    await pager.close();
    pager.hold(false);
    await server.start();
    const again = await server.logIn();
    await waitFor(
      "the pager is missed",
      async () => (await channelOf(again, pagerId))?.last_error,
    );
    await pager.open();
    await waitFor(
      "nothing waits",
      async () => (await channelOf(again, pagerId))?.waiting === 0,
      60_000,
    );
    const acknowledged = ofBackups(pager).slice(before);
    expect(acknowledged.map(({ event }) => event)).toEqual([
      "alert.acknowledged",
      "alert.acknowledged",
    ]);
    expect(new Set(acknowledged.map(({ id }) => id)).size).toBe(1);

    renameSync(`${url}.away`, url);
    await online(again, host.id);
    const next = await waitFor("a backup is taken on", async () => {
      const body = { kind: "backup", source_group_id: group_id };
      const path = `/api/hosts/${host.id}/jobs`;
      const answer = await again.ask<{ id: string }>("POST", path, body);
      return answer.status < 300 && answer.body;
    });
    expect((await jobEnds(again, next.id)).state).toBe("succeeded");
    await waitFor(
      "the pager is told that it is over",
      () => ofBackups(pager).at(-1)?.event === "alert.resolved",
      60_000,
    );
    expect((await failedBackup(again))?.state).toBe("resolved");
  }),
  limit,
);
