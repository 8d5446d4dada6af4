/** Parameters of the address that choose jobs, and what the API calls them. */
const names = {
  state: "state",
  kind: "kind",
  by: "actor",
  host: "host_id",
  repository: "repository_id",
  group: "source_group_id",
  from: "from",
  to: "to",
} as const;

/** What the API is asked for. What an address says that the server does not know, the server refuses in words. */
export function jobFilter(
  { searchParams }: URL,
  hostId: string,
): Readonly<Record<string, string>> {
  const filter: Record<string, string> = {};
  for (const [name, key] of Object.entries(names)) {
    const value = searchParams.get(name);
    if (value === null || value === "") continue;
    filter[key] = key === "from" || key === "to" ? moment(key, value) : value;
  }
  return { ...filter, ...(hostId === "" ? {} : { host_id: hostId }) };
}

/** Days of this browser, both included: from the begin of one to the begin of what follows the other. */
function moment(key: "from" | "to", date: string): string {
  const begin = new Date(`${date}T00:00`);
  if (Number.isNaN(begin.getTime())) return date;
  if (key === "to") begin.setDate(begin.getDate() + 1);
  return begin.toISOString();
}

export function isFiltered({ searchParams }: URL): boolean {
  return Object.keys(names).some((name) => searchParams.has(name));
}

/** The address with other filters; null drops them all. */
export function jobAddress(
  url: URL,
  change: Readonly<Record<string, string>> | null,
): string {
  const { pathname, searchParams } = new URL(url);
  const changes =
    change ?? Object.fromEntries(Object.keys(names).map((name) => [name, ""]));
  for (const [name, value] of Object.entries(changes)) {
    if (value === "") searchParams.delete(name);
    else searchParams.set(name, value);
  }
  const search = searchParams.toString();
  return search === "" ? pathname : `${pathname}?${search}`;
}
