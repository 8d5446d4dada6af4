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
  const password = input.isTTY
    ? await askTwice(input, print)
    : await firstLine(input);
  const parsed = newPassword.safeParse(password);
  if (!parsed.success) {
    throw new StartError(parsed.error.issues[0]?.message ?? "Not a password.");
  }
  return parsed.data;
}

async function askTwice(
  input: ReadStream,
  print: (text: string) => void,
): Promise<string> {
  const first = await ask(input, print, "New password: ");
  const second = await ask(input, print, "Once more: ");
  if (first !== second) throw new StartError("The two passwords differ.");
  return first;
}

async function ask(
  input: ReadStream,
  print: (text: string) => void,
  question: string,
): Promise<string> {
  print(question);
  // Without an output readline echoes nothing, and raw mode stops the terminal from doing so.
  const lines = createInterface({ input, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once("line", resolve);
      lines.once("SIGINT", () =>
        reject(new StartError("Nothing was changed.")),
      );
      lines.once("close", () => reject(new StartError("Nothing was changed.")));
    });
  } finally {
    lines.close();
    print("\n");
  }
}

async function firstLine(input: ReadStream): Promise<string> {
  const lines = createInterface({ input });
  for await (const line of lines) return line;
  return "";
}
