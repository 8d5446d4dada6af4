import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Page,
} from "playwright-core";
import { now } from "./moments.ts";

const axeSource = readFileSync(
  fileURLToPath(import.meta.resolve("axe-core/axe.min.js")),
  "utf8",
);

export interface View {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "light" | "dark";
  /** Name to reach the server by instead of its address, as from another machine. */
  readonly host?: string;
  /** Time stands still until the test moves it. */
  readonly fakeTimers?: boolean;
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    // Chromium without a window of its own: half the time of the whole one.
    executablePath:
      process.env["CHROMIUM"] ?? "/usr/bin/chromium-headless-shell",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--host-resolver-rules=MAP *.test 127.0.0.1",
    ],
  });
}

export interface OpenPage {
  readonly page: Page;
  /** Everything the browser complained about: errors, CSP violations, requests to elsewhere. */
  readonly complaints: string[];
  close(): Promise<void>;
}

/** A fresh context at the seeded moment, in one theme and size. */
export async function openPage(
  browser: Browser,
  url: string,
  view: View = {},
): Promise<OpenPage> {
  const width = view.width ?? 1440;
  const context: BrowserContext = await browser.newContext({
    viewport: { width, height: view.height ?? (width < 720 ? 844 : 900) },
    isMobile: width < 720,
    hasTouch: width < 720,
    colorScheme: view.theme ?? "light",
    // A colour half-way through a transition is nobody's contrast.
    reducedMotion: "reduce",
    timezoneId: "Europe/Berlin",
    locale: "en-GB",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  const address = new URL(url);
  if (view.host !== undefined) address.hostname = view.host;
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning")
      complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (new URL(request.url()).host !== address.host)
      complaints.push(`request to ${request.url()}`);
  });
  if (view.fakeTimers === true) await page.clock.install({ time: now });
  else await page.clock.setFixedTime(now);
  await page.goto(address.href);
  return { page, complaints, close: () => context.close() };
}

/** Violations of WCAG 2.2 A and AA and of best practice, one line each. */
export async function axeViolations(page: Page): Promise<string[]> {
  if (await page.evaluate(() => !("axe" in globalThis)))
    await page.evaluate(axeSource);
  return page.evaluate(async () => {
    // The colours of a theme just switched to are there after a frame.
    await new Promise((done) =>
      requestAnimationFrame(() => requestAnimationFrame(done)),
    );
    const { axe } = globalThis as unknown as {
      axe: { run: (node: Document, options: object) => Promise<AxeResult> };
    };
    const { violations } = await axe.run(document, {
      runOnly: [
        "wcag2a",
        "wcag2aa",
        "wcag21a",
        "wcag21aa",
        "wcag22aa",
        "best-practice",
      ],
    });
    return violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map((node) => node.target.flat().join(" ")).join(" | ")}`,
    );
  });
}

interface AxeResult {
  readonly violations: readonly {
    id: string;
    nodes: readonly { target: readonly (string | string[])[] }[];
  }[];
}

/** How many pixels the page, or what scrolls inside it, is wider than its room. */
export function sidewaysOverflow(page: Page): Promise<number> {
  return page.evaluate(() => {
    const main = document.querySelector("main");
    const inside = main === null ? 0 : main.scrollWidth - main.clientWidth;
    return Math.max(inside, document.documentElement.scrollWidth - innerWidth);
  });
}
