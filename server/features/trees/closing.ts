/** Repositories whose trees are being thrown away: nothing new may stand on what is about to go. */
export interface Closing {
  isClosed(repositoryId: string): boolean;
  /** One at a time for each repository; false when it is closed already. */
  while(repositoryId: string, work: () => Promise<void>): Promise<boolean>;
}

export function createClosing(): Closing {
  const closed = new Set<string>();
  return {
    isClosed: (repositoryId) => closed.has(repositoryId),
    async while(repositoryId, work) {
      if (closed.has(repositoryId)) return false;
      closed.add(repositoryId);
      try {
        await work();
      } finally {
        closed.delete(repositoryId);
      }
      return true;
    },
  };
}
