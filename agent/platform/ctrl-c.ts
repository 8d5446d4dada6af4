import { dlopen, FFIType } from "bun:ffi";

const ctrlC = 0;

/**
 * Windows has no signals: this presses Ctrl-C in the console of another process, which every restic takes for an
 * orderly end. Only from a process of its own, because it gives its console up. False when the process has no console.
 */
export function pressCtrlC(pid: number): boolean {
  const { symbols } = dlopen("kernel32.dll", {
    FreeConsole: { args: [], returns: FFIType.i32 },
    AttachConsole: { args: [FFIType.u32], returns: FFIType.i32 },
    SetConsoleCtrlHandler: {
      args: [FFIType.ptr, FFIType.i32],
      returns: FFIType.i32,
    },
    GenerateConsoleCtrlEvent: {
      args: [FFIType.u32, FFIType.u32],
      returns: FFIType.i32,
    },
  });
  symbols.FreeConsole();
  if (symbols.AttachConsole(pid) === 0) return false;
  // Ours too would end by it.
  symbols.SetConsoleCtrlHandler(null, 1);
  return symbols.GenerateConsoleCtrlEvent(ctrlC, 0) !== 0;
}
