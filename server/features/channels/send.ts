import { PostError, type Post } from "../../ports/post.ts";
import type { Receiver } from "./receiver.ts";
import { requestFor, type Message } from "./message.ts";

/** Sends one message; resolves with null when it was taken, otherwise with why it was not, for a person. */
export type Send = (
  receiver: Receiver,
  message: Message,
) => Promise<string | null>;

export function createSend(post: Post, baseUrl: string | undefined): Send {
  return async (receiver, message) => {
    try {
      return refusal(await post(requestFor(receiver, message, baseUrl)));
    } catch (error) {
      if (error instanceof PostError) return error.message;
      throw error;
    }
  };
}

function refusal(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  if (status >= 300 && status < 400)
    return `The receiver answered ${status}: it wants to be asked elsewhere, which is not followed. Enter the final address.`;
  if (status === 401 || status === 403)
    return `The receiver refused the login (${status}).`;
  return `The receiver answered ${status}.`;
}
