import { StartError } from "../app-error.ts";

/**
 * Does work on files that only the operator can mend when it fails: another user's folder, a read-only or full disk.
 *
 * @throws StartError naming the path, the system's reason and `remedy`
 */
export function onDisk<T>(path: string, remedy: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof StartError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new StartError(
      `${path} cannot be used (${code ?? message}). ${remedy}`,
    );
  }
}
