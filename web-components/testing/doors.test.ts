import { expect, test } from "bun:test";
import { useStage } from "./stage.ts";
import { emptyWorld, seededWorld, visitorSession } from "./world.ts";

const stage = useStage();

test("a visitor logs in with the keyboard alone and lands where they wanted to go [UI-01]", () =>
  stage.play(
    { ...seededWorld(), session: visitorSession() },
    "/jobs",
    async ({ page, server }) => {
      await page.getByRole("heading", { name: "Log in" }).waitFor();
      await page.keyboard.type("sam.keller");
      await page.keyboard.press("Tab");
      await page.keyboard.type("wrong");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").waitFor();
      expect(await page.getByRole("alert").innerText()).toBe(
        "Wrong user name or password.",
      );
      expect(
        await page
          .getByLabel("Password")
          .evaluate((field) => field === document.activeElement),
      ).toBe(true);
      await page.keyboard.press("Control+a");
      await page.keyboard.type("correct horse battery");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: "Jobs" }).waitFor();
      expect(server.sent.at(-1)?.body).toEqual({
        username: "sam.keller",
        password: "correct horse battery",
      });
    },
  ));

test("after too many failed log-ins the page says how long to wait [AUT-06]", () =>
  stage.play(
    { ...seededWorld(), session: visitorSession() },
    "/",
    async ({ page, server }) => {
      const message = "Too many failed log-ins. Try again in 40 seconds.";
      const refusal = { status: 429, code: "login_throttled", message };
      server.refuse("POST /api/auth/login", refusal);
      await page.getByLabel("User name").fill("sam.keller");
      await page.getByLabel("Password").fill("wrong");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").waitFor();
      expect(await page.getByRole("alert").innerText()).toBe(message);
    },
  ));

test("a session elsewhere is seen and ended, and a failure to end it is said [AUT-08]", () =>
  stage.play(seededWorld(), "/account", async ({ page, server }) => {
    const end = page.getByRole("button", { name: /^End the session/ });
    await page.getByText("This browser", { exact: true }).waitFor();
    const [, phone] = server.world.sessions;
    const path = `/api/auth/sessions/${phone?.id}`;
    const message = "Something went wrong here.";
    server.refuse(`DELETE ${path}`, { status: 500, code: "internal", message });
    await end.click();
    await page.getByText(message).waitFor();
    server.refuse(`DELETE ${path}`, null);
    await end.click();
    await page.getByText("The session has ended").waitFor();
    await end.waitFor({ state: "detached" });
    expect(server.sent.at(-1)).toMatchObject({ method: "DELETE", path });
  }));

test("the first administrator is made from the bootstrap link with the keyboard alone [UI-01] [AUT-04]", () =>
  stage.play(
    { ...emptyWorld(), session: visitorSession(true) },
    "/bootstrap?token=once",
    async ({ page, server }) => {
      await page
        .getByRole("heading", { name: "First administrator" })
        .waitFor();
      await page.keyboard.type("admin");
      await page.keyboard.press("Tab");
      await page.keyboard.type("short");
      await page.keyboard.press("Enter");
      await page.getByText("Use at least 12 characters.").waitFor();
      await page.keyboard.press("Control+a");
      await page.keyboard.type("a long enough password");
      await page.keyboard.press("Tab");
      await page.keyboard.type("a long enough password");
      await page.keyboard.press("Enter");
      await page
        .getByRole("heading", { level: 1, name: "No hosts yet" })
        .waitFor();
      expect(server.sent).toEqual([
        {
          method: "POST",
          path: "/api/auth/bootstrap",
          body: {
            token: "once",
            username: "admin",
            password: "a long enough password",
          },
          csrf: "",
        },
      ]);
    },
  ));

test("a used bootstrap link is refused with the reason", () =>
  stage.play(
    { ...emptyWorld(), session: visitorSession() },
    "/bootstrap?token=used",
    async ({ page, server }) => {
      server.refuse("POST /api/auth/bootstrap", {
        status: 409,
        code: "bootstrap_closed",
        message: "The first administrator exists; log in.",
      });
      await page.getByLabel("User name").fill("admin");
      await page
        .getByLabel("Password", { exact: true })
        .fill("a long enough password");
      await page.getByLabel("Password again").fill("a long enough password");
      await page.keyboard.press("Enter");
      await page.getByText("The first administrator exists; log in.").waitFor();
    },
  ));

test("the login page says how to make the first user while there is none", () =>
  stage.play(
    { ...emptyWorld(), session: visitorSession(true) },
    "/",
    async ({ page }) => {
      await page
        .getByText("Open the bootstrap address that the server printed")
        .waitFor();
    },
  ));

test("logging out leaves nothing of the page behind", () =>
  stage.play(seededWorld(), "/", async ({ page, server }) => {
    await page.getByText("Live", { exact: true }).first().waitFor();
    await page.getByRole("button", { name: /sam\.keller/ }).click();
    await page.getByRole("menuitem", { name: "Log out" }).click();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    expect(server.sent.map(({ path, csrf }) => [path, csrf])).toEqual([
      ["/api/auth/logout", "csrf-of-the-test"],
    ]);
    expect(await page.getByText("pg-primary").count()).toBe(0);
  }));

test("a log-out that fails is said to have failed, and can be tried again", () =>
  stage.play(seededWorld(), "/", async ({ page, server }) => {
    const logOut = async () => {
      await page.getByRole("button", { name: /sam\.keller/ }).click();
      await page.getByRole("menuitem", { name: "Log out" }).click();
    };
    const message = "Something went wrong here.";
    const refusal = { status: 500, code: "internal", message };
    server.refuse("POST /api/auth/logout", refusal);
    await logOut();
    await page.getByText(message).waitFor();
    await page.getByRole("table", { name: "Hosts" }).waitFor();
    server.refuse("POST /api/auth/logout", null);
    await logOut();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
  }));

test("a proxy's page in place of the session is told, and asked past", () =>
  stage.play(seededWorld(), "/", async ({ page }) => {
    await page.route("**/api/auth/session", (route) =>
      route.fulfill({
        contentType: "text/html",
        body: "<title>Log in</title>",
      }),
    );
    await page.reload();
    await page.getByText("but not with what was asked for").waitFor();
    await page.unroute("**/api/auth/session");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("table", { name: "Hosts" }).waitFor();
  }));

test("a session that ends on the server's side leads to the login page", () =>
  stage.play(seededWorld(), "/", async ({ page, server }) => {
    await page.getByText("Live", { exact: true }).first().waitFor();
    server.world.session = visitorSession();
    server.dropLive({ refusing: true });
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    expect(new URL(page.url()).searchParams.get("next")).toBe("/");
  }));

test("over plain HTTP off this machine a banner says what that means, and copying still works", () =>
  stage.play(
    emptyWorld(),
    "/",
    async ({ page }) => {
      await page.getByText("This connection is not encrypted.").waitFor();
      await page
        .getByRole("button", { name: "Copy the command" })
        .first()
        .click();
      await page.getByText("Copied").first().waitFor();
      await page.getByRole("button", { name: "Dismiss" }).click();
      expect(
        await page.getByText("This connection is not encrypted.").count(),
      ).toBe(0);
    },
    { host: "backup.test" },
  ));
