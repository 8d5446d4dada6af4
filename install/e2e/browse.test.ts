/** What is in snapshots, and what changed between them. */
import { expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resticProcesses } from "./rig/agent.ts";
import { inLab } from "./rig/lab.ts";
import { indexed, restoreStand } from "./rig/restores.ts";
import type { Diff, Folder, SnapshotIndex } from "./rig/types.ts";

test(
  "two snapshots are compared folder by folder with the bytes, also as a download; an index that was thrown away is read again when it is asked for [SNP-02] [RTR-01]",
  inLab(async (lab) => {
    const stand = await restoreStand(lab, {
      prepare(source) {
        mkdirSync(join(source, "album"));
        writeFileSync(join(source, "album/one.jpg"), "1".repeat(1000));
        writeFileSync(join(source, "album/two.jpg"), "2".repeat(2000));
      },
    });
    const { api, agent, source, at, repositoryId, snapshotId } = stand;
    rmSync(join(source, "notes/note-1.txt"));
    writeFileSync(join(source, "notes/note-2.txt"), "x".repeat(5000));
    writeFileSync(join(source, "notes/new\nline.txt"), "new");
    renameSync(join(source, "album"), join(source, "holidays"));
    const later = await stand.backUp();
    await indexed(api, at("index", later));

    const between = `/api/repositories/${repositoryId}`;
    const query = `a=${snapshotId}&b=${later}&path=${encodeURIComponent(source)}`;
    const top = await api.get<Diff>(`${between}/diff?${query}`);
    expect(top.sum).toMatchObject({ added: 4, removed: 4, changed: 1 });
    expect(top.entries.map(({ n, kind }) => `${kind} ${n}`).toSorted()).toEqual(
      ["added holidays", "changed notes", "removed album"],
    );
    expect(top.entries.find(({ n }) => n === "notes")?.sum).toMatchObject({
      added: 1,
      removed: 1,
      changed: 1,
    });

    const { body } = await api.ask<string>(
      "GET",
      `${between}/diff.ndjson?a=${snapshotId}&b=${later}`,
    );
    const lines = body
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { path: string; kind: string });
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          path: join(source, "notes/new\nline.txt"),
          kind: "added",
        }),
        expect.objectContaining({
          path: join(source, "notes/note-1.txt"),
          kind: "removed",
        }),
      ]),
    );

    const found = await api.get<{ found: { path: string }[] }>(
      at(`find?q=TWO.JPG`),
    );
    expect(found.found.map(({ path }) => path)).toEqual([
      join(source, "album/two.jpg"),
    ]);

    await api.ask("DELETE", `${between}/index`, {});
    const gone = await api.ask(
      "GET",
      at(`tree?path=${encodeURIComponent(source)}`),
    );
    expect([gone.status, gone.body.code]).toEqual([409, "not_indexed"]);
    await api.post<SnapshotIndex>(at("index"), {});
    await indexed(api, at("index"));
    // From here on nobody is asked but the server.
    await agent.program().stop();
    expect(resticProcesses(lab)).toEqual([]);
    const album = await api.get<Folder>(
      at(`tree?path=${encodeURIComponent(join(source, "album"))}`),
    );
    expect(album.entries.map(({ n, s }) => [n, s])).toEqual([
      ["one.jpg", 1000],
      ["two.jpg", 2000],
    ]);
  }),
  120_000,
);
