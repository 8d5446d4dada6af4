/** An output that can be waited for: ending the process cuts off what a pipe has not taken yet. */
export interface Output {
  write(text: string): void;
  /** Resolves when everything written so far has gone out. */
  flushed(): Promise<void>;
}

export function createOutput(stream: NodeJS.WriteStream): Output {
  let last = Promise.resolve();
  return {
    write(text) {
      last = new Promise((resolve) => {
        stream.write(text, () => resolve());
      });
    },
    flushed: () => last,
  };
}
