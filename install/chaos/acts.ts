import { waitFor } from "../e2e/rig/wait.ts";
import { type Act, type Fault, serverHost } from "./plan.ts";
import type { World } from "./world.ts";

/** Puts right what an act did. */
type Undo = () => void | Promise<void>;
const nothing: Undo = () => {};

/** Does what the plan says. Null when there was nothing to do it to. */
export async function perform(world: World, act: Act): Promise<Undo | null> {
  return acts[act.fault](world, act);
}

const acts: Record<Fault, (world: World, act: Act) => Promise<Undo | null>> = {
  async kill(world, { on }) {
    const target = programOf(world, on);
    await target.kill();
    return target.start;
  },
  async stop(world, { on }) {
    const target = programOf(world, on);
    await target.stop();
    return target.start;
  },
  "kill-broker": async ({ server }) => killed(server.broker()),
  async "kill-restic"(world, { on }) {
    const { restic } = endpointOf(world, on);
    return killed(await waitFor("restic runs", restic, 3000).catch(() => null));
  },
  async cut({ network }, { on }) {
    network.cut(on);
    return () => network.heal(on);
  },
  async reset({ network }, { on }) {
    network.reset(on);
    return nothing;
  },
  async "fill-disk"(world, { on }) {
    const { host } = programOf(world, on);
    return host.fill() ? host.free : null;
  },
  async "set-clock"(world, { on, seconds }) {
    const { host } = programOf(world, on);
    return host.setClock(seconds) ? () => void host.setClock(0) : null;
  },
  "copy-database": async ({ server }) =>
    (await server.copyDatabase()) ? nothing : null,
  "put-back": async ({ server }) =>
    (await server.putBack()) ? server.start : null,
};

function killed(
  process: { readonly pid: number } | null | undefined,
): Undo | null {
  if (process === null || process === undefined) return null;
  try {
    globalThis.process.kill(process.pid, "SIGKILL");
  } catch {
    // It ended in the same instant.
    return null;
  }
  return nothing;
}

function programOf(world: World, name: string) {
  return name === serverHost ? world.server : endpointOf(world, name);
}

function endpointOf({ endpoints }: World, name: string) {
  const endpoint = endpoints.find(({ host }) => host.name === name);
  if (endpoint === undefined) throw new Error(`no endpoint ${name}`);
  return endpoint;
}
