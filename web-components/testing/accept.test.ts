import { expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { fingerprints, hostDetail, pendingHost } from "./seed-hosts.ts";
import { useStage } from "./stage.ts";
import { emptyWorld, seededWorld, type World } from "./world.ts";

const stage = useStage();
const fresh = hostDetail("fresh").id;

function waitingWorld(): World {
  return {
    ...emptyWorld(),
    pending: [pendingHost("fresh", fingerprints.laptop)],
  };
}

function online() {
  return hostDetail("fresh", {
    health: "no_backup",
    set_up: false,
    last: null,
    next: null,
    snapshots: 0,
    since: 0,
  });
}

/** Goes with Tab to the control of that name. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  for (let step = 0; step < 60; step += 1) {
    await page.keyboard.press("Tab");
    const here = await page.evaluate(() => {
      let element = document.activeElement;
      while (element?.shadowRoot?.activeElement)
        element = element.shadowRoot.activeElement;
      const labels =
        element instanceof HTMLInputElement ||
        element instanceof HTMLTextAreaElement
          ? [...(element.labels ?? [])]
          : [];
      return (
        element?.getAttribute("aria-label") ??
        (
          labels.map((label) => label.innerText).join(" ") ||
          (element?.textContent ?? "")
        ).trim()
      );
    });
    if (typeof name === "string" ? here === name : name.test(here)) return;
  }
  throw new Error(`Tab does not reach ${name}`);
}

test("a pasted fingerprint is compared group by group, and a wrong one blocks Accept [ENR-04]", () =>
  stage.play(seededWorld(), "/", async ({ page }) => {
    const field = page.getByLabel(
      "Fingerprint from the terminal of laptop-jonas",
    );
    const accept = page.getByRole("button", { name: "Accept laptop-jonas" });
    const groups = (verdict: string) =>
      page
        .locator("rm-fingerprint")
        .first()
        .locator(`.code .${verdict}`)
        .count();
    await field.fill(`SHA256:${fingerprints.laptop.slice(7, 21)}`);
    expect([await groups("hit"), await groups("miss")]).toEqual([4, 0]);
    await field.fill(fingerprints.laptop.replace("c08e", "c08f"));
    await page.getByText("Different, do not accept").waitFor();
    expect([await groups("hit"), await groups("miss")]).toEqual([15, 1]);
    expect(await accept.isDisabled()).toBe(true);
    await field.fill(fingerprints.laptop.toUpperCase().replace(/.{8}/g, "$& "));
    await page.getByText("Match", { exact: true }).waitFor();
    expect(await accept.isDisabled()).toBe(false);
  }));

test("a name that is taken is pointed out, and the other host stays when one is rejected [ENR-08]", () =>
  stage.play(seededWorld(), "/", async ({ page, server }) => {
    await page
      .getByText(
        "A host named web-02 is already enrolled with a different key.",
      )
      .waitFor();
    await page.getByRole("button", { name: "Reject web-02" }).click();
    await page.getByText("1 host is waiting for approval").waitFor();
    await page.getByRole("button", { name: "Accept laptop-jonas" }).waitFor();
    expect(server.sent.map(({ path }) => path.split("/").at(-1))).toEqual([
      "reject",
    ]);
  }));

test("the first host is accepted and set up with the keyboard alone [UI-05] [ENR-05]", () =>
  stage.play(waitingWorld(), "/", async ({ page, server, complaints }) => {
    await page.getByRole("button", { name: "Accept fresh" }).waitFor();
    await tabTo(page, "Accept fresh");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Accept fresh" }).waitFor();
    await tabTo(page, "Fingerprint from the terminal of fresh, to compare");
    await page.keyboard.insertText(fingerprints.laptop);
    await page.getByText("Match", { exact: true }).last().waitFor();
    await tabTo(page, "Accept");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Set up fresh" }).waitFor();
    await page.getByText("fresh is accepted and connects now.").waitFor();
    const submit = page.getByRole("button", {
      name: "Create repository and save",
    });
    expect(await submit.isDisabled()).toBe(true);
    server.push("fleet", { type: "host.changed", host: online() });
    await page.getByText("fresh is accepted and online.").waitFor();

    await tabTo(page, "Paths to back up");
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText("/srv\n/etc");
    await tabTo(page, "node_modules");
    await page.keyboard.press("Space");
    await tabTo(page, "Server");
    await page.keyboard.insertText("https://vault.lan:8000");
    await tabTo(page, "User");
    await page.keyboard.insertText("fresh");
    await tabTo(page, "Password of the user");
    await page.keyboard.insertText("http-secret");
    const minted = await page.locator(".minted code").innerText();
    await tabTo(page, "Create repository and save");
    await page.keyboard.press("Enter");
    await page.getByText("Save the password first, then say so.").waitFor();
    expect(server.sent.some(({ path }) => path.endsWith("/setup"))).toBe(false);
    await page.keyboard.press("Space");
    await tabTo(page, "Create repository and save");
    await page.keyboard.press("Enter");

    await page.getByRole("button", { name: "Run first backup" }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/hosts/${fresh}`);
    const [accepted, saved] = server.sent;
    expect(accepted?.body).toEqual({ fingerprint: fingerprints.laptop });
    expect(saved).toEqual({
      method: "POST",
      path: `/api/hosts/${fresh}/setup`,
      csrf: "csrf-of-the-test",
      body: {
        repository: {
          url: "rest:https://vault.lan:8000/fresh/",
          mode: "create",
          credential: {
            password: minted,
            username: "fresh",
            user_password: "http-secret",
            env: {},
          },
        },
        source: {
          name: "default",
          includes: ["/srv", "/etc"],
          excludes: expect.arrayContaining(["**/.cache", "**/node_modules"]),
          options: { exclude_caches: true, one_file_system: false },
        },
      },
    });
    expect(minted).toMatch(/^[\w-]{32}$/);
    expect(complaints).toEqual([]);
  }));

test("what the agent could not do is said at the field it is about, and nothing typed is lost", () =>
  stage.play(
    seededWorld(),
    `/hosts/${hostDetail("new-nas").id}?setup`,
    async ({ page, server }) => {
      const message =
        "The repository's server refused the login: check user and password, access keys, or root's SSH key and known_hosts.";
      server.refuse(`POST /api/hosts/${hostDetail("new-nas").id}/setup`, {
        status: 422,
        code: "repository_test_failed",
        message,
        cause: "repository_denied",
      });
      await page
        .getByLabel("Server", { exact: true })
        .fill("https://vault.lan:8000");
      await page.getByLabel("User", { exact: true }).fill("somebody");
      await page.getByLabel("I have saved it").check();
      await page
        .getByRole("button", { name: "Create repository and save" })
        .click();
      const notice = page.getByRole("alert");
      await notice.getByText("repository_denied").waitFor();
      expect(await notice.innerText()).toContain("See the marked field.");
      expect(await page.getByText(message).count()).toBe(1);
      const user = page.getByLabel("User", { exact: true });
      expect(await user.getAttribute("aria-invalid")).toBe("true");
      expect(
        await user.evaluate(
          (field) =>
            field === (field.getRootNode() as ShadowRoot).activeElement,
        ),
      ).toBe(true);
      expect(await user.inputValue()).toBe("somebody");
      expect(await page.getByLabel("I have saved it").isChecked()).toBe(true);
      await user.fill("new-nas");
      expect(await user.getAttribute("aria-invalid")).toBeNull();
      expect(await notice.count()).toBe(0);
      await page.getByLabel("Server", { exact: true }).fill("");
      await page
        .getByRole("button", { name: "Create repository and save" })
        .click();
      await page.getByText("Name the server, for example").waitFor();
      expect(await page.getByRole("alert").count()).toBe(0);
    },
  ));

test("an existing repository is tested without saving anything, and needs no new password", () =>
  stage.play(
    seededWorld(),
    `/hosts/${hostDetail("new-nas").id}?setup`,
    async ({ page, server }) => {
      await page.getByText("Existing repository").click();
      await page.getByText("S3", { exact: true }).click();
      await page.getByLabel("Bucket", { exact: true }).fill("backups");
      await page.getByLabel("Access key ID").fill("AKIA");
      await page.getByLabel("Secret access key").fill("s3-secret");
      await page.getByLabel("Repository password").fill("theirs");
      await page.getByRole("button", { name: "Test repository" }).click();
      await page
        .getByText("holds 12 snapshots. Nothing is saved yet.")
        .waitFor();
      expect(server.sent.map(({ path }) => path.split("/").at(-1))).toEqual([
        "repository-test",
      ]);
      await page.getByRole("button", { name: "Test and save" }).click();
      await page
        .getByText("new-nas is set up; the repository holds 12 snapshots")
        .waitFor();
      expect(server.sent.at(-1)?.body).toMatchObject({
        repository: {
          url: "s3:https://s3.amazonaws.com/backups/new-nas",
          mode: "existing",
          credential: {
            password: "theirs",
            env: {
              AWS_ACCESS_KEY_ID: "AKIA",
              AWS_SECRET_ACCESS_KEY: "s3-secret",
            },
          },
        },
      });
    },
  ));

test("two people who decide about the same host: the second is told", () =>
  stage.play(waitingWorld(), "/", async ({ page, server }) => {
    const message = "Someone else has already decided about this host; reload.";
    await page.getByRole("button", { name: "Accept fresh" }).click();
    server.world.pending = [];
    await page.getByRole("button", { name: "I have compared, accept" }).click();
    await page.getByText(message).waitFor();
  }));

/** What the server tells of an acceptance, and when its answer comes. */
const orders = {
  "before the answer": ["list", "host", "answer"],
  "after the answer": ["answer", "host", "list"],
  "around the answer": ["host", "answer", "list"],
} as const;

for (const [when, order] of Object.entries(orders)) {
  test(`accepting the first host leads to its set-up, also when live updates come ${when} [ENR-05]`, () =>
    stage.play(waitingWorld(), "/", async ({ page, server }) => {
      await server.heard("fleet");
      await page.getByRole("button", { name: "Accept fresh" }).click();
      const path = `/api/pending/${server.world.pending[0]!.id}/accept`;
      const accepting = server.hold(`POST ${path}`);
      const listing = server.hold("GET /api/hosts");
      await page
        .getByRole("button", { name: "I have compared, accept" })
        .click();
      await accepting.reached;
      const tell = {
        list: () =>
          server.push("fleet", { type: "pending.changed", pending: [] }),
        host: () =>
          server.push("fleet", { type: "host.changed", host: online() }),
        answer: async () => {
          accepting.release();
          await listing.reached;
        },
      };
      for (const step of order) await tell[step]();
      server.dropLive({ refusing: false });
      listing.release();
      await page.getByRole("dialog", { name: "Set up fresh" }).waitFor();
      await page.getByText("fresh is accepted and").waitFor();
      await server.heard("fleet");
      await page.getByRole("table", { name: "Hosts" }).waitFor();
      expect(
        await page.getByRole("dialog", { name: "Set up fresh" }).count(),
      ).toBe(1);
      expect(
        await page.getByRole("dialog", { name: "Accept fresh" }).count(),
      ).toBe(0);
    }));
}
