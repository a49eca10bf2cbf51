import { EngineError } from '#base/errors.ts';
import type { Healthcheck, ImageRunConfig } from '#parts/oci/image-config.ts';
import type { ProcessSettings } from './spec.ts';

/**
 * Fills in from the image what the user left open (moby daemon/commit.go `merge`).
 *
 * @throws {EngineError} `invalid`: `no command specified`
 */
export function withImageDefaults(user: ProcessSettings, image: ImageRunConfig | undefined): ProcessSettings {
  const merged = image ? merge(user, image) : user;
  // `--entrypoint ""` takes the image's away
  const entrypoint = merged.entrypoint?.length === 1 && merged.entrypoint[0] === '' ? null : merged.entrypoint;
  if ((entrypoint?.length ?? 0) === 0 && (merged.cmd?.length ?? 0) === 0) throw new EngineError('invalid', 'no command specified');
  return { ...merged, entrypoint };
}

function merge(user: ProcessSettings, image: ImageRunConfig): ProcessSettings {
  const ownEntrypoint = (user.entrypoint?.length ?? 0) > 0;
  const ownCmd = (user.cmd?.length ?? 0) > 0;
  const takesCmd = !ownEntrypoint && !ownCmd;
  return {
    ...user,
    user: user.user || image.user,
    env: mergeEnv(user.env, image.env),
    labels: { ...image.labels, ...user.labels },
    exposedPorts: [...new Set([...user.exposedPorts, ...image.exposedPorts])],
    volumes: [...new Set([...user.volumes, ...image.volumes])],
    workingDir: user.workingDir || image.workingDir,
    stopSignal: user.stopSignal ?? image.stopSignal,
    entrypoint: user.entrypoint ?? image.entrypoint,
    cmd: takesCmd ? image.cmd : user.cmd,
    argsEscaped: takesCmd ? image.argsEscaped : user.argsEscaped,
    healthcheck: mergeHealthcheck(user.healthcheck, image.healthcheck),
  };
}

/** The user's own first, then what only the image sets: the order that `inspect` shows. */
function mergeEnv(user: readonly string[], image: readonly string[]): readonly string[] {
  if (user.length === 0) return image;
  const names = new Set(user.map(nameOf));
  return [...user, ...image.filter((entry) => !names.has(nameOf(entry)))];
}

function nameOf(entry: string): string {
  const at = entry.indexOf('=');
  return at < 0 ? entry : entry.slice(0, at);
}

function mergeHealthcheck(user: Healthcheck | null, image: Healthcheck | null): Healthcheck | null {
  if (!user || !image) return user ?? image;
  return {
    test: user.test.length > 0 ? user.test : image.test,
    intervalNs: user.intervalNs || image.intervalNs,
    timeoutNs: user.timeoutNs || image.timeoutNs,
    startPeriodNs: user.startPeriodNs || image.startPeriodNs,
    startIntervalNs: user.startIntervalNs || image.startIntervalNs,
    retries: user.retries || image.retries,
  };
}
