import { apiErrors } from "@restic-manager/shared/api/errors.ts";
import type { SignedText } from "@restic-manager/shared/identity/signed.ts";
import type {
  ApiErrorBody,
  ApiErrorCode,
} from "@restic-manager/shared/api/errors.ts";

export interface AppErrorDetails {
  /** More exact than the code's own sentence; shown to a person. */
  readonly message?: string;
  readonly fields?: NonNullable<ApiErrorBody["fields"]>;
  /** What still uses the thing that was to be deleted. */
  readonly usedBy?: NonNullable<ApiErrorBody["used_by"]>;
  /** The agent's failure code, when the agent refused. */
  readonly agentCode?: string;
  /** When asking again makes sense, in whole seconds: the header `Retry-After`. */
  readonly retryAfterS?: number;
  /** For an agent that believes only what the server signed. */
  readonly refusal?: SignedText;
}

/** An expected outcome that is the caller's doing. Anything else that is thrown is our fault: 500, logged once. */
export class AppError extends Error {
  readonly code: ApiErrorCode;
  readonly fields: AppErrorDetails["fields"];
  readonly usedBy: AppErrorDetails["usedBy"];
  readonly agentCode: string | undefined;
  readonly retryAfterS: number | undefined;
  readonly refusal: SignedText | undefined;

  constructor(code: ApiErrorCode, details: AppErrorDetails = {}) {
    super(details.message ?? apiErrors[code][1]);
    this.name = "AppError";
    this.code = code;
    this.fields = details.fields;
    this.usedBy = details.usedBy;
    this.agentCode = details.agentCode;
    this.retryAfterS = details.retryAfterS;
    this.refusal = details.refusal;
  }

  get status(): number {
    return apiErrors[this.code][0];
  }
}

/** Why a command cannot do its work: printed without a stack. */
export class StartError extends Error {
  /** Of the process: 2 when the configuration is wrong, 1 for everything else. */
  readonly exitStatus: number;

  constructor(message: string, exitStatus = 1) {
    super(message);
    this.name = "StartError";
    this.exitStatus = exitStatus;
  }
}
