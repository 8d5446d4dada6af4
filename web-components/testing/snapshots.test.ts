import { expect, test } from "bun:test";
import { id } from "./moments.ts";
import { hostDetail } from "./seed-hosts.ts";
import { useStage } from "./stage.ts";
import { seededWorld, userSession } from "./world.ts";

const stage = useStage();
const host = hostDetail("pg-primary").id;
const path = `/hosts/${host}?tab=snapshots`;
const [first, second] = seededWorld().snapshots;

function restoreQuery(snapshot: string): string {
  return `host=${host}&repository=${id("REPO")}&snapshot=${snapshot}`;
}

test("every snapshot leads to its files, to a restore, to what changed and to a download [SNP-02] [RTR-07]", () =>
  stage.play(seededWorld(), path, async ({ page }) => {
    const row = page.getByRole("row").nth(1);
    await row.waitFor();
    const href = (name: RegExp) =>
      row.getByRole("link", { name }).getAttribute("href");
    expect(await href(/^Restore from/)).toBe(
      `/restore?${restoreQuery(first!.id)}`,
    );
    expect(await href(/^Browse/)).toBe(
      `/restore?${restoreQuery(first!.id)}&step=files`,
    );
    expect(await href(/^What changed/)).toBe(
      `/diff?host=${host}&repository=${id("REPO")}&a=${second!.id}&b=${first!.id}`,
    );
    expect(await href(/^Download everything/)).toBe(
      `/api/repositories/${id("REPO")}/snapshots/${first!.id}/download?path=%2F&format=tar`,
    );
  }));

test("a host that has made none itself counts those that its repository holds [SNP-02]", () => {
  const world = seededWorld();
  world.hosts = world.hosts.map((of) =>
    of.id === host ? { ...of, snapshot_count: 0 } : of,
  );
  return stage.play(world, path, async ({ page }) => {
    await page.getByText(/^60\s*in its repository$/).waitFor();
    await page.getByRole("link", { name: /^Snapshots\s*60$/ }).waitFor();
    expect(await page.getByText("none yet").count()).toBe(0);
  });
});

test("two snapshots are chosen and compared, the older one first [DIF-01]", () =>
  stage.play(seededWorld(), path, async ({ page, server }) => {
    const [one, , other] = server.world.snapshots;
    await page.getByLabel(`Compare ${one!.short_id}`).check();
    await page.getByText(/Choose the one to compare it with/).waitFor();
    expect(await page.getByRole("link", { name: "Compare" }).count()).toBe(0);
    await page.getByLabel(`Compare ${other!.short_id}`).check();
    await page.getByRole("link", { name: "Compare" }).click();
    await page
      .getByRole("heading", { level: 1, name: "What changed" })
      .waitFor();
    const query = new URL(page.url()).searchParams;
    expect([query.get("a"), query.get("b")]).toEqual([other!.id, one!.id]);
  }));

test("snapshots of two repositories are not compared [DIF-01]", () => {
  const world = seededWorld();
  world.snapshots = world.snapshots.map((snapshot, index) =>
    index === 1 ? { ...snapshot, repository_id: id("OTHER") } : snapshot,
  );
  return stage.play(world, path, async ({ page }) => {
    await page.getByLabel(`Compare ${first!.short_id}`).check();
    await page.getByLabel(`Compare ${second!.short_id}`).check();
    await page
      .getByText("Snapshots of two repositories cannot be compared.")
      .waitFor();
    expect(await page.getByRole("link", { name: "Compare" }).count()).toBe(0);
    await page.getByRole("button", { name: "Clear" }).click();
    expect(
      await page.getByLabel(`Compare ${first!.short_id}`).isChecked(),
    ).toBe(false);
  });
});

test("a viewer sees the snapshots and nothing that leads into them [UI-12]", () =>
  stage.play(
    { ...seededWorld(), session: userSession("viewer") },
    path,
    async ({ page }) => {
      await page.getByText("60 snapshots").waitFor();
      const table = page.getByRole("table");
      expect(await table.getByRole("link").count()).toBe(0);
      expect(await table.getByRole("checkbox").count()).toBe(0);
    },
  ));

test("the index of a repository is deleted after a word of warning [SNP-02]", () =>
  stage.play(
    seededWorld(),
    `/repositories/${id("REPO")}`,
    async ({ page, server }) => {
      const card = page.getByRole("region", { name: "Index of files" });
      await card.getByText(/38\.4\sMB/).waitFor();
      await card.getByRole("button", { name: "Delete index" }).click();
      const dialog = page.locator("rm-delete-dialog");
      await page.getByText("No backup is lost").waitFor();
      await dialog.getByRole("button", { name: "Delete index" }).click();
      await page.getByText("The index of 60 snapshots is deleted").waitFor();
      expect(server.sent.map(({ method, path: at }) => [method, at])).toEqual([
        ["DELETE", `/api/repositories/${id("REPO")}/index`],
      ]);
      await card.getByText(/^0\sB$/).waitFor();
      expect(
        await card.getByRole("button", { name: "Delete index" }).count(),
      ).toBe(0);
    },
  ));

test("an index that is built while somebody looks is shown, and can be deleted [SNP-02]", () => {
  const world = seededWorld();
  const built = world.repositoryIndex;
  return stage.play(
    {
      ...world,
      repositoryIndex: { snapshots_indexed: 0, trees: 0, bytes: 0 },
    },
    `/repositories/${id("REPO")}`,
    async ({ page, server }) => {
      const card = page.getByRole("region", { name: "Index of files" });
      await card.getByText(/^0\sB$/).waitFor();
      await server.heard("fleet");
      server.world.repositoryIndex = built;
      server.push("fleet", {
        type: "snapshots.changed",
        repository_id: id("REPO"),
        host_ids: [],
      });
      await card.getByText(/38\.4\sMB/).waitFor();
      await card.getByRole("button", { name: "Delete index" }).waitFor();
    },
  );
});

test("an index that could not be deleted is still there, with the reason [SNP-02]", () =>
  stage.play(
    seededWorld(),
    `/repositories/${id("REPO")}`,
    async ({ page, server }) => {
      server.refuse(`DELETE /api/repositories/${id("REPO")}/index`, {
        status: 500,
        code: "internal",
        message: "Something went wrong.",
      });
      await page.getByRole("button", { name: "Delete index" }).click();
      const dialog = page.locator("rm-delete-dialog");
      await dialog.getByRole("button", { name: "Delete index" }).click();
      await dialog.getByText("Something went wrong.").waitFor();
      await dialog.getByRole("button", { name: "Cancel" }).click();
      await page.getByText(/38\.4\sMB/).waitFor();
    },
  ));
