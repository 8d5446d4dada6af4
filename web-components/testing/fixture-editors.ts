import type {
  GroupHooks,
  HostHooks,
  HostHooksSpec,
} from "@restic-manager/shared/api/hooks.ts";
import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";
import type {
  Schedule,
  SchedulePatch,
  ScheduleSpec,
} from "@restic-manager/shared/api/schedules.ts";
import { type HookSpec, noHooks } from "@restic-manager/shared/domain/hook.ts";
import type { SourceGroupSpec } from "@restic-manager/shared/domain/source.ts";
import type { Answer, Call } from "./fixture-api.ts";
import { at, id, now } from "./moments.ts";

const { unreadable: _, ...none } = noHooks;

/** What the editors of a host ask for. */
export const editorRoutes: readonly (readonly [
  RegExp,
  (call: Call) => Answer,
])[] = [
  [/^PATCH \/api\/hosts\/(\w+)$/, patchHost],
  [
    /^GET \/api\/hosts\/\w+\/sources$/,
    ({ world }) => ({ body: { groups: world.sources } }),
  ],
  [/^POST \/api\/hosts\/\w+\/sources$/, createSource],
  [/^PUT \/api\/sources\/(\w+)$/, replaceSource],
  [/^DELETE \/api\/sources\/(\w+)$/, removeSource],
  [
    /^GET \/api\/hosts\/\w+\/schedules$/,
    ({ world }) => ({ body: { schedules: world.schedules } }),
  ],
  [/^GET \/api\/hosts\/\w+\/schedules\/preview$/, preview],
  [/^POST \/api\/hosts\/\w+\/schedules$/, createSchedule],
  [/^PATCH \/api\/schedules\/(\w+)$/, patchSchedule],
  [
    /^DELETE \/api\/schedules\/(\w+)$/,
    ({ world, params }) => {
      world.schedules = world.schedules.filter(({ id }) => id !== params[0]);
      return { body: undefined };
    },
  ],
  [
    /^GET \/api\/hosts\/\w+\/hooks$/,
    ({ world }) => ({ body: world.hostHooks }),
  ],
  [/^PUT \/api\/hosts\/\w+\/hooks$/, saveHostHooks],
  [
    /^GET \/api\/sources\/(\w+)\/hooks$/,
    ({ world, params }) => ({ body: hooksOf(world, params[0]) }),
  ],
  [/^PUT \/api\/sources\/(\w+)\/hooks$/, saveGroupHooks],
];

export const emptyHostHooks: HostHooks = {
  hooks: { ...none, shell: null },
  unreadable: false,
};

function patchHost({ world, params, body }: Call): Answer {
  world.hosts = world.hosts.map((host) =>
    host.id === params[0] ? Object.assign({ ...host }, body) : host,
  );
  return { body: world.hosts.find((host) => host.id === params[0]) };
}

function createSource({ world, body }: Call): Answer {
  const group = { ...newGroup(id("NEWGROUP")), ...given(body) };
  world.sources = [...world.sources, group];
  return { body: group };
}

function replaceSource({ world, params, body }: Call): Answer {
  const stored = world.sources.find((group) => group.id === params[0]);
  const refused = outdated(stored, given(body));
  if (refused !== null) return refused;
  world.sources = world.sources.map((group) =>
    group === stored
      ? { ...group, ...given(body), revision: raised(group) }
      : group,
  );
  return { body: world.sources.find((group) => group.id === params[0]) };
}

function removeSource({ world, params }: Call): Answer {
  const users = world.schedules.filter(({ group_ids }) =>
    group_ids.includes(params[0]!),
  );
  if (users.length > 0)
    return {
      refused: {
        status: 409,
        code: "source_group_used",
        message:
          "Schedules run this source group; take it out of them, or delete them, first.",
        used_by: users.map(({ id: of, cron }) => ({ id: of, name: cron })),
      },
    };
  world.sources = world.sources.filter((group) => group.id !== params[0]);
  return { body: undefined };
}

function given(body: unknown): SourceGroupSpec & Partial<SourceGroup> {
  return body as SourceGroupSpec & Partial<SourceGroup>;
}

export function newGroup(groupId: string): SourceGroup {
  return {
    id: groupId,
    name: "",
    repository_id: null,
    includes: [],
    excludes: [],
    options: { exclude_caches: true, one_file_system: false },
    retention: {},
    retry: { max: 3, backoff_s: 60 },
    hooks: { pre: "none", post: "none", unreadable: false },
    schedule_ids: [],
    conflict: null,
    revision: "1",
  };
}

/** What a change is refused with that was made from an older one. */
function outdated(
  stored: { revision: string } | undefined,
  { revision }: { revision?: string | undefined },
): Answer | null {
  return revision === undefined || revision === stored?.revision
    ? null
    : {
        refused: {
          status: 409,
          code: "changed_meanwhile",
          message: "Somebody else has changed this since you opened it.",
        },
      };
}

function raised({ revision }: { revision: string }): string {
  return String(Number(revision) + 1);
}

/** The zone of every seeded host. */
const tz = "Europe/Berlin";

function fires(cron: string): string[] | null {
  const next: string[] = [];
  let from = now;
  try {
    while (next.length < 5) {
      const fire = Bun.cron.parse(cron, from, { tz })?.getTime();
      if (fire === undefined) return null;
      next.push(at(fire));
      from = fire;
    }
  } catch {
    return null;
  }
  return next;
}

function cronRefused(): Answer {
  const message = "Use five cron fields, for example 30 2 * * *.";
  return {
    refused: {
      status: 400,
      code: "invalid_request",
      message: "The request is not valid; the fields say what to change.",
      fields: { cron: { code: "invalid", message } },
    },
  };
}

function preview({ query }: Call): Answer {
  const next = fires(query.get("cron") ?? "");
  return next === null ? cronRefused() : { body: { tz, next } };
}

function createSchedule({ world, body }: Call): Answer {
  const spec = body as ScheduleSpec;
  const next = fires(spec.cron);
  if (next === null) return cronRefused();
  const made = { ...newSchedule(id("NEWSCHEDULE")), ...spec };
  world.schedules = [...world.schedules, made];
  return { body: made };
}

export function newSchedule(scheduleId: string): Schedule {
  return {
    id: scheduleId,
    cron: "0 2 * * *",
    enabled: true,
    group_ids: [],
    tz,
    next: [],
    problem: null,
    missed: [],
    applied: false,
    revision: "1",
  };
}

function patchSchedule({ world, params, body }: Call): Answer {
  const change = body as SchedulePatch;
  if (change.cron !== undefined && fires(change.cron) === null)
    return cronRefused();
  const stored = world.schedules.find(({ id: of }) => of === params[0]);
  const refused = outdated(stored, change);
  if (refused !== null) return refused;
  world.schedules = world.schedules.map((schedule) =>
    schedule === stored
      ? Object.assign({ ...schedule }, change, { revision: raised(schedule) })
      : schedule,
  );
  return { body: world.schedules.find(({ id: of }) => of === params[0]) };
}

function hooksOf(
  world: Call["world"],
  groupId: string | undefined,
): GroupHooks {
  const { shell: __, ...inherited } = world.hostHooks.hooks;
  return {
    inherited,
    ...(world.groupHooks[groupId ?? ""] ?? { hooks: none, unreadable: false }),
  };
}

function saveGroupHooks({ world, params, body }: Call): Answer {
  const hooks = body as HookSpec;
  world.groupHooks = {
    ...world.groupHooks,
    [params[0]!]: { hooks, unreadable: false },
  };
  return { body: hooksOf(world, params[0]) };
}

function saveHostHooks({ world, body }: Call): Answer {
  world.hostHooks = { hooks: body as HostHooksSpec, unreadable: false };
  return { body: world.hostHooks };
}
