import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { mintedPassword, openToken } from "./fixture-identities.ts";
import { at, id, now } from "./moments.ts";
import { hostDetail } from "./seed-hosts.ts";
import { useStage } from "./stage.ts";
import { emptyWorld, seededWorld } from "./world.ts";

const stage = useStage();
const form = "/?add=token";
const make = (page: Page) => page.getByRole("button", { name: "Make token" });

async function fill(page: Page): Promise<void> {
  await page.getByLabel("Host name").fill("web-03");
  await page
    .getByLabel("Server", { exact: true })
    .fill("https://vault.lan:8000");
}

test("everything a host needs is said beforehand and becomes a token [ENR-10]", () =>
  stage.play(emptyWorld(), "/", async ({ page, server, complaints }) => {
    await page.getByRole("link", { name: "a one-time token" }).click();
    await page.getByRole("dialog", { name: "Add host" }).waitFor();
    await fill(page);
    await page.getByLabel("Tags").fill("web, production, web");
    await page.getByText("Whole disk").click();
    expect(await page.getByLabel("Paths to back up").inputValue()).toBe("/");
    await page.getByLabel("User", { exact: true }).fill("web-03");
    await make(page).click();
    await page.getByText("Run this on web-03").waitFor();
    expect(server.sent).toEqual([
      {
        method: "POST",
        path: "/api/enrolment/tokens",
        csrf: "csrf-of-the-test",
        body: {
          hostname: "web-03",
          tags: ["web", "production"],
          repository: {
            url: "rest:https://vault.lan:8000/web-03/",
            mode: "create",
            credential: { username: "web-03", env: {} },
          },
          source: {
            name: "default",
            includes: ["/"],
            excludes: expect.arrayContaining(["**/.cache"]),
            options: { exclude_caches: true, one_file_system: true },
          },
        },
      },
    ]);
    expect(complaints).toEqual([]);
  }));

test("the script that is downloaded is the server's, under the host's name [ENR-10]", () =>
  stage.play(seededWorld(), form, async ({ page, complaints }) => {
    await fill(page);
    await make(page).click();
    const downloading = page.waitForEvent("download");
    await page
      .getByRole("link", { name: "Download install-web-03.sh" })
      .click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe("install-web-03.sh");
    const script = readFileSync(await download.path(), "utf8");
    expect(script).toContain(`TOKEN=rmt_${id("TOKweb-03")}_`);
    const command = page.getByText("--token-stdin").first();
    expect(await command.isVisible()).toBe(true);
    expect(complaints).toEqual([]);
  }));

test("what the server made is shown once: it must be saved before the dialog closes, and a reload does not show it [ENR-12]", () =>
  stage.play(seededWorld(), form, async ({ page }) => {
    await fill(page);
    await page.getByLabel("User", { exact: true }).fill("web-03");
    await make(page).click();
    await page.getByText(mintedPassword).waitFor();
    await page.getByText("web-03:$2b$12$").waitFor();
    const done = page.getByRole("button", { name: "Done" });
    expect(await done.isDisabled()).toBe(true);
    expect(await page.getByRole("button", { name: "Close" }).isDisabled()).toBe(
      true,
    );
    await page.keyboard.press("Escape");
    expect(await page.getByText(mintedPassword).isVisible()).toBe(true);
    const asked = page.waitForEvent("dialog");
    const leaving = page.reload();
    const question = await asked;
    expect(question.type()).toBe("beforeunload");
    await question.accept();
    await leaving;
    await make(page).waitFor();
    expect(await page.content()).not.toContain(mintedPassword);
    expect(await page.getByText(mintedPassword).count()).toBe(0);
    await page.getByText("1 token made in the last hour").waitFor();
  }));

test("once it is saved the dialog closes, and nothing of it stays in the page [ENR-12]", () =>
  stage.play(seededWorld(), form, async ({ page }) => {
    await fill(page);
    await make(page).click();
    await page.getByLabel("I have saved it").check();
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.waitForURL((url) => url.search === "");
    expect(await page.getByText(mintedPassword).count()).toBe(0);
    const stored = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }]),
    );
    expect(stored).not.toContain(mintedPassword);
  }));

test("faults are named at their fields, before and after the server is asked [ENR-10]", () =>
  stage.play(seededWorld(), form, async ({ page, server }) => {
    await make(page).click();
    await page.getByText("Name the host.").waitFor();
    await page.getByText("Name the server, for example").waitFor();
    expect(server.sent).toEqual([]);
    await fill(page);
    server.refuse("POST /api/enrolment/tokens", {
      status: 422,
      code: "invalid_request",
      message: "Some fields are wrong.",
      fields: {
        hostname: { code: "invalid", message: "This name is taken." },
        "repository.url": { code: "invalid", message: "Use https." },
        "tags.0": { code: "invalid", message: "Write a tag." },
      },
    });
    await make(page).click();
    await page.getByText("This name is taken.").waitFor();
    const invalid = (label: string) =>
      page.getByLabel(label, { exact: true }).getAttribute("aria-invalid");
    expect(await invalid("Host name")).toBe("true");
    expect(await invalid("Server")).toBe("true");
    expect(await invalid("Tags")).toBe("true");
    expect(await page.getByLabel("Server", { exact: true }).inputValue()).toBe(
      "https://vault.lan:8000",
    );
  }));

test("open tokens are listed and can be taken back [ENR-10]", () =>
  stage.play(
    { ...seededWorld(), tokens: [openToken("db-02"), openToken("db-03")] },
    form,
    async ({ page, server }) => {
      await page.getByText("2 tokens made in the last hour").click();
      await page.getByText("rest:https://vault.lan:8000/db-03/").waitFor();
      await page
        .getByRole("button", { name: "Revoke the token of db-02" })
        .click();
      await page.getByText("The token of db-02 is revoked").waitFor();
      await page.getByText("1 token made in the last hour").waitFor();
      expect(server.sent.map(({ method, path }) => [method, path])).toEqual([
        ["DELETE", `/api/enrolment/tokens/${id("TOKdb-02")}`],
      ]);
    },
  ));

test("the dialog says when the host has joined [ENR-10]", () =>
  stage.play(seededWorld(), form, async ({ page, server }) => {
    await fill(page);
    await make(page).click();
    await page.getByText("Waiting for web-03").waitFor();
    const joined = hostDetail("web-03");
    server.world.hosts.push(joined);
    server.world.tokens = server.world.tokens.map((token) => ({
      ...token,
      used_at: at(now),
      host_id: joined.id,
    }));
    server.push("fleet", { type: "host.changed", host: joined });
    await page.getByText("web-03 has joined.").waitFor();
    expect(
      await page.getByRole("link", { name: "Open it" }).getAttribute("href"),
    ).toBe(`/hosts/${joined.id}`);
  }));
