import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "./lab.ts";
import type { Program } from "./program.ts";
import { output } from "./repository.ts";

/** A Windows of its own, as far as Wine is one. */
export interface Wine {
  /** What Windows calls C:\. */
  readonly drive: string;
  start(exe: string, args: readonly string[]): Program;
}

/** Wine 8 lacks one function that Bun and Go take random bytes from. */
const randomBytesStub = `
#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) {
  return RtlGenRandom(data, (ULONG)size);
}
`;

export async function openWine(lab: Lab): Promise<Wine> {
  const prefix = join(lab.dir, "wine");
  const env = {
    WINEPREFIX: prefix,
    WINEDEBUG: "-all",
    PATH: "/usr/bin:/bin",
    HOME: join(lab.dir, "home"),
  };
  const must = async (file: string, ...args: string[]): Promise<void> => {
    const { code, stderr } = await output(file, args, env, lab.dir);
    if (code !== 0) throw new Error(`${file} exited ${code}\n${stderr}`);
  };

  await must("wineboot", "-i");
  lab.defer(async () => {
    await output("wineserver", ["-k"], env);
    await output("wineserver", ["-w"], env);
  });
  await must("winecfg", "-v", "win10");
  const drive = join(prefix, "drive_c");
  const source = join(lab.dir, "prng.c");
  writeFileSync(source, randomBytesStub);
  await must(
    "x86_64-w64-mingw32-gcc",
    "-shared",
    "-o",
    join(drive, "windows/system32/bcryptprimitives.dll"),
    source,
    "-ladvapi32",
  );
  return {
    drive,
    start: (exe, args) =>
      lab.start("/usr/bin/wine", [exe, ...args], { name: "wine", env }),
  };
}
