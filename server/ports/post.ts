export interface Posted {
  /** http or https. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * One POST to somebody else's server; resolves with the status of the answer, of which nothing else is read.
 * @throws PostError when there was none
 */
export type Post = (request: Posted) => Promise<number>;

/** Its message says for a person why there was no answer. */
export class PostError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "PostError";
  }
}
