import { seedAlert } from "./fixture-alerts.ts";
import { heading, type Screen } from "./screen.ts";
import { hostDetail } from "./seed-hosts.ts";
import { emptyWorld, seededWorld, userSession } from "./world.ts";

const host = hostDetail("pg-primary").id;

/** Alerts, and the channels that tell of them. */
export const alertScreens: readonly Screen[] = [
  {
    name: "alerts",
    path: "/alerts?state=all",
    world: seededWorld,
    ready: (page) =>
      page.getByText("No space left on the repository").waitFor(),
  },
  {
    name: "alerts-empty",
    path: "/alerts",
    world: emptyWorld,
    ready: heading("Alerts"),
  },
  {
    name: "alerts-viewer",
    path: "/alerts",
    world: () => ({ ...seededWorld(), session: userSession("viewer") }),
    ready: (page) => page.getByText("Identity copied").last().waitFor(),
  },
  {
    name: "host-alerts",
    path: `/hosts/${host}`,
    world: () => ({
      ...seededWorld(),
      alerts: [
        seedAlert("backup_failed", "pg-primary", "It failed."),
        seedAlert("identity_conflict", "pg-primary", "It was copied."),
      ],
    }),
    ready: (page) => page.getByRole("link", { name: "2 alerts" }).waitFor(),
  },
  {
    name: "channels",
    path: "/settings/notifications",
    world: seededWorld,
    ready: async (page) => {
      await page.getByRole("button", { name: "Send test to phone" }).click();
      await page.getByText("has taken the test message").waitFor();
    },
  },
  {
    name: "channels-empty",
    path: "/settings/notifications",
    world: emptyWorld,
    ready: (page) => page.getByText("Nobody is told yet").waitFor(),
  },
  {
    name: "channel-form",
    path: "/settings/notifications",
    world: seededWorld,
    expected: /status of 400/,
    ready: async (page) => {
      await page.getByRole("button", { name: "Add channel" }).click();
      await page.getByText("Password", { exact: true }).click();
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("Name the channel.").waitFor();
    },
  },
  {
    name: "channel-delete",
    path: "/settings/notifications",
    world: seededWorld,
    ready: async (page) => {
      await page.getByRole("button", { name: "Delete pager" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
];
