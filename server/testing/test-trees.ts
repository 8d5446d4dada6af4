import { createHash } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import { treeText } from "@restic-manager/shared/domain/tree.ts";
import type { TreeEntry } from "@restic-manager/shared/domain/tree.ts";
import type { TestEndpoint } from "./test-endpoint.ts";
import { createTestUpkeep } from "./test-upkeep.ts";

/** A folder: names with a folder, or with a file of so many bytes. */
export interface TestFolder {
  readonly [name: string]: TestFolder | number;
}

export interface SentTree {
  readonly id: string;
  readonly part: number;
  readonly of: number;
  readonly z: string;
}

export const packed = (text: string, id = idOf(text)): SentTree => ({
  id,
  part: 0,
  of: 1,
  z: zstdCompressSync(text).toString("base64"),
});

export function idOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** The trees of a folder, those below first, as an agent sends them. */
export function treesOf(folder: TestFolder): {
  root: string;
  trees: SentTree[];
} {
  const trees: SentTree[] = [];
  function pack(content: TestFolder): string {
    const entries = Object.entries(content).map(([n, what]): TreeEntry => {
      const base = { n, m: 1_700_000_000, u: 0, g: 0 };
      return typeof what === "number"
        ? { ...base, t: "file", s: what, p: "100644" }
        : { ...base, t: "dir", s: 0, p: "40755", d: pack(what), c: 0 };
    });
    const tree = packed(treeText(entries));
    trees.push(tree);
    return tree.id;
  }
  return { root: pack(folder), trees };
}

export const snapshotOf = (number: number) => String(number).repeat(64);

/** One host that is set up, with snapshots whose contents its agent tells. */
export async function createTestTrees() {
  const server = await createTestUpkeep();
  const { repositoryId, nas, base } = server;
  const about = (number: number) => ({
    repository_id: repositoryId,
    snapshot_id: snapshotOf(number),
  });

  /** The repository's list, whole. */
  async function list(host: TestEndpoint, numbers: readonly number[]) {
    await host.report("snap.part", {
      repository_id: repositoryId,
      rev: server.random.id(),
      part: 0,
      of: 1,
      snapshots: numbers.map((number) => ({
        id: snapshotOf(number),
        time: `2026-01-0${number}T00:00:00Z`,
        hostname: host.name,
        username: "root",
        paths: ["/etc"],
        tags: ["default"],
        parent: null,
        size_bytes: null,
        file_count: null,
      })),
    });
  }

  async function tell(
    number: number,
    { root, trees }: ReturnType<typeof treesOf>,
    host = nas,
  ) {
    const have = await host.ask("tree.have", about(number));
    const put = await host.ask("tree.put", { ...about(number), trees });
    const done = await host.ask("tree.done", {
      ...about(number),
      root,
      files: 3,
      bytes: 6,
    });
    return { have, put, done };
  }

  return {
    ...server,
    about,
    list,
    tell,
    of: (number: number, what: string) =>
      server.call("GET", `${base}/snapshots/${snapshotOf(number)}/${what}`),
  };
}
