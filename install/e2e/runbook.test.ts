/** docs/runbook.md, followed word for word; only ports are others and the pasted command is the dashboard's. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Browser } from "playwright-core";
import { launchBrowser, openTab } from "./rig/browser.ts";
import {
  compareAndAccept,
  copyCommand,
  createButton,
  fillRepository,
  makeAdministrator,
  mintedPassword,
  runFirst,
} from "./rig/first-steps.ts";
import { freePort, inLab, type Lab } from "./rig/lab.ts";
import { root, serverFile, tool } from "./rig/places.ts";
import type { Program } from "./rig/program.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

test(
  "a reader of the runbook gets from nothing to a snapshot on the host's page, and restic lists it [DOC-08]",
  inLab(async (lab) => {
    const ports = { "8000": await freePort(), "8080": await freePort() };
    const [store, server, host, restic] = documented(ports);
    const storeProgram = inTerminal(lab, "store", store);
    await storeProgram.line(/start server on/);
    const { page } = await openTab(lab, browser);

    const serverProgram = inTerminal(lab, "server", server);
    const [url] = await serverProgram.line(/http:\/\/\S+\/bootstrap\S*/);
    await makeAdministrator(page, new URL(url));

    const command = await copyCommand(page);
    const [documentedStart = ""] = host.split(" --config ");
    expect(command.replace(/SHA256:\S+/, "SHA256:…")).toBe(documentedStart);
    const agent = inTerminal(
      lab,
      "agent",
      host.replace(documentedStart, command),
    );
    await compareAndAccept(page, agent);

    const dialog = await fillRepository(page, join(lab.dir, "documents"), {
      port: ports["8000"],
      path: "trial",
      user: "backup",
      password: "store-password",
    });
    const minted = await mintedPassword(dialog);
    await dialog.getByLabel("I have saved it").check();
    await createButton(dialog).click();
    await page.waitForURL(/\/hosts\//);
    const hostPage = page.url();
    await runFirst(page);
    await page
      .getByText("Succeeded", { exact: true })
      .first()
      .waitFor({ timeout: 60_000 });
    await page.goto(hostPage);
    await page.getByRole("link", { name: /^Snapshots\s*1$/ }).waitFor();

    const asked = inTerminal(
      lab,
      "restic",
      restic.replace("the repository password", minted),
    );
    expect((await asked.exit()).code).toBe(0);
    expect(asked.text()).toContain("1 snapshots");
    expect(asked.text()).toContain(join(lab.dir, "documents"));
  }),
  120_000,
);

/** The four pieces a reader types, at ports that are free here. */
function documented(
  ports: Readonly<Record<string, number>>,
): [string, string, string, string] {
  const text = readFileSync(join(root, "docs/runbook.md"), "utf8");
  const blocks = [...text.matchAll(/^```sh\n([^]*?)^```/gm)].map(
    ([, block = ""]) =>
      Object.entries(ports).reduce(
        (typed, [port, free]) => typed.replaceAll(`:${port}`, `:${free}`),
        block.trim(),
      ),
  );
  expect(blocks).toHaveLength(4);
  return blocks as [string, string, string, string];
}

/** Types lines into a terminal whose folder is the lab's; the last one is what then runs there. */
function inTerminal(lab: Lab, name: string, typed: string): Program {
  const lines = typed.split("\n");
  const last = lines.pop() ?? "";
  const script = [...lines, `exec ${last}`].join("\n");
  const path = [dirname(serverFile), dirname(tool("restic")), "/usr/bin:/bin"];
  return lab.start("/usr/bin/bash", ["-e", "-c", script], {
    name,
    env: { PATH: path.join(":"), HOME: join(lab.dir, "home") },
  });
}
