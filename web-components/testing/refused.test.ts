import { expect, test } from "bun:test";
import { editedWorld } from "./editor-screens.ts";
import { id } from "./moments.ts";
import { hostDetail } from "./seed-hosts.ts";
import { repository, repositoryId } from "./seed-repositories.ts";
import { useStage } from "./stage.ts";

const stage = useStage();
const ofRepository = `/repositories/${repositoryId}`;

const forms = [
  {
    what: "hooks",
    path: `/hosts/${hostDetail("pg-primary").id}?tab=hooks`,
    route: `PUT /api/sources/${id("SOURCE")}/hooks`,
    edit: "Edit hooks: default",
    save: "Save hooks",
  },
  {
    what: "upkeep",
    path: ofRepository,
    route: `PUT /api${ofRepository}/maintenance`,
    edit: "Change upkeep",
    save: "Save upkeep",
  },
  {
    what: "access to a repository",
    path: ofRepository,
    route: `PATCH /api${ofRepository}`,
    edit: "Replace credentials",
    save: "Save credentials",
    types: "Repository password",
  },
  {
    what: "the admin credential",
    path: ofRepository,
    route: `PUT /api${ofRepository}/admin-credential`,
    edit: "Replace the admin credential",
    save: "Save admin credential",
  },
] as const;

for (const { what, path, route, edit, save, ...more } of forms)
  test(`the form of ${what} opens without the refusal it was cancelled with`, () =>
    stage.play(
      { ...editedWorld(), repositories: [repository()] },
      path,
      async ({ page, server }) => {
        server.refuse(route, {
          status: 503,
          code: "starting",
          message: "The server is starting.",
        });
        const button = (name: string) =>
          page.getByRole("button", { name, exact: true });
        const refusal = page.getByText("The server is starting.");
        await button(edit).click();
        if ("types" in more)
          await page.getByLabel(more.types, { exact: true }).fill("secret");
        await button(save).click();
        await refusal.waitFor();
        await button("Cancel").click();
        await button(edit).click();
        await button(save).waitFor();
        expect(await refusal.count()).toBe(0);
      },
    ));
