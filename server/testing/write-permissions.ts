/** Writes `docs/reference/permissions.md`: `just permissions`. */
import { writeFileSync } from "node:fs";
import {
  permissionsReference,
  referencePath,
} from "./permissions-reference.ts";
import { createWholeSurface } from "./whole-surface.ts";

writeFileSync(referencePath, permissionsReference(createWholeSurface()));
