import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../e2e/rig/lab.ts";
import { tool } from "../e2e/rig/places.ts";
import { waitFor } from "../e2e/rig/wait.ts";
import type { Network } from "./network.ts";
import { storeHost } from "./plan.ts";

/** A rest-server from which nothing can be deleted. */
export interface Store {
  readonly user: { readonly name: string; readonly password: string };
  /** Address of a repository for restic run by hand. */
  repository(name: string): string;
}

export async function startStore(lab: Lab, network: Network): Promise<Store> {
  const user = { name: "backup", password: "rest-server-user-password" };
  const htpasswd = join(lab.dir, "htpasswd");
  const hash = Bun.password.hashSync(user.password, {
    algorithm: "bcrypt",
    cost: 4,
  });
  writeFileSync(htpasswd, `${user.name}:${hash}\n`);
  const { ip, port } = await network.listen(storeHost);
  const [file = "", ...args] = network.command(storeHost, [
    tool("rest-server"),
    "--append-only",
    "--listen",
    `${ip}:${port}`,
    "--path",
    lab.folder("store"),
    "--htpasswd-file",
    htpasswd,
  ]);
  const program = lab.start(file, args, { name: storeHost });
  const address = await network.reach("control", storeHost);
  await waitFor(
    "rest-server answers",
    () =>
      fetch(`http://${address}`).then(
        () => true,
        () => false,
      ),
    10_000,
    program.text,
  );
  return {
    user,
    repository: (name) =>
      `rest:http://${user.name}:${user.password}@${address}/${name}/`,
  };
}
