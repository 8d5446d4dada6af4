import {
  failure,
  type Failure,
  type FailureCode,
} from "@restic-manager/shared/domain/failure.ts";

/** An expected failure on its way to whoever asked: a command's answer or a job's end. */
export class FailureError extends Error {
  readonly failure: Failure;

  constructor(code: FailureCode, message?: string) {
    const reason = failure(code, message);
    super(reason.message);
    this.name = "FailureError";
    this.failure = reason;
  }
}

/** The failure an error stands for; anything unexpected is `internal` with its own words. */
export function failureFrom(error: unknown): Failure {
  if (error instanceof FailureError) return error.failure;
  const words = error instanceof Error ? error.message : String(error);
  return failure("internal", `The agent failed: ${words}`);
}
