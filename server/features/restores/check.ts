import { restoreCheckResult } from "@restic-manager/shared/api/restores.ts";
import type {
  RestoreCheck,
  RestoreCheckBody,
} from "@restic-manager/shared/api/restores.ts";
import { repoKind } from "@restic-manager/shared/domain/repo-url.ts";
import type { RestoreCheckSecret } from "@restic-manager/shared/protocol/command.ts";
import { AppError } from "../../app-error.ts";
import type { AgentCommands } from "../../ports/agent-link.ts";
import type { Actor } from "../../ports/route.ts";
import type { Transaction } from "../../ports/transaction.ts";
import { describeRestore, sumUp } from "./plan.ts";
import type { createPlan, LookUp, Plan, Source } from "./plan.ts";
import type { SealTo } from "./sealed-command.ts";

/** Asks the host what it would find. Nothing is written, there or here. */
export type CheckRestore = (
  source: Source,
  body: RestoreCheckBody,
  actor: Actor,
) => Promise<RestoreCheck>;

/** The agent's own limit is 60 s. */
const answerMs = 75_000;

const notAsked =
  "What would be overwritten is not known: the host gets access to the repository only when the restore begins.";

export function createCheckRestore(deps: {
  tx: Transaction;
  plan: ReturnType<typeof createPlan>;
  lookUp: LookUp;
  commands: AgentCommands;
  seal: SealTo;
}): CheckRestore {
  return async (source, body, actor) => {
    const plan = await deps.tx.run((trx) =>
      deps.plan(trx, source, body, actor),
    );
    const { host, revocation } = plan;
    const isOwn = host.usesRepository;
    const secret: RestoreCheckSecret = {
      url: isOwn ? plan.access.url : null,
      credential: isOwn ? plan.access.credential : null,
      ...describeRestore(plan, await sumUp(plan, deps.lookUp)),
    };
    const answer = await deps.commands.send(
      host.id,
      "restore.check",
      (id) => ({ box: deps.seal(host, "restore-check", id, secret) }),
      restoreCheckResult,
      answerMs,
    );
    if (!answer.ok)
      throw new AppError("restore_refused", {
        message: answer.message,
        agentCode: answer.code,
      });
    const { result } = answer;
    return {
      ...result,
      dry_run_problem: isOwn ? result.dry_run_problem : notAsked,
      warnings: [
        ...whereabouts(plan),
        ...lastingLogin(plan),
        ...result.warnings,
      ].slice(0, 20),
      revocation,
    };
  };
}

/** What opens the way to the repository is the same for every host: no temporary key stands in for that. */
function lastingLogin({ host, access }: Plan): string[] {
  const { username, user_password, env } = access.credential;
  const hasLogin =
    repoKind(access.url) === "rest" &&
    (username !== undefined || user_password !== undefined);
  const names = [
    ...(hasLogin ? ["the user and password of the rest-server"] : []),
    ...Object.keys(env),
  ];
  if (host.usesRepository || names.length === 0) return [];
  return [
    `${host.name} also gets what the storage of the repository is reached with: ${names.join(", ")}. These stay valid after the job: who controls that host could have kept them.`,
  ];
}

/** A repository that another host may not find under its address. */
function whereabouts({ host, snapshot }: Plan): string[] {
  const { repositoryUrl: url } = snapshot;
  if (host.usesRepository) return [];
  if (repoKind(url) === "local")
    return [
      `The repository is the folder ${url}: ${host.name} must find the same one under this path.`,
    ];
  if (repoKind(url) === "sftp")
    return [
      `The repository is reached over SSH: root on ${host.name} needs a key of its own for it.`,
    ];
  return [];
}
