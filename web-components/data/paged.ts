import type { Resource } from "./resource.ts";

/** Null at the end of the list. */
interface Page {
  readonly next_cursor: string | null;
}

export interface Paged<T> extends Resource<T> {
  /** Adds the next page of what is older. */
  more(): Promise<void>;
}

export function paged<T extends Page>(
  resource: Resource<T>,
  load: (cursor: string) => Promise<T>,
  join: (value: T, older: T) => T,
): Paged<T> {
  return Object.assign(resource, {
    async more() {
      const current = resource.get();
      if (current.state !== "ready") return;
      const { next_cursor } = current.value;
      if (next_cursor === null) return;
      await resource.extend(
        () => load(next_cursor),
        // A list that was fetched again meanwhile may end elsewhere: there would be a hole, or some of it twice.
        (value, older) =>
          value.next_cursor === next_cursor ? join(value, older) : value,
      );
    },
  });
}
