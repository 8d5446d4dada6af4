/** Writes the list of attempts into `docs/security.md`: `just attack-table`. */
import { writeFileSync } from "node:fs";
import { documentPath, documentWithAttacks } from "./attack/table.ts";

writeFileSync(documentPath, documentWithAttacks());
