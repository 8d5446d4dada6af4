import { expect, test } from "bun:test";
import { editedWorld } from "./editor-screens.ts";
import { id } from "./moments.ts";
import { hostDetail } from "./seed-hosts.ts";
import { useStage } from "./stage.ts";
import { userSession } from "./world.ts";

const stage = useStage();
const host = hostDetail("pg-primary").id;
const path = `/hosts/${host}?tab=hooks`;

test("a source group has its host's default, a script of its own, or none [HKS-01]", () =>
  stage.play(editedWorld(), path, async ({ page, server }) => {
    const card = page.getByRole("region", { name: "default", exact: true });
    await card.getByText("the host’s default, which is nothing").waitFor();
    await card.getByText("systemctl start wiki").waitFor();
    await card.getByRole("button", { name: "Edit hooks: default" }).click();
    const before = card.getByRole("group", { name: "Before the backup" });
    await before.getByText("Own script").click();
    await card.getByRole("button", { name: "Save hooks" }).click();
    await card.getByText("Write the script, or choose none.").waitFor();
    await card.getByLabel("Script", { exact: true }).fill("docker stop wiki");
    const after = card.getByRole("group", { name: "After the backup" });
    await after.getByText("None").click();
    await card.getByLabel("Time limit, in minutes").fill("5");
    await card.getByRole("button", { name: "Save hooks" }).click();
    await page.getByText("Hooks saved; the agent takes it over").waitFor();
    await card.getByText("docker stop wiki").waitFor();
    expect(server.sent.map(({ path: to, body }) => [to, body])).toEqual([
      [
        `/api/sources/${id("SOURCE")}/hooks`,
        { pre: "docker stop wiki", post: "", timeout_s: 300 },
      ],
    ]);
  }));

test("a host has defaults, and the shell that runs all of its hooks [HKS-01] [HKS-05]", () =>
  stage.play(editedWorld(), path, async ({ page, server }) => {
    const card = page.getByRole("region", { name: "Defaults of pg-primary" });
    await card.getByText("/bin/bash -c").waitFor();
    await card.getByRole("button", { name: /Edit hooks/ }).click();
    const shell = card.getByLabel("Shell");
    expect(await shell.inputValue()).toBe("bash");
    await shell.selectOption({ label: "Another program" });
    await card.getByLabel("Program and arguments").fill("/usr/bin/fish\n-c");
    await card.getByRole("button", { name: "Save hooks" }).click();
    await card.getByText("/usr/bin/fish -c").waitFor();
    expect(server.sent.map(({ body }) => body)).toEqual([
      {
        pre: "",
        post: "systemctl start wiki\n",
        timeout_s: 600,
        shell: ["/usr/bin/fish", "-c"],
      },
    ]);
  }));

test("hooks that cannot be decrypted are said to be, and are entered again [HKS-04]", () => {
  const world = editedWorld();
  const lost = { pre: null, post: null, timeout_s: 600 };
  return stage.play(
    {
      ...world,
      groupHooks: { [id("SOURCE")]: { hooks: lost, unreadable: true } },
    },
    path,
    async ({ page }) => {
      const card = page.getByRole("region", { name: "default", exact: true });
      await card.getByText("What is stored cannot be decrypted").waitFor();
      await card.getByRole("button", { name: "Edit hooks: default" }).click();
      await card.getByRole("button", { name: "Save hooks" }).click();
      await card
        .getByText("What is stored cannot be decrypted")
        .waitFor({ state: "detached" });
    },
  );
});

test("who may not edit hooks has no tab of them, and nothing of them is asked for [HKS-04] [UI-12]", () =>
  stage.play(
    { ...editedWorld(), session: userSession("operator") },
    path,
    async ({ page }) => {
      await page.getByRole("heading", { name: "Last 30 days" }).waitFor();
      expect(await page.locator("rm-tabs").getByText("Hooks").count()).toBe(0);
      const asked: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      await page.getByRole("link", { name: "Sources" }).click();
      await page.getByText("before: its own; after: the host’s").waitFor();
      expect(asked.filter((url) => url.endsWith("/hooks"))).toEqual([]);
    },
  ));
