/** The wire's minor versions this build speaks; the major version is in the subject (`rm.v1`). */
export const protocolMin = 1;
export const protocolMax = 1;

/** Path on the server where a refused agent's owner reads what to do. */
export const helpUrl = "/install/errors.md";

/** Whether both sides share a version. `theirs.max < protocolMin` means that the other side is too old. */
export function protocolFits(theirs: { min: number; max: number }): boolean {
  return theirs.max >= protocolMin && theirs.min <= protocolMax;
}
