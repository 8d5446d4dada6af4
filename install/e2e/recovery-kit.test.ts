import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "bun:test";
import { enterAs, launchBrowser, openTab } from "./rig/browser.ts";
import { jobEnds, runNow } from "./rig/jobs.ts";
import { inLab } from "./rig/lab.ts";
import { tool } from "./rig/places.ts";
import { adminPassword, startServer } from "./rig/server.ts";
import { backupStand } from "./rig/stand.ts";

test(
  "with the recovery kit and restic alone everything comes back when server and agent are gone [BGK-01]",
  inLab(async (lab) => {
    const { server, agent, api, host, done, source } = await backupStand(lab);
    await jobEnds(api, (await runNow(api, host, done.group_id)).id);

    const wrong = await api.ask("POST", "/api/kit", { password: "guessed" });
    expect([wrong.status, wrong.body.code]).toEqual([403, "password_wrong"]);
    const short = await api.ask("POST", "/api/kit", {
      password: adminPassword,
      passphrase: "short",
    });
    expect(short.status).toBe(400);

    const kit = async (body: object) => {
      const answer = await fetch(`${server.url}/api/kit`, {
        method: "POST",
        headers: { ...api.headers, "content-type": "application/json" },
        body: JSON.stringify({ password: adminPassword, ...body }),
      });
      expect(answer.status).toBe(200);
      return answer;
    };
    const page = await (await kit({})).text();
    const passphrase = "twelve or more of them";
    const sealed = await (await kit({ passphrase })).bytes();
    const { entries } = await api.get<{ entries: unknown[] }>(
      "/api/audit?action=kit.export",
    );
    expect(entries).toMatchObject([
      { payload: { repositories: 1, encrypted: true } },
      { payload: { repositories: 1, encrypted: false } },
    ]);

    await agent.program().kill();
    await server.kill();

    const folder = lab.folder("after");
    const script = join(folder, "kit.sh");
    writeFileSync(script, blocksOf(page).join("\n"));
    // The way to the repository leads through this process, which must go on.
    const shell = lab.start("/bin/bash", ["-e", script], {
      name: "shell",
      cwd: folder,
      env: {
        PATH: `${dirname(tool("restic"))}:${process.env["PATH"] ?? ""}`,
        HOME: folder,
      },
    });
    expect((await shell.exit(60_000)).code).toBe(0);
    const [hostname = ""] = readdirSync(join(folder, "restored"));
    const restored = join(folder, "restored", hostname, "default", source);
    expect(
      spawnSync("diff", ["-r", source, restored], { encoding: "utf8" }).stdout,
    ).toBe("");

    // A real age, which asks on a terminal.
    const file = join(folder, "kit.age");
    writeFileSync(file, sealed);
    const opened = spawnSync(
      "script",
      ["-qec", "sleep 1; age --decrypt -o kit.html kit.age", "/dev/null"],
      { cwd: folder, input: `${passphrase}\n`, encoding: "utf8" },
    );
    expect([opened.status, opened.stdout]).toEqual([0, expect.any(String)]);
    expect(readFileSync(join(folder, "kit.html"), "utf8")).toContain(
      "restic restore latest",
    );
  }),
  120_000,
);

test(
  "the dashboard asks for the password again and hands the kit over as a file [BGK-01]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const browser = await launchBrowser();
    lab.defer(() => browser.close());
    const { page, faults } = await openTab(lab, browser);
    await enterAs(page, server.url, await server.logIn());
    await page.goto(`${server.url}/account`);
    const kit = page.getByRole("region", { name: "Recovery kit" });
    const password = kit.getByLabel("Your password");
    await kit
      .getByLabel("Passphrase of the file")
      .fill("twelve or more of them");
    await password.fill("guessed");
    await kit.getByRole("button", { name: "Download" }).click();
    await kit.getByText("This is not your password").waitFor();
    await password.fill(adminPassword);
    const downloading = page.waitForEvent("download");
    await kit.getByRole("button", { name: "Download" }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toMatch(
      /^recovery-kit-\d{4}-\d\d-\d\d\.html\.age$/,
    );
    expect(readFileSync(await download.path(), "latin1")).toStartWith(
      "age-encryption.org/v1\n",
    );
    await page.getByText("The recovery kit is downloaded").waitFor();
    expect(await password.inputValue()).toBe("");
    expect(faults()).toEqual([]);
  }),
  120_000,
);

function blocksOf(page: string): string[] {
  return [...page.matchAll(/<pre>([\s\S]*?)<\/pre>/g)].map(([, text = ""]) =>
    text
      .replaceAll("&#x27;", "'")
      .replaceAll("&quot;", '"')
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&"),
  );
}
