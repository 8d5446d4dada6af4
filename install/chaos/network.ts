/** The hosts of a run and the wires between them. */
export interface Network {
  /** What kind of network this is, for people. */
  readonly kind: string;
  /** Address and port on which a program of `host` may listen. */
  listen(host: string): Promise<{ readonly ip: string; readonly port: number }>;
  /** `ADDRESS:PORT` at which a program of `from` finds what listens at `to`. */
  reach(from: string, to: string): Promise<string>;
  /** A command line that runs another one on `host`, as the same process. */
  command(host: string, line: readonly string[]): readonly string[];
  /** Nothing comes through to or from this host any more, and nobody is told. */
  cut(host: string): void;
  heal(host: string): void;
  /** Every connection of this host ends at once. */
  reset(host: string): void;
}
