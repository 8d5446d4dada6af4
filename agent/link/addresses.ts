/** Where the server may be reached. The key pinned at approval makes any of the addresses safe. */
export interface Addresses {
  /** The one to use now. */
  current(): string;
  /** Goes on to the next one, and after the last to the first. */
  next(): void;
  /** Goes back to the first one. */
  first(): void;
}

/** `configured` come first, then what the server last named as others of its own. */
export function createAddresses(
  configured: readonly string[],
  learnt: () => readonly string[],
): Addresses {
  let index = 0;
  const all = () => [
    ...new Set(
      [...configured, ...learnt()].map((address) => address.replace(/\/$/, "")),
    ),
  ];
  return {
    current() {
      const addresses = all();
      return addresses[index % addresses.length] ?? "";
    },
    next: () => void index++,
    first: () => void (index = 0),
  };
}
