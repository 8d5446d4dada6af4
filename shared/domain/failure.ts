/**
 * Why something on an endpoint did not work. Closed list: append, never rename. The sentence names cause and remedy;
 * an agent may send a more exact one beside the code.
 */
export const failures = {
  restic_missing:
    "No usable restic: the configured restic_path cannot be run. Correct or remove it in agent.yaml.",
  restic_failed: "restic ended with an error; the job log has its words.",
  restic_killed: "restic was killed from outside.",
  restic_stalled:
    "restic made no progress for too long and was stopped; check the repository's server and disk.",
  time_limit: "The job took longer than allowed and was stopped.",
  repository_missing:
    "There is no repository at this address; check it, or choose to create a new one.",
  repository_exists:
    "A repository already exists at this address; choose it as an existing repository.",
  repository_locked:
    "The repository is locked by another process; the job log names it.",
  repository_unreachable:
    "The repository's server does not answer; check address, network and that it runs.",
  repository_denied:
    "The repository's server refused the login: check user and password, access keys, or root's SSH key and known_hosts.",
  repository_full: "There is no space left where the repository is stored.",
  repository_failed:
    "The repository could not be used; restic's words are in the message.",
  wrong_password: "The repository password is wrong.",
  repository_damaged:
    "restic found errors in the repository; the job log lists them. Keep what is there and read restic's troubleshooting guide before anything else.",
  delete_refused:
    "The snapshots that should be gone are still there: this access may not delete. Give the repository an admin credential that may.",
  repository_other:
    "There is another repository at the admin credential's address, so nothing was removed; correct the address.",
  admin_credential_missing:
    "The repository has no admin credential, which forget and prune need.",
  retention_empty:
    "No source group of this repository has a retention policy, so nothing may be removed.",
  snapshot_missing:
    "The snapshot is no longer in the repository; choose another one.",
  path_missing:
    "The snapshot does not hold what was chosen; choose again from its files.",
  target_full: "There is no space left where the files were restored to.",
  target_refused:
    "The folder to restore into cannot be used; the message says why.",
  restore_incomplete:
    "Some files, owners or permissions could not be restored; the job log lists them.",
  hook_failed:
    "The pre-hook failed, so nothing was backed up; the job log has its output.",
  hook_timeout:
    "The pre-hook took longer than allowed and was stopped, so nothing was backed up.",
  hook_unreadable:
    "The hook of this source group cannot be decrypted, so nothing was backed up: a backup without its hook may be worthless. Enter the hook again.",
  source_missing: "None of the paths to back up exists on this host.",
  source_partly_missing:
    "Some of the paths to back up do not exist on this host.",
  source_unreadable: "Some files could not be read; the job log lists them.",
  cancelled: "Cancelled by a person.",
  agent_stopped: "The agent was stopped during the job.",
  agent_restarted:
    "The agent ended unexpectedly during the job and restic ended with it.",
  host_offline:
    "The host went away before the turn of the job came, so nothing was started; run it again when the host is back.",
  host_silent:
    "The host has not been heard of for a day, and the job with it. If it ran after all, its result replaces this one.",
  config_outdated:
    "The agent does not know this source group; it has not received its configuration yet.",
  signature_invalid: "The command was not signed by the approved server.",
  command_expired:
    "The command arrived too late or was meant for another host.",
  command_repeated: "The command was already carried out.",
  command_unknown: "The agent does not know this command; update it.",
  stopping: "The agent is stopping.",
  timeout: "The agent did not finish in time.",
  internal: "The agent failed; its log has the details.",
} as const;

export type FailureCode = keyof typeof failures;
export const failureCodes = Object.keys(failures) as [
  FailureCode,
  ...FailureCode[],
];

export interface Failure {
  readonly code: FailureCode;
  readonly message: string;
}

export function failure(
  code: FailureCode,
  message: string = failures[code],
): Failure {
  return { code, message };
}
