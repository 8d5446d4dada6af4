import { expect, test } from "bun:test";
import { freePort, inLab } from "./rig/lab.ts";
import { serverFile } from "./rig/places.ts";
import { startServer } from "./rig/server.ts";

test(
  "a second server on the same data ends before it listens, and one that was killed leaves the data free",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const second = lab.start(serverFile, [], {
      name: "second server",
      env: {
        RM_LISTEN: `127.0.0.1:${await freePort()}`,
        RM_DATA_DIR: server.dataDir,
      },
    });
    expect(await second.exit()).toEqual({ code: 1, signal: null });
    expect(second.text()).toContain(
      `Another restic-manager-server runs on ${server.dataDir}.`,
    );
    expect(second.text()).not.toContain("Listening");
    const api = await server.logIn();

    await server.kill();
    await server.start();
    await api.get("/api/hosts");
  }),
  60_000,
);
