import { kitBody } from "@restic-manager/shared/api/kit.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Audit } from "../../ports/audit.ts";
import { route } from "../../ports/route.ts";
import type { Route } from "../../ports/route.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { AccessReader } from "./contents.ts";
import { createKit, type ConfirmPassword } from "./kit.ts";

/** For the day on which this server is gone. */
export function createKitFeature(deps: {
  tx: Transaction;
  access: AccessReader;
  confirm: ConfirmPassword;
  audit: Audit;
  clock: Clock;
  version: string;
}): { routes: Route[] } {
  const make = createKit(deps);
  return {
    routes: [
      route({
        method: "POST",
        path: "/api/kit",
        access: "kit.export",
        summary:
          "Download what restores every repository with plain restic, as a page or encrypted",
        body: kitBody,
        answer: "application/octet-stream",
        audit: "kit.export",
        async handle({ body, actor, by, request }) {
          const { origin } = request;
          const kit = await make(body, { actor, by, origin });
          return new Response(kit.body, {
            headers: {
              "content-type": kit.type,
              "content-disposition": `attachment; filename="${kit.name}"`,
              "cache-control": "no-store",
            },
          });
        },
      }),
    ],
  };
}
