/** The oldest and newest Engine API that we speak; `1.24` stays, since tools that ask for it are still about. */
export const MIN_API_VERSION = '1.24';
export const MAX_API_VERSION = '1.55';

/** Negative when `a` is older than `b`. Numbers are compared part by part, so that 1.9 is older than 1.24. */
export function compareApiVersions(a: string, b: string): number {
  const left = a.split('.');
  const right = b.split('.');
  for (let part = 0; part < Math.max(left.length, right.length); part += 1) {
    const difference = Number(left[part] ?? 0) - Number(right[part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** True where a client that speaks `version` knows what came with `since`. */
export function apiAtLeast(version: string, since: string): boolean {
  return compareApiVersions(version, since) >= 0;
}
