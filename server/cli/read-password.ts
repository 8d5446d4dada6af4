import { createInterface } from "node:readline";
import type { ReadStream } from "node:tty";
import { newPassword } from "@restic-manager/shared/api/auth.ts";
import { StartError } from "../app-error.ts";

/**
 * A new password: asked for twice without echo on a terminal, otherwise the first line of the input.
 *
 * @throws StartError when the two differ or the password is too short
 */
export async function readNewPassword(
  input: ReadStream,
  print: (text: string) => void,
): Promise<string> {
  // Without an output nothing is echoed; `terminal` stops the terminal itself from doing so.
  const reader = createInterface({ input, terminal: input.isTTY });
  reader.on("SIGINT", () => reader.close());
  const lines = reader[Symbol.asyncIterator]();

  async function ask(question: string): Promise<string> {
    if (input.isTTY) print(question);
    const line = await lines.next();
    if (input.isTTY) print("\n");
    if (line.done === true) throw new StartError("Nothing was changed.");
    return line.value;
  }

  try {
    const password = await ask("New password: ");
    if (input.isTTY && (await ask("Once more: ")) !== password) {
      throw new StartError("The two passwords differ.");
    }
    const parsed = newPassword.safeParse(password);
    if (parsed.success) return parsed.data;
    throw new StartError(parsed.error.issues[0]?.message ?? "Not a password.");
  } finally {
    reader.close();
  }
}
