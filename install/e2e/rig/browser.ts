import {
  type Browser,
  type BrowserContext,
  chromium,
  type Locator,
  type Page,
} from "playwright-core";
import type { Api } from "./api.ts";
import type { Lab } from "./lab.ts";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-dev-shm-usage",
];

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: "/usr/bin/chromium-headless-shell",
    args: flags,
  });
}

/** What Chromium says of every answer with such a status, also of one that a page expects and shows. */
const refusal =
  /Failed to load resource: the server responded with a status of 4/;

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: "light" | "dark";
}

export interface Tab {
  readonly page: Page;
  /** Console errors, policy violations and requests that left this machine. */
  faults(): readonly string[];
}

/** A person's browser: own cookies, closed with the lab. The lab ends in an error when a page was at fault. */
export async function openTab(
  lab: Lab,
  browser: Browser,
  options: PageOptions = {},
): Promise<Tab> {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
    colorScheme: options.scheme ?? "light",
    reducedMotion: "reduce",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  lab.defer(() => context.close());
  return anotherTab(context);
}

/** One more tab of the same person. */
export async function anotherTab(context: BrowserContext): Promise<Tab> {
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`page error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !refusal.test(message.text()))
      faults.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (/^(https?|wss?):$/.test(protocol) && hostname !== "127.0.0.1")
      faults.push(`request to ${request.url()}`);
  });
  return { page, faults: () => faults };
}

/** Moves the focus with Tab alone until it is where it is wanted, as somebody without a mouse does. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let step = 0; step < 60; step += 1) {
    // Shadow roots have a focus of their own, so the document's is not enough.
    if (await target.evaluate((element) => element.matches(":focus"))) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`60 times Tab did not reach ${String(target)}`);
}

export async function logInByBrowser(
  page: Page,
  url: string,
  username: string,
  password: string,
): Promise<void> {
  await page.goto(`${url}/login`);
  await page.getByLabel("User name").fill(username);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL((address) => address.pathname === "/");
}

/** Makes a browser's tabs those of somebody who is logged in at the API. */
export async function enterAs(
  page: Page,
  url: string,
  api: Api,
): Promise<void> {
  const cookies = (api.headers["cookie"] ?? "").split("; ").map((text) => {
    const at = text.indexOf("=");
    return { url, name: text.slice(0, at), value: text.slice(at + 1) };
  });
  await page.context().addCookies(cookies);
}
