import {
  channel,
  channelList,
  channelSpec,
  channelTest,
} from "@restic-manager/shared/api/channels.ts";
import { emptyBody } from "@restic-manager/shared/api/hosts.ts";
import { z } from "zod";
import { route } from "../../ports/route.ts";
import type { Route } from "../../ports/route.ts";
import type { Channels } from "./channels.ts";

const byId = z.strictObject({ id: z.string().max(64) });
const access = "notifications.manage";

export function channelRoutes(channels: Channels): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/api/channels",
      access,
      summary: "Notification channels, without their secrets",
      answer: channelList,
      handle: async () => ({ channels: await channels.list() }),
    }),
    route({
      method: "POST",
      path: "/api/channels",
      access,
      summary: "Add a notification channel",
      body: channelSpec,
      answer: channel,
      status: 201,
      audit: "channel.create",
      handle: ({ body, by }) => channels.create(body, by),
    }),
    route({
      method: "PUT",
      path: "/api/channels/:id",
      access,
      summary:
        "Change a notification channel; a blank secret keeps the stored one",
      params: byId,
      body: channelSpec,
      answer: channel,
      audit: "channel.update",
      handle: ({ params, body, by }) => channels.change(params.id, body, by),
    }),
    route({
      method: "DELETE",
      path: "/api/channels/:id",
      access,
      summary: "Delete a notification channel and what waits for it",
      params: byId,
      answer: null,
      audit: "channel.delete",
      handle: ({ params, by }) => channels.remove(params.id, by),
    }),
    route({
      method: "POST",
      path: "/api/channels/:id/test",
      access,
      summary: "Send a test message now and say how it went",
      params: byId,
      body: emptyBody,
      answer: channelTest,
      audit: "channel.test",
      handle: ({ params, by }) => channels.test(params.id, by),
    }),
  ];
}
