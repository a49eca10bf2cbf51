import type { ImageRunConfig } from '#parts/oci/image-config.ts';
import type { ProcessSettings } from './spec.ts';

/** How an image must say what this container was asked to run. */
export function runConfigOf(settings: ProcessSettings): ImageRunConfig {
  const { user, env, entrypoint, cmd, workingDir, labels, exposedPorts, volumes, stopSignal, healthcheck, shell, onBuild, argsEscaped } = settings;
  return { user, env, entrypoint, cmd, workingDir, labels, exposedPorts, volumes, stopSignal, healthcheck, shell, onBuild, argsEscaped };
}

/** Fills what a configuration leaves open from the container's own (moby daemon/commit.go, merge). */
export function committedConfig(config: ImageRunConfig, own: ImageRunConfig): ImageRunConfig {
  const isEmpty = (words: readonly string[] | null): boolean => words === null || words.length === 0;
  const named = new Set(config.env.map((variable) => variable.split('=', 1)[0]));
  const inherits = isEmpty(config.entrypoint);
  return {
    ...config,
    user: config.user || own.user,
    workingDir: config.workingDir || own.workingDir,
    env: [...config.env, ...own.env.filter((variable) => !named.has(variable.split('=', 1)[0]))],
    labels: { ...own.labels, ...config.labels },
    exposedPorts: union(config.exposedPorts, own.exposedPorts),
    volumes: union(config.volumes, own.volumes),
    healthcheck: config.healthcheck ?? own.healthcheck,
    entrypoint: inherits ? own.entrypoint : config.entrypoint,
    cmd: inherits && isEmpty(config.cmd) ? own.cmd : config.cmd,
  };
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])].toSorted();
}
