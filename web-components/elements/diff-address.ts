/** Which two snapshots of a repository are compared, and of whose they are. */
export interface DiffStart {
  readonly hostId: string;
  readonly repositoryId: string;
  /** The older one. */
  readonly a: string;
  readonly b: string;
  /** Folder that is looked at alone. */
  readonly path?: string;
}

/** The address at which two snapshots are compared. */
export function diffAddress(start: DiffStart): string {
  const { hostId: host, repositoryId: repository, a, b, path } = start;
  return `/diff?${new URLSearchParams({
    host,
    repository,
    a,
    b,
    ...(path === undefined || path === "/" ? {} : { path }),
  })}`;
}

/** Null when the address lacks one of them. */
export function diffStart({ searchParams }: URL): Required<DiffStart> | null {
  const given = (name: string) => searchParams.get(name) ?? "";
  const start = {
    hostId: given("host"),
    repositoryId: given("repository"),
    a: given("a"),
    b: given("b"),
    path: searchParams.get("path") ?? "/",
  };
  return start.repositoryId === "" || start.a === "" || start.b === ""
    ? null
    : start;
}
