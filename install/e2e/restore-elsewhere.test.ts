/** Files that go to another host or into a browser. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Agent,
  approvedHost,
  enrolAgent,
  resticProcesses,
} from "./rig/agent.ts";
import { jobEnds, jobIn, repositoryPassword } from "./rig/jobs.ts";
import { inLab, type Lab } from "./rig/lab.ts";
import { output, resticByHand } from "./rig/repository.ts";
import {
  askRestore,
  downloadOf,
  oddNames,
  restoreBody,
  restoreEnds,
  type RestoreStand,
  restoreStand,
  startRestore,
  treeOf,
  writeOddFiles,
} from "./rig/restores.ts";
import type { ApiError, Host, Job, RestoreCheck } from "./rig/types.ts";
import { change, filesWith } from "./rig/upkeep.ts";
import { waitFor } from "./rig/wait.ts";

const limit = 240_000;

test(
  "files of one host appear below another folder of a second one, which keeps nothing that opens the repository; the key made for it is gone afterwards, also when the server is killed meanwhile [RTR-07]",
  inLab(async (lab) => {
    const stand = await restoreStand(lab, { megabytes: 12 });
    const { api, server, source, at, gate, repository } = stand;
    const other = await secondHost(lab, stand);
    const wish = {
      host: other.host,
      paths: [source],
      strip: source,
      to: join(lab.dir, "elsewhere", "<job-id>"),
    };
    const comesBack = ({ id, state, error }: Job) => {
      expect([state, error]).toEqual(["succeeded", null]);
      const target = join(lab.dir, "elsewhere", id);
      expect(treeOf(target)).toEqual(treeOf(source));
    };
    const check = () =>
      api.post<RestoreCheck>(
        at("restore/check"),
        restoreBody(stand.host, wish),
      );
    const keys = async () =>
      (
        await resticByHand(repository, repositoryPassword, ["list", "keys"])
      ).stdout
        .trim()
        .split("\n").length;

    for (const confirm of ["", stand.host.name]) {
      const refused = await askRestore(stand, { ...wish, confirm });
      expect([refused.status, refused.body.code]).toEqual([
        409,
        "name_mismatch",
      ]);
    }
    const confirmed = { ...wish, confirm: other.host.name };
    expect((await check()).revocation).toBe("forgotten_only");
    comesBack(await restoreEnds(stand, confirmed));
    expect(await keys()).toBe(1);

    const credential = `/api/repositories/${stand.repositoryId}/admin-credential`;
    await change(api, "PUT", credential, {});
    expect((await check()).revocation).toBe("temporary_key");
    gate.back.pace(3_000_000);
    const { id } = await startRestore(stand, confirmed);
    await jobIn(api, id, ["running"]);
    expect(await keys()).toBe(2);
    await server.kill();
    await server.start();
    gate.back.pace(Infinity);
    const again = await server.logIn();
    comesBack(await jobEnds(again, id, 60_000));
    // Where the first host is back too late for the first attempt, the next one is a minute later.
    await waitFor(
      "the temporary key is removed",
      async () => (await keys()) === 1,
      150_000,
    );
    for (const secret of [repositoryPassword, "rest-server-user-password"])
      expect(await filesWith(secret, [other.agent])).toEqual([]);
  }),
  limit,
);

test(
  "a file, a folder and several of both arrive in the browser as they were, under their names, and no part of them is written on the endpoint [DIF-01]",
  inLab(async (lab) => {
    const stand = await restoreStand(lab, {
      prepare(source) {
        writeOddFiles(source);
        writeFileSync(join(source, "canary.txt"), "canary-of-a-download");
      },
    });
    const { source, agent } = stand;
    const odd = join(source, "odd");
    const [, , emoji = ""] = oddNames;

    const raw = await downloadOf(stand, [join(odd, emoji)], "raw");
    expect(raw.headers.get("content-disposition")).toContain(
      `filename*=UTF-8''${encodeURIComponent(emoji)}`,
    );
    expect(await raw.text()).toBe(`in ${emoji}`);

    const folder = await downloadOf(stand, [odd], "tar");
    const expected = inSeconds(treeOf(odd));
    const one = await unpacked(lab, folder);
    expect(inSeconds(treeOf(join(one, odd)))).toEqual(expected);

    const canary = join(source, "canary.txt");
    const both = await unpacked(
      lab,
      await downloadOf(stand, [odd, canary], "tar"),
    );
    expect(inSeconds(treeOf(join(both, odd)))).toEqual(expected);
    expect(readFileSync(join(both, canary), "utf8")).toBe(
      "canary-of-a-download",
    );

    const zip = Buffer.from(
      await (
        await downloadOf(stand, [join(source, "notes")], "zip")
      ).arrayBuffer(),
    );
    expect(zip.subarray(0, 4).toString("latin1")).toBe("PK\x03\x04");
    for (let note = 0; note < 20; note += 1)
      expect(zip.includes(`notes/note-${note}.txt`)).toBe(true);

    expect(await filesWith("canary-of-a-download", [agent])).toEqual([]);
    const nothing = await downloadOf(stand, ["/no/such"], "raw");
    expect([nothing.status, ((await nothing.json()) as ApiError).code]).toEqual(
      [404, "path_not_found"],
    );
  }),
  limit,
);

test(
  "a browser that stops reading stops restic, one that leaves ends it, and a download that breaks never looks whole [DIF-01] [RES-02]",
  inLab(async (lab) => {
    const megabytes = 48;
    const stand = await restoreStand(lab, {
      prepare: (source) => writeBig(join(source, "big.bin"), megabytes),
    });
    const { source, gate } = stand;
    const file = join(source, "big.bin");
    const begin = async () => {
      const leaving = new AbortController();
      const answer = await downloadOf(stand, [file], "raw", {
        signal: leaving.signal,
      });
      const reader = answer.body?.getReader();
      if (reader === undefined) throw new Error("no body");
      await reader.read();
      return { reader, leave: () => leaving.abort() };
    };

    const whole = await downloadOf(stand, [file], "raw");
    expect(
      Buffer.from(await whole.arrayBuffer()).equals(readFileSync(file)),
    ).toBe(true);

    const before = gate.back.passed();
    const idle = await begin();
    await waitFor("nothing moves any more", restOf(gate.back.passed));
    expect(resticProcesses(lab)).toHaveLength(1);
    expect(gate.back.passed() - before).toBeLessThan(statSync(file).size * 0.8);
    idle.leave();
    await waitFor(
      "restic ends with the browser",
      () => resticProcesses(lab).length === 0,
    );

    const broken = await begin();
    for (const { pid } of resticProcesses(lab)) process.kill(pid, "SIGKILL");
    const readAll = async () => {
      while (!(await broken.reader.read()).done);
    };
    await expect(readAll()).rejects.toThrow();

    const many = [await begin(), await begin()];
    const full = await downloadOf(stand, [file], "raw");
    expect([full.status, ((await full.json()) as ApiError).code]).toEqual([
      503,
      "downloads_full",
    ]);
    for (const { leave } of many) leave();
    await waitFor("restic ends", () => resticProcesses(lab).length === 0);
  }),
  limit,
);

async function secondHost(
  lab: Lab,
  { server, api }: RestoreStand,
): Promise<{ agent: Agent; host: Host }> {
  const agent = await enrolAgent(lab, server, {
    name: "second",
    hostname: "second",
  });
  return { agent, host: await approvedHost(api, agent) };
}

/** Archives know no finer times; restic rounds to them. */
function inSeconds(tree: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tree).map(([path, what]) => [
      path,
      what.replace(
        /^(\d+ )(\d+) /,
        (_all, mode: string, ns: string) =>
          `${mode}${Math.round(Number(ns) / 1e9)} `,
      ),
    ]),
  );
}

/** The folder that an archive was unpacked in. */
async function unpacked(lab: Lab, answer: Response): Promise<string> {
  const dir = mkdtempSync(join(lab.dir, "unpacked-"));
  const file = `${dir}.tar`;
  writeFileSync(file, Buffer.from(await answer.arrayBuffer()));
  const { code, stderr } = await output(
    "/usr/bin/tar",
    ["--extract", `--file=${file}`, `--directory=${dir}`],
    {},
  );
  expect([code, stderr]).toEqual([0, ""]);
  return dir;
}

function writeBig(file: string, megabytes: number): void {
  const block = () => crypto.getRandomValues(new Uint8Array(65_536));
  writeFileSync(
    file,
    Buffer.concat(Array.from({ length: megabytes * 16 }, block)),
  );
}

/** Asks again and again; true once a number has stayed the same for a second. */
function restOf(read: () => number): () => boolean {
  let last = -1;
  let same = 0;
  return () => {
    same = read() === last ? same + 1 : 0;
    last = read();
    return same === 40;
  };
}
