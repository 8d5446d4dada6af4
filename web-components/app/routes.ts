import { html } from "lit";
import type { Data } from "../data/data.ts";
import type { Route } from "./router.ts";
import type { Theme } from "./theme.ts";

/** The addresses of the dashboard. Every page is a chunk of its own. */
export function createRoutes(data: Data, theme: () => Theme): readonly Route[] {
  return [
    {
      path: "/login",
      title: "Log in",
      load: () => import("../pages/rm-page-login.ts"),
      render: (_params, url) =>
        html`<rm-page-login .data=${data} .url=${url}></rm-page-login>`,
    },
    {
      path: "/bootstrap",
      title: "First administrator",
      load: () => import("../pages/rm-page-bootstrap.ts"),
      render: (_params, url) =>
        html`<rm-page-bootstrap .data=${data} .url=${url}></rm-page-bootstrap>`,
    },
    {
      path: "/",
      title: "Fleet",
      load: () => import("../pages/rm-page-fleet.ts"),
      render: (_params, url) =>
        html`<rm-page-fleet .data=${data} .url=${url}></rm-page-fleet>`,
    },
    {
      path: "/hosts/:id",
      title: "Host",
      load: () => import("../pages/rm-page-host.ts"),
      render: ({ id }, url) =>
        html`<rm-page-host
          .data=${data}
          .hostId=${id}
          .url=${url}
        ></rm-page-host>`,
    },
    {
      path: "/repositories/:id",
      title: "Repository",
      load: () => import("../pages/rm-page-repository.ts"),
      render: ({ id }) =>
        html`<rm-page-repository
          .data=${data}
          .repositoryId=${id}
        ></rm-page-repository>`,
    },
    {
      path: "/hosts/:id/sources/:group",
      title: "Source group",
      load: () => import("../pages/rm-page-source.ts"),
      render: ({ id, group }) =>
        html`<rm-page-source
          .data=${data}
          .hostId=${id}
          .editedId=${group === "new" ? "" : group}
        ></rm-page-source>`,
    },
    {
      path: "/hosts/:id/schedules/:schedule",
      title: "Schedule",
      load: () => import("../pages/rm-page-schedule.ts"),
      render: ({ id, schedule }) =>
        html`<rm-page-schedule
          .data=${data}
          .hostId=${id}
          .editedId=${schedule === "new" ? "" : schedule}
        ></rm-page-schedule>`,
    },
    {
      path: "/jobs",
      title: "Jobs",
      load: () => import("../pages/rm-page-jobs.ts"),
      render: (_params, url) =>
        html`<rm-page-jobs .data=${data} .url=${url}></rm-page-jobs>`,
    },
    {
      path: "/jobs/:id",
      title: "Job",
      load: () => import("../pages/rm-page-job.ts"),
      render: ({ id }, url) =>
        html`<rm-page-job
          .data=${data}
          .jobId=${id}
          .url=${url}
        ></rm-page-job>`,
    },
    {
      path: "/restore",
      title: "Restore",
      load: () => import("../pages/rm-page-restore.ts"),
      render: (_params, url) =>
        html`<rm-page-restore .data=${data} .url=${url}></rm-page-restore>`,
    },
    {
      path: "/diff",
      title: "What changed",
      load: () => import("../pages/rm-page-diff.ts"),
      render: (_params, url) =>
        html`<rm-page-diff .data=${data} .url=${url}></rm-page-diff>`,
    },
    {
      path: "/alerts",
      title: "Alerts",
      load: () => import("../pages/rm-page-alerts.ts"),
      render: (_params, url) =>
        html`<rm-page-alerts .data=${data} .url=${url}></rm-page-alerts>`,
    },
    {
      path: "/settings/notifications",
      title: "Notifications",
      load: () => import("../pages/rm-page-notifications.ts"),
      render: () =>
        html`<rm-page-notifications .data=${data}></rm-page-notifications>`,
    },
    {
      path: "/account",
      title: "Account",
      load: () => import("../pages/rm-page-account.ts"),
      render: () =>
        html`<rm-page-account
          .data=${data}
          .theme=${theme()}
        ></rm-page-account>`,
    },
  ];
}

export const notFound: Route = {
  path: "",
  title: "Not found",
  load: () => import("../pages/rm-page-not-found.ts"),
  render: () => html`<rm-page-not-found></rm-page-not-found>`,
};
