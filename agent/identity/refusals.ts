/** An administrator rejected this host. */
export class RejectedError extends Error {
  constructor() {
    super(
      "An administrator rejected this host. If that was a mistake, talk to the administrator and enrol again; the server refuses this host for a while, an hour unless it is set otherwise.",
    );
    this.name = "RejectedError";
  }
}

/** An administrator removed this host from its server. */
export class RemovedError extends Error {
  constructor(server: string) {
    super(
      `An administrator removed this host from ${server}, or replaced its key; it backs up no more. To join again: restic-manager-agent enrol ${server}`,
    );
    this.name = "RemovedError";
  }
}

/** The server is not the one it has to be. */
export class ServerKeyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ServerKeyError";
  }
}
