import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ApiErrorBody } from "@restic-manager/shared/api/errors.ts";
import { createTestApi, createTestWorld } from "../testing/test-api.ts";
import { agentFileRoutes } from "./agent-files.ts";

const dir = mkdtempSync(join(tmpdir(), "rm-agents-"));
afterAll(() => rmSync(dir, { recursive: true }));

function put(path: string, content: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), content);
}
put("assets/install/install.sh", "#!/usr/bin/env bash\n");
put("dist/linux-x64/restic-manager-server", "server");
put("dist/linux-x64/restic-manager-agent", "agent for x64");
put("dist/windows-x64/restic-manager-agent.exe", "agent for Windows");

const { request } = createTestApi(createTestWorld(), {
  routes: agentFileRoutes({
    assetsDir: join(dir, "assets"),
    dataDir: join(dir, "data"),
    executable: join(dir, "dist/linux-x64/restic-manager-server"),
  }),
});

async function refusal(path: string) {
  const response = await request(path);
  const { code, message } = (await response.json()) as ApiErrorBody;
  return { status: response.status, code, message };
}

test("scripts and unit files of the executable are served by name, and nothing else [PKG-03]", async () => {
  const script = await request("/install/install.sh");
  expect(await script.text()).toStartWith("#!/usr/bin/env bash");
  expect((await request("/install/..%2f..%2fsecret.key")).status).toBe(404);
  expect((await request("/install/nothing.sh")).status).toBe(404);
});

test("each platform gets its agent from beside the server [INS-05]", async () => {
  const linux = await request("/agent/binary?os=linux&arch=x64");
  expect(await linux.text()).toBe("agent for x64");
  const windows = await request("/agent/binary?os=windows&arch=x64");
  expect(await windows.text()).toBe("agent for Windows");
  expect(windows.headers.get("Content-Disposition")).toContain(
    "restic-manager-agent.exe",
  );
});

test("the checksum has the form that sha256sum reads [INS-05]", async () => {
  const sum = await request("/agent/binary.sha256?os=linux&arch=x64");
  const hash = new Bun.CryptoHasher("sha256").update("agent for x64");
  expect(await sum.text()).toBe(
    `${hash.digest("hex")}  restic-manager-agent\n`,
  );
});

test("the checksum follows the file when it is replaced [INS-05]", async () => {
  const path = "data/agents/linux-arm64/restic-manager-agent";
  const sum = async () =>
    (await request("/agent/binary.sha256?os=linux&arch=arm64")).text();
  put(path, "first");
  const before = await sum();
  expect(await sum()).toBe(before);
  put(path, "second one");
  const hash = new Bun.CryptoHasher("sha256").update("second one");
  expect(await sum()).toStartWith(hash.digest("hex"));
  rmSync(join(dir, path));
});

test("a missing agent is said with the place to put it, and the operator's file wins [INS-05]", async () => {
  const path = "agents/linux-arm64/restic-manager-agent";
  const refused = await refusal("/agent/binary?os=linux&arch=arm64");
  expect(refused).toMatchObject({
    status: 404,
    code: "agent_binary_missing",
    message: expect.stringContaining(
      "restic-manager-agent into agents/linux-arm64",
    ),
  });
  // Anybody may ask: where the server keeps its data is not theirs to know.
  expect(JSON.stringify(refused)).not.toContain(dir);
  put(`data/${path}`, "the operator's own");
  const own = await request("/agent/binary?os=linux&arch=arm64");
  expect(await own.text()).toBe("the operator's own");
});

test("an unknown platform is refused [INS-05]", async () => {
  for (const query of ["os=linux&arch=riscv", "os=..&arch=x64", ""]) {
    expect(await refusal(`/agent/binary?${query}`)).toMatchObject({
      status: 404,
      code: "platform_unknown",
    });
  }
});
