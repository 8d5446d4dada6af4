/** Something on this host's disk cannot be used and is left as it is; the message names the file and the remedy. */
export class DamagedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DamagedError";
  }
}
