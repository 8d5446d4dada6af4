import { replaceFile } from "../platform/replace-file.ts";

/**
 * Replaces a file again and again as every save of the agent does, saying a line before each, until it is killed:
 * `save-forever.ts FILE TEXT`. `@` in the text becomes the number of the save.
 */
const [path = "", text = ""] = Bun.argv.slice(2);
for (let n = 1; ; n++) {
  process.stdout.write(`${n}\n`);
  replaceFile(path, text.replace("@", String(n)));
  await Bun.sleep(0);
}
