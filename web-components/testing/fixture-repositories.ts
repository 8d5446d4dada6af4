import type { Job } from "@restic-manager/shared/api/jobs.ts";
import type {
  AdminCredentialSpec,
  Repository,
} from "@restic-manager/shared/api/repos.ts";
import type { JobKind } from "@restic-manager/shared/domain/job.ts";
import type { MaintenanceSettings } from "@restic-manager/shared/domain/maintenance.ts";
import type { Answer, Call } from "./fixture-api.ts";
import { at, id, now } from "./moments.ts";
import { startedJob } from "./seed-jobs.ts";
import { noAdmin } from "./seed-repositories.ts";

const notFound: Answer = {
  refused: {
    status: 404,
    code: "repository_not_found",
    message: "There is no such repository.",
  },
};

/** Repositories, their admin credential and their upkeep. */
export const repositoryRoutes: readonly (readonly [
  RegExp,
  (call: Call) => Answer,
])[] = [
  [/^GET \/api\/repositories\/(\w+)$/, (call) => found(call)],
  [/^PATCH \/api\/repositories\/(\w+)$/, (call) => found(call)],
  [/^(PUT|DELETE) \/api\/repositories\/(\w+)\/admin-credential$/, setAdmin],
  [
    /^GET \/api\/repositories\/\w+\/maintenance$/,
    ({ world }) => ({ body: world.maintenance }),
  ],
  [/^PUT \/api\/repositories\/\w+\/maintenance$/, saveMaintenance],
  [
    /^POST \/api\/repositories\/(\w+)\/(forget|prune|check|unlock|unlock-all|reinit)$/,
    start,
  ],
];

function found({ world, params }: Call): Answer {
  const body = world.repositories.find(({ id }) => id === params.at(-1));
  return body === undefined ? notFound : { body };
}

function change(
  { world }: Call,
  repositoryId: string | undefined,
  next: (repository: Repository) => Repository,
): Answer {
  world.repositories = world.repositories.map((repository) =>
    repository.id === repositoryId ? next(repository) : repository,
  );
  return { body: world.repositories.find(({ id }) => id === repositoryId) };
}

function setAdmin(call: Call): Answer {
  const [method, repositoryId] = call.params;
  const { url, username, ...secrets } = call.body as AdminCredentialSpec;
  return change(call, repositoryId, (repository) => ({
    ...repository,
    admin:
      method === "DELETE"
        ? noAdmin
        : {
            ...noAdmin,
            set: true,
            url: url ?? null,
            username: username ?? null,
            password_set: Boolean(secrets.password),
            user_password_set: Boolean(secrets.user_password),
            env_names: Object.keys(secrets.env ?? {}),
            ca_set: Boolean(secrets.ca),
            updated_at: at(now),
          },
  }));
}

function saveMaintenance({ world, body }: Call): Answer {
  world.maintenance = {
    ...world.maintenance,
    settings: body as MaintenanceSettings,
  };
  return { body: world.maintenance };
}

function start({ world, params }: Call): Answer {
  const [repositoryId, action = ""] = params;
  const kind = ({ "unlock-all": "unlock", reinit: "init" }[action] ??
    action) as JobKind;
  const started: Job = startedJob(world, id(`NEW${action}`), {
    kind,
    host_name: "nas-01",
    schedule_id: null,
    source_group_id: null,
    source_group_name: null,
    repository_id: repositoryId ?? null,
  });
  return { body: started };
}
