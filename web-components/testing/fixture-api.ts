import type { ApiErrorBody } from "@restic-manager/shared/api/errors.ts";
import type { SetUpBody } from "@restic-manager/shared/api/repos.ts";
import { at, id, now } from "./moments.ts";
import { hostDetail } from "./seed-hosts.ts";
import {
  countsOf,
  listAlerts,
  moveAlert,
  saveChannel,
  testChannel,
} from "./fixture-alerts.ts";
import { editorRoutes } from "./fixture-editors.ts";
import { makeToken, removeHost, rotateKey } from "./fixture-identities.ts";
import { repositoryRoutes } from "./fixture-repositories.ts";
import { restoreRoutes } from "./fixture-restores.ts";
import { treeRoutes } from "./fixture-trees.ts";
import { startedJob } from "./seed-jobs.ts";
import { serverKey, summaryOf, userSession, type World } from "./world.ts";

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message?: string;
  readonly fields?: NonNullable<ApiErrorBody["fields"]>;
  readonly cause?: string;
  readonly used_by?: NonNullable<ApiErrorBody["used_by"]>;
}

export type Answer = { readonly body: unknown } | { readonly refused: Refusal };

export interface Call {
  readonly world: World;
  readonly params: readonly string[];
  readonly query: URLSearchParams;
  readonly body: unknown;
}

const notFound: Answer = {
  refused: {
    status: 404,
    code: "not_found",
    message: "There is nothing at this address.",
  },
};

/** What the real server answers, in as few lines as the pages need. */
export function answer(
  world: World,
  route: string,
  query: URLSearchParams,
  body: unknown,
): Answer {
  for (const [pattern, handle] of routes) {
    const match = pattern.exec(route);
    if (match !== null)
      return handle({ world, params: match.slice(1), query, body });
  }
  return notFound;
}

const routes: readonly (readonly [RegExp, (call: Call) => Answer])[] = [
  [/^GET \/api\/auth\/session$/, ({ world }) => ok(world.session)],
  [/^POST \/api\/auth\/login$/, login],
  [
    /^POST \/api\/auth\/bootstrap$/,
    ({ world }) => {
      world.session = userSession();
      return ok(world.session);
    },
  ],
  [
    /^POST \/api\/auth\/logout$/,
    ({ world }) => {
      world.session = {
        user: null,
        csrf_token: null,
        expires_at: null,
        bootstrap_required: false,
      };
      return ok(undefined);
    },
  ],
  [
    /^GET \/api\/auth\/sessions$/,
    ({ world }) => ok({ sessions: world.sessions, next_cursor: null }),
  ],
  [
    /^DELETE \/api\/auth\/sessions\/(\w+)$/,
    ({ world, params }) => {
      world.sessions = world.sessions.filter(({ id }) => id !== params[0]);
      return ok(undefined);
    },
  ],
  [/^GET \/api\/version$/, ({ world }) => ok(world.version)],
  [
    /^GET \/api\/enrolment$/,
    ({ world }) =>
      ok({
        url: world.url,
        server_key: serverKey,
        plain_http: world.url.startsWith("http:"),
      }),
  ],
  [/^GET \/api\/fleet\/summary$/, ({ world }) => ok(summaryOf(world))],
  [
    /^GET \/api\/hosts$/,
    ({ world }) => ok({ hosts: world.hosts, next_cursor: null }),
  ],
  [
    /^GET \/api\/hosts\/(\w+)$/,
    ({ world, params }) =>
      found(world.hosts.find((host) => host.id === params[0])),
  ],
  ...editorRoutes,
  [
    /^GET \/api\/hosts\/\w+\/repositories$/,
    ({ world }) => ok({ repositories: world.repositories }),
  ],
  [/^GET \/api\/hosts\/\w+\/snapshots$/, snapshots],
  [/^POST \/api\/hosts\/(\w+)\/jobs$/, run],
  [/^POST \/api\/hosts\/(\w+)\/setup$/, setUp],
  [/^POST \/api\/hosts\/\w+\/repository-test$/, () => ok(testResult(false))],
  [/^GET \/api\/pending$/, ({ world }) => ok({ pending: world.pending })],
  [/^POST \/api\/pending\/(\w+)\/(accept|reject)$/, decide],
  [/^DELETE \/api\/hosts\/(\w+)$/, removeHost],
  [/^POST \/api\/hosts\/(\w+)\/rotate-key$/, rotateKey],
  [
    /^GET \/api\/enrolment\/tokens$/,
    ({ world }) => ok({ tokens: world.tokens }),
  ],
  [/^POST \/api\/enrolment\/tokens$/, makeToken],
  [
    /^DELETE \/api\/enrolment\/tokens\/(\w+)$/,
    ({ world, params }) => {
      world.tokens = world.tokens.filter(({ id }) => id !== params[0]);
      return ok(undefined);
    },
  ],
  [/^GET \/api\/alerts$/, listAlerts],
  [/^GET \/api\/alerts\/counts$/, ({ world }) => ok(countsOf(world.alerts))],
  [/^POST \/api\/alerts\/(\w+)\/(acknowledge|resolve)$/, moveAlert],
  [/^GET \/api\/channels$/, ({ world }) => ok({ channels: world.channels })],
  [/^(POST|PUT) \/api\/channels(?:\/(\w+))?$/, saveChannel],
  [/^POST \/api\/channels\/(\w+)\/test$/, testChannel],
  [
    /^DELETE \/api\/channels\/(\w+)$/,
    ({ world, params }) => {
      world.channels = world.channels.filter(({ id }) => id !== params[0]);
      return ok(undefined);
    },
  ],
  [/^GET \/api\/jobs$/, jobs],
  [
    /^GET \/api\/jobs\/(\w+)$/,
    ({ world, params }) =>
      found(world.jobs.find((other) => other.id === params[0])),
  ],
  [/^GET \/api\/jobs\/\w+\/log$/, logPage],
  [/^POST \/api\/jobs\/(\w+)\/cancel$/, cancel],
  ...repositoryRoutes,
  ...treeRoutes,
  ...restoreRoutes,
];

function ok(body: unknown): Answer {
  return { body };
}

function found(body: unknown): Answer {
  return body === undefined ? notFound : ok(body);
}

function login({ world, body }: Call): Answer {
  if ((body as { password: string }).password !== "correct horse battery") {
    return {
      refused: {
        status: 401,
        code: "login_failed",
        message: "Wrong user name or password.",
      },
    };
  }
  world.session = userSession();
  return ok(world.session);
}

function snapshots({ world, query }: Call): Answer {
  const from = Number(query.get("cursor") ?? 0);
  const until = from + Number(query.get("limit") ?? 50);
  return ok({
    snapshots: world.snapshots.slice(from, until),
    total: world.snapshots.length,
    refreshed_at: at(now - 8 * 3_600_000),
    next_cursor: until < world.snapshots.length ? String(until) : null,
  });
}

function jobs({ world, query }: Call): Answer {
  const wanted = (name: string, value: string | null) =>
    !query.has(name) || query.get(name) === value;
  const all = world.jobs.filter(
    (other) =>
      wanted("host_id", other.host_id) &&
      wanted("kind", other.kind) &&
      wanted("actor", other.actor) &&
      wanted("repository_id", other.repository_id) &&
      wanted("source_group_id", other.source_group_id) &&
      (query.get("state") === "running"
        ? other.finished_at === null
        : wanted("state", other.state)) &&
      other.queued_at >= (query.get("from") ?? "") &&
      other.queued_at <= (query.get("to") ?? "9"),
  );
  const after = all.findIndex((other) => other.id === query.get("cursor")) + 1;
  const page = all.slice(after, after + Number(query.get("limit") ?? 50));
  const more = after + page.length < all.length;
  return ok({
    jobs: page,
    next_cursor: more ? (page.at(-1)?.id ?? null) : null,
  });
}

function logPage({ world, query }: Call): Answer {
  const after = Number(query.get("after") ?? 0);
  const wanted = query.get("q")?.toLowerCase() ?? "";
  const found = world.log.filter(
    ({ n, l, k }) =>
      n > after &&
      l.toLowerCase().includes(wanted) &&
      (!query.has("issues") || k === "warning" || k === "error"),
  );
  const lines = found.slice(0, Number(query.get("limit") ?? 1000));
  return ok({
    lines,
    next_after: lines.length < found.length ? (lines.at(-1)?.n ?? null) : null,
  });
}

function run({ world, params }: Call): Answer {
  const host = world.hosts.find((other) => other.id === params[0]);
  if (host === undefined) return notFound;
  if (!host.online)
    return {
      refused: {
        status: 503,
        code: "host_offline",
        message: "The host is offline; nothing was queued.",
      },
    };
  const started = startedJob(world, id(`NEW${host.name}`), {
    host_id: host.id,
    host_name: host.name,
  });
  return ok(started);
}

function cancel({ world, params }: Call): Answer {
  world.jobs = world.jobs.map((other) =>
    other.id === params[0] ? { ...other, cancel_requested: true } : other,
  );
  return found(world.jobs.find((other) => other.id === params[0]));
}

function decide({ world, params, body }: Call): Answer {
  const waiting = world.pending.find((other) => other.id === params[0]);
  if (waiting === undefined) {
    return {
      refused: {
        status: 409,
        code: "pending_decided",
        message: "Someone else has already decided about this host; reload.",
      },
    };
  }
  world.pending = world.pending.filter((other) => other !== waiting);
  if (params[1] === "reject") return ok(undefined);
  if ((body as { fingerprint: string }).fingerprint !== waiting.fingerprint) {
    return {
      refused: {
        status: 409,
        code: "fingerprint_mismatch",
        message:
          "The fingerprint is not the one of this pending host; compare again.",
      },
    };
  }
  const host = hostDetail(waiting.hostname, {
    health: "no_backup",
    online: false,
    set_up: false,
    last: null,
    next: null,
    snapshots: 0,
    since: 0,
  });
  world.hosts = [...world.hosts.filter((other) => other.id !== host.id), host];
  return ok(host);
}

function setUp({ world, params, body }: Call): Answer {
  const { repository } = body as SetUpBody;
  world.hosts = world.hosts.map((host) =>
    host.id === params[0]
      ? { ...host, set_up: true, next_run_at: at(now + 14 * 3_600_000) }
      : host,
  );
  return ok({
    repository: world.repositories[0] ?? { name: "new", url: repository.url },
    group_id: id("SOURCE"),
    schedule_id: id("SCHEDULE"),
    test: testResult(repository.mode === "create", world.missingIncludes),
  });
}

function testResult(
  created: boolean,
  missing_includes: readonly string[] = [],
): unknown {
  return {
    repository_id: "7c41a90f".repeat(8),
    created,
    snapshot_count: created ? 0 : 12,
    missing_includes,
  };
}
